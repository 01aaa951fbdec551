/**
 * Shows that we accept every key that named accepts: named-checkconf checks each spelling, and a real named
 * includes these very files.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { parseKeyFile } from '../../../src/dns/key/keyfile.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { inView, spellings } from '../../support/key-spellings.ts';
import { seeded } from '../../support/seeded.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { soon } from './contract-run.ts';
import { openClient } from './open-client.ts';

const checkTimeoutMs = 10_000;
const mayUpdate = [...spellings, inView('')].map(({ quotedName }) => `key "${quotedName}";`).join(' ');
const zone = `match-clients { any; };
  zone "lab.test" { type primary; file "lab.test.db"; allow-update { ${mayUpdate} }; };`;
const all = [...spellings, inView(zone)];
const fileOf = (index: number): string => join(folder, `${index}.key`);

let folder: string;
let fixture: NamedFixture;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-spellings-'));
  for (const [index, { text }] of all.entries()) {
    await writeFile(fileOf(index), text);
    await chmod(fileOf(index), 0o600);
  }
  fixture = await startNamed(all.map((_, index) => `include "${fileOf(index)}";`).join('\n'));
});
afterAll(async () => {
  await fixture.stop();
  await rm(folder, { recursive: true });
  expect(livingProcesses()).toEqual([]);
});

test.each(all.map((spelling, index) => ({ ...spelling, index })))(
  'named and we read the same key: $what',
  async ({ index }) => {
    const checked = await execa(fixture.programs.namedCheckconf, [fileOf(index)], {
      timeout: checkTimeoutMs,
      reject: false,
    });
    // The view names keys from other files.
    if (index < spellings.length)
      expect([checked.exitCode, checked.stdout.includes('bad')]).toEqual([0, false]);
    for (const via of ['rfc2136', 'nsupdate'] as const) {
      const client = await openClient(fixture.named, {
        via,
        keyFile: fileOf(index),
        nsupdateCommand: [fixture.programs.nsupdate],
      });
      const name = 'source.lab.test.' as Fqdn;
      const plan = {
        zone: 'lab.test.' as Fqdn,
        prerequisites: [],
        changes: [{ kind: 'delete-rrset', name, type: 'A' } as const],
      };
      expect(await client.update({ plan, notAfter: soon(), deadline: soon() })).toEqual({
        kind: 'applied',
      });
      await client.close();
    }
  },
);

const pieces = [
  '//',
  '/*',
  '*/',
  '#',
  ' ',
  '\n',
  '\t',
  '\r',
  '.',
  '=',
  '-',
  'A',
  '"',
  '\\',
  '\\"',
  '\\032',
  '\u00a0',
  'ä',
  '\v',
  '; ',
  '/**/',
  '@',
];
const mutated = 100;

/** The key in this text, or why there is none. */
function readAs(text: string): string {
  const parsed = parseKeyFile(text, 'key');
  if (parsed.kind === 'invalid') return parsed.failure.message;
  const { name, algorithm, macBytes, secret } = parsed.key;
  return [name, algorithm, macBytes, secret.export().toString('base64')].join(' ');
}

test('a mutated file that named-checkconf accepts gives the key that it prints', async () => {
  const random = seeded(2136);
  let accepted = 0;
  for (let round = 0; round < mutated; round++) {
    let text = spellings[random(spellings.length)]!.text;
    for (let change = random(2); change >= 0; change--) {
      const at = random(text.length + 1);
      text = text.slice(0, at) + pieces[random(pieces.length)] + text.slice(at);
    }
    const file = join(folder, 'changed.conf');
    await writeFile(file, text);
    const printed = await execa(fixture.programs.namedCheckconf, ['-p', file], {
      timeout: checkTimeoutMs,
      reject: false,
    });
    // named-checkconf only remarks on a MAC with too few bits. A file of comments alone has no key.
    if (printed.exitCode !== 0 || /digest-bits/.test(printed.stdout) || !/^key /m.test(printed.stdout))
      continue;
    accepted++;
    expect(readAs(text), text).toBe(readAs(printed.stdout));
  }
  expect(accepted).toBeGreaterThan(15);
});
