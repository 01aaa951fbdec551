/** The command line and its help. */

import { expect, test } from 'vitest';
import { type ParsedArguments, parseArguments } from '../../../src/cli/args.ts';
import { commandNames, formOf } from '../../../src/cli/command-table.ts';
import { globalOptions } from '../../../src/cli/help.ts';

const parse = (line: string): ParsedArguments => parseArguments(line === '' ? [] : line.split(' '));

test.each([
  ['run', { name: 'run' }],
  ['status', { name: 'status', watch: false }],
  ['status shop --watch', { name: 'status', cluster: 'shop', watch: true }],
  ['explain shop', { name: 'explain', cluster: 'shop' }],
  ['forget shop db1', { name: 'forget', cluster: 'shop', server: 'db1' }],
  ['follow shop db2', { name: 'follow', cluster: 'shop', server: 'db2', force: false, dryRun: false }],
  [
    'follow --force shop DB2.example.com:3307 --dry-run --reason maintenance',
    {
      name: 'follow',
      cluster: 'shop',
      server: 'DB2.example.com:3307',
      force: true,
      dryRun: true,
      reason: 'maintenance',
    },
  ],
  [
    'follow shop db2 --force --although-read-only',
    { name: 'follow', cluster: 'shop', server: 'db2', force: true, althoughReadOnly: true, dryRun: false },
  ],
  [
    'follow shop [2001:db8::1]:3307',
    { name: 'follow', cluster: 'shop', server: '[2001:db8::1]:3307', force: false, dryRun: false },
  ],
  ['freeze shop', { name: 'freeze', cluster: 'shop' }],
  ['freeze shop --reason=-', { name: 'freeze', cluster: 'shop', reason: '-' }],
  ['thaw shop', { name: 'thaw', cluster: 'shop' }],
  ['thaw -- --shop', { name: 'thaw', cluster: '--shop' }],
  ['history', { name: 'history' }],
  ['history shop', { name: 'history', cluster: 'shop' }],
  ['schema', { name: 'schema' }],
  ['lab', { name: 'lab', list: false, once: false, step: false, keep: false, defaultPool: false }],
  [
    'lab --scenario group-kill',
    {
      name: 'lab',
      scenario: 'group-kill',
      list: false,
      once: false,
      step: false,
      keep: false,
      defaultPool: false,
    },
  ],
  ['lab --list', { name: 'lab', list: true, once: false, step: false, keep: false, defaultPool: false }],
  ['lab --step', { name: 'lab', list: false, once: false, step: true, keep: false, defaultPool: false }],
  [
    'lab --once --json --keep',
    { name: 'lab', list: false, once: true, step: false, keep: true, defaultPool: false },
  ],
])('%s', (line, command) => {
  expect(parse(line)).toEqual({ kind: 'command', command, json: line.includes('--json') });
});

test.each([
  '--config a.yaml --json status shop',
  'status --json shop --config=a.yaml',
  'status shop --config a.yaml --json',
])('the global options may be anywhere: %s', (line) => {
  expect(parse(line)).toEqual({
    kind: 'command',
    command: { name: 'status', cluster: 'shop', watch: false },
    config: 'a.yaml',
    json: true,
  });
});

test.each([
  ['statsu', 'there is no command "statsu"; did you mean "status"?'],
  ['publish', 'there is no command "publish"'],
])('%s is a usage error', (line, problem) => {
  expect(parse(line)).toEqual({ kind: 'usage', text: `source-dns: ${problem}\nSee: source-dns --help` });
});

