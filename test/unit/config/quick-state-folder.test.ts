/** The quick reading of `state_dir` never says anything else than the whole parser. */

import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { plainValue, readDocument } from '../../../src/config/document.ts';
import { plainStateDir, quickStateFolder } from '../../../src/config/quick-state-folder.ts';

const rest = 'clusters:\n  shop: { servers: [db1] }\nnameservers:\n  ns1: { address: 192.0.2.53 }\n';

/** What the whole parser makes of `state_dir`; undefined: it refuses the file, or the value is no text. */
function parsed(text: string): { readonly value?: string } | undefined {
  const { read, problems } = readDocument(text);
  const value = problems.length === 0 ? plainValue(read)?.value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const { state_dir: found } = value as { state_dir?: unknown };
  if (found === undefined) return {};
  return typeof found === 'string' ? { value: found } : undefined;
}

describe('it reads at once', () => {
  test.each([
    ['state_dir: /var/lib/source-dns\n', '/var/lib/source-dns'],
    ['# state\ninstance: w1\nstate_dir:   state   # beside this file\n\n', 'state'],
    ['state_dir: ../state.d/source-dns\n# more\n', '../state.d/source-dns'],
  ])('%j', (line, value) => {
    expect(plainStateDir(line + rest)).toEqual({ value });
    expect(plainStateDir(rest + line)).toEqual({ value });
    expect(parsed(line + rest)).toEqual({ value });
  });

  test('a file without state_dir', () => expect(plainStateDir(rest)).toEqual({}));
});

describe('it agrees with the parser, or leaves the file to it', () => {
  const odd: readonly string[] = [
    'state_dir: "/a"\n',
    "state_dir: '/a'\n",
    '"state_dir": /a\n',
    "'state_dir': /a\n",
    '? state_dir\n: /a\n',
    'state_dir : /a\n',
    'state_dir:\n  /a\n',
    'state_dir: /a\n  /b\n',
    'state_dir: /a # x\n  b: c\n',
    'state_dir: /a\n# x\n  /b\n',
    'state_dir: /a#b\n',
    'state_dir: /a b\n',
    'state_dir: /a\t# x\n',
    'state_dir: true\n',
    'state_dir: Null\n',
    'state_dir: ~\n',
    'state_dir: 1\n',
    'state_dir: .inf\n',
    'state_dir: 0x1f\n',
    'state_dir: |\n  /a\n',
    'state_dir: >-\n  /a\n',
    'state_dir: !!str /a\n',
    'state_dir: &x /a\n',
    'state_dir: *x\n',
    `state_dir: \${HOME}/a\n`,
    'state_dir: {a: /b}\n',
    'state_dir: [/a]\n',
    'state_dir: /a\nstate_dir: /b\n',
    'state_dir: /a\r\n',
    '\uFEFFstate_dir: /a\n',
    'state_dir: /ä\n',
    '---\nstate_dir: /a\n',
    '%YAML 1.2\n---\nstate_dir: /a\n',
    'state_dir: /a\n---\nx: 1\n',
    'state_dir: /a\n...\n',
    ' state_dir: /a\n',
    'hooks: |\n  state_dir: /b\n',
    'hooks: |\n\n  text\nstate_dir: /a\n',
    'hooks: "x\nstate_dir: /a\ny: z"\n',
    "hooks: 'x\nstate_dir: /a\ny: z'\n",
    'hooks: {\nstate_dir: /a\n}\n',
    'hooks: { a: b,\nstate_dir: /a\n, c: d }\n',
    'hooks: { state_dir: /b }\nstate_dir: /a\n',
    'hooks:\n  state_dir: /b\n',
    'hooks:\n- state_dir: /b\nstate_dir: /a\n',
    'hooks: x\n state_dir: /b\nlog: x\n',
    'hooks: &h\n  state_dir: /b\n<<: *h\n',
    '"a\n b": c\nstate_dir: /a\n',
    '{ state_dir: /a }\n',
    '--- "a\nstate_dir: /a\n"\n',
    'a: b\n c\nstate_dir: /a\n',
    'state_dir: a:b\n',
    'state_dir: a: b\n',
    'state_dir:/a\n',
    'STATE_DIR: /a\n',
  ];

  test.each(odd)('%j', (text) => {
    for (const whole of [text, text + rest, rest + text]) {
      const quick = plainStateDir(whole);
      const full = parsed(whole);
      // A file with mistakes is refused by the parser: there, a running daemon may still be asked.
      if (quick !== undefined && full !== undefined) expect(quick).toEqual(full);
    }
  });

  test('and the list is odd enough: most of it is left to the parser', () => {
    expect(odd.filter((text) => plainStateDir(text + rest) === undefined).length).toBeGreaterThan(40);
  });
});

test('it follows the file, and waits for no pipe', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sd-quick-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const around = { env: {}, cwd: folder, home: '/home/me', systemFile: '/nowhere', hostName: 'h' };
  expect(await quickStateFolder(undefined, around)).toBeUndefined();
  const file = join(folder, 'source-dns.yaml');
  await writeFile(file, `state_dir: run/state\n${rest}`);
  expect(await quickStateFolder(undefined, around)).toBe(join(folder, 'run/state'));
  await writeFile(file, rest);
  expect(await quickStateFolder(file, around)).toBe('/home/me/.local/state/source-dns');
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  expect(await quickStateFolder(pipe, around)).toBeUndefined();
});
