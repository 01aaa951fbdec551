/** Opening a zone client: unusable keys and missing programs. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock as clock } from '../../../src/daemon/clock.ts';
import { type NameserverOptions, openZoneClient } from '../../../src/dns/open-zone-client.ts';

const options: NameserverOptions = {
  name: 'ns1',
  address: '127.0.0.1',
  port: 1,
  via: 'rfc2136',
  transport: 'tcp',
  fudgeMs: 30_000,
  timeoutMs: 500,
};
const key = (algorithm: string) =>
  `key "k" { algorithm ${algorithm}; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQ="; };\n`;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-key-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(['rfc2136', 'nsupdate'] as const)(
  '%s: an unusable key fails before anything is sent',
  async (via) => {
    const keyFile = join(folder, 'ddns.key');
    await rm(keyFile, { force: true });
    const open = () => openZoneClient({ ...options, via, keyFile }, clock);
    expect(await open()).toMatchObject({
      kind: 'failed',
      failure: {
        code: 'key-unreadable',
        message: expect.stringContaining('ENOENT'),
        hint: expect.stringContaining('does not exist'),
      },
    });
    expect(await openZoneClient({ ...options, via, keyFile: folder }, clock)).toMatchObject({
      failure: {
        code: 'key-unreadable',
        message: expect.stringContaining('it is a folder'),
        hint: expect.stringContaining('the file in that folder'),
      },
    });
    await writeFile(keyFile, Buffer.alloc(70_000, '#'));
    expect(await open()).toMatchObject({
      failure: {
        code: 'key-unreadable',
        message: expect.stringContaining('65536'),
        hint: expect.stringContaining('only the key statement'),
      },
    });
    await writeFile(keyFile, 'garbage');
    expect(await open()).toMatchObject({ failure: { code: 'key-not-found' } });
    await writeFile(keyFile, key('hmac-sha256'));
    await chmod(keyFile, 0o600);
    expect(await openZoneClient({ ...options, via, keyFile, keyName: 'other' }, clock)).toMatchObject({
      failure: { code: 'key-not-found' },
    });
    expect(await open()).toMatchObject({ kind: 'opened', warnings: [] });
    await chmod(keyFile, 0o644);
    expect(await open()).toMatchObject({ kind: 'opened', warnings: [{ code: 'key-exposed' }] });
    await chmod(keyFile, 0o600);
    await writeFile(keyFile, key('hmac-md5'));
    expect(await open()).toMatchObject({ kind: 'opened', warnings: [{ code: 'tsig-weak-algorithm' }] });
  },
);

test('a FIFO is refused without waiting', async () => {
  const keyFile = join(folder, 'fifo');
  execFileSync('mkfifo', [keyFile]);
  expect(await openZoneClient({ ...options, keyFile }, clock)).toMatchObject({
    failure: { code: 'key-unreadable', message: expect.stringContaining('not a regular file') },
  });
});

/** The outcome of an empty update through this program. */
async function outcomeBy(...nsupdateCommand: readonly string[]) {
  const opened = await openZoneClient(
    { ...options, via: 'nsupdate', timeoutMs: 10_000, keyText: key('hmac-sha256'), nsupdateCommand },
    clock,
  );
  if (opened.kind === 'failed') throw new Error(opened.failure.message);
  const soon = (clock.mono() + 10_000) as ReturnType<typeof clock.mono>;
  const plan = { zone: 'example.com.' as never, prerequisites: [], changes: [] };
  const outcome = await opened.client.update({ plan, notAfter: soon, deadline: soon });
  await opened.client.close();
  return outcome;
}

test('a missing program has sent nothing', async () => {
  expect(await outcomeBy(join(folder, 'none'))).toMatchObject({
    kind: 'refused',
    code: 'not-sent',
    failure: { code: 'nsupdate-not-run', message: expect.stringContaining('ENOENT') },
  });
});

test('a crashed program is not reported as a silent nameserver', async () => {
  expect(await outcomeBy('/bin/sh', '-c', 'echo "fatal error" >&2; kill -ABRT $$')).toMatchObject({
    kind: 'unknown',
    failure: { code: 'nsupdate-failed', message: expect.stringMatching(/signal SIGABRT .*fatal error/) },
  });
});