test.each([
  ['explain', '"explain" needs a CLUSTER'],
  ['advise shop --to replica', '--to must be one of rejoin, source, promote, remove, not "replica"'],
  ['follow shop', '"follow" needs a SERVER'],
  ['status a b', '"status" does not take "b"'],
  ['status --wacth', 'there is no option --wacth; did you mean "--watch"?'],
  ['status -x', 'there is no option -x'],
  ['status --no-json', 'there is no option --no-json; did you mean "--json"?'],
  ['status --force', '"status" does not take --force'],
  ['follow shop db2 --although-read-only', '--although-read-only needs --force: alone it does nothing'],
  ['thaw shop --reason a', '"thaw" does not take --reason'],
  ['status --json=yes', '--json takes no value'],
  ['status --config', '--config needs a value'],
  ['status --config=', '--config needs a value'],
  [
    'freeze shop --reason --json',
    '--reason needs a value; if the value begins with "-", write --reason=--json',
  ],
  ['schema --config a', '"schema" needs no configuration: leave --config out'],
  ['status --config a --config b', '--config is given twice'],
  ['follow shop db1:0', '"db1:0" has an invalid port; use 1 to 65535'],
  [
    'follow shop a..b',
    '"a..b" is neither a host name nor an IP address; write db1.example.com, 192.0.2.1 or [2001:db8::1]',
  ],
])('%s is a usage error of that command', (line, problem) => {
  const name = line.split(' ')[0];
  expect(parse(line)).toEqual({
    kind: 'usage',
    text: `source-dns: ${problem}\nSee: source-dns ${name} --help`,
  });
});

test('a reason is one line that fits into the ledger', () => {
  const reasonOf = (reason: string) => parseArguments(['freeze', 'shop', '--reason', reason]);
  expect(reasonOf('x'.repeat(150)).kind).toBe('command');
  expect(reasonOf('ü'.repeat(75)).kind).toBe('command');
  expect(reasonOf('x'.repeat(151))).toMatchObject({
    text: expect.stringContaining('the reason is too long: 151 bytes, at most 150'),
  });
  expect(reasonOf('ü'.repeat(76))).toMatchObject({
    text: expect.stringContaining('the reason is too long: 152 bytes, at most 150'),
  });
  expect(reasonOf('a\nb')).toMatchObject({ text: expect.stringContaining('must be one line') });
});

test('the version', () => {
  expect(parse('--version')).toEqual({ kind: 'version' });
  expect(parse('-V')).toEqual({ kind: 'version' });
});

test('no command at all is a usage error that helps', () => {
  expect(parse('')).toEqual({ ...parse('--help'), kind: 'usage' });
});

test('every form of help', () => {
  expect(parse('help')).toEqual(parse('--help'));
  expect(parse('-h')).toEqual(parse('--help'));
  expect(parse('help follow')).toEqual(parse('follow --help'));
  expect(parse('follow shop -h')).toEqual(parse('follow --help'));
});

test('an option has a value in every command, or in none', () => {
  const forms = [...globalOptions, ...commandNames.flatMap((name) => formOf(name).options)];
  const unequal = forms.filter((form) =>
    forms.some(
      ({ name, value }) => name === form.name && (value === undefined) !== (form.value === undefined),
    ),
  );
  expect(unequal).toEqual([]);
});

test.each(commandNames)('%s has an example that the parser takes, and exit codes', (name) => {
  const { examples, exits } = formOf(name);
  expect(examples.length).toBeGreaterThan(0);
  for (const [line] of examples) {
    const words = [...line.replace(/ [|>].*$/, '').matchAll(/"([^"]*)"|\S+/g)].map(
      ([word, quoted]) => quoted ?? word,
    );
    expect(parseArguments(words), line).toMatchObject({ kind: 'command', command: { name } });
  }
  expect(Object.keys(exits)).toEqual(expect.arrayContaining(['0', '2']));
});

test('the help reads well', async () => {
  const commands = ['', ...commandNames];
  const texts = commands.map((name) => {
    const help = parse(`${name} --help`.trim());
    return help.kind === 'help' ? help.text : '';
  });
  for (const line of texts.join('\n').split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  await expect(`${texts.join('\n\n----\n\n')}\n`).toMatchFileSnapshot('help.txt');
});
