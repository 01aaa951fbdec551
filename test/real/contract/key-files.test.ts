/** Tests every form of a key file on a real BIND that has the key. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { byVersion, everyBind } from '../../support/servers/nameservers.ts';
import { openAt, soon } from './bind-subject.ts';

describe.each(byVersion(await everyBind()))('BIND %s', (_version, programs) => {
  let bind: BindFixture;
  let folder: string;
  let secret: string;
  beforeAll(async () => {
    bind = await startBind({ programs });
    folder = await mkdtemp(join(tmpdir(), 'source-dns-keys-'));
    secret = /secret "([^"]+)"/.exec(await readFile(bind.keyFile, 'utf8'))![1]!;
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await bind.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test.each([
    ['a line for nsupdate -y', 'y.key', (base64: string) => `hmac-sha256:source-dns-key:${base64}\n`],
    [
      'a .private file',
      'Ksource-dns-key.+163+12345.private',
      (base64: string) =>
        `Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: ${base64}\nBits: AAA=\n`,
    ],
    [
      'a .key file',
      'Ksource-dns-key.+163+12345.key',
      (base64: string) => `source-dns-key. IN KEY 512 3 163 ${base64}\n`,
    ],
    [
      'the keymgr of Knot',
      'knot.key',
      (base64: string) =>
        `# c\nkey:\n  - id: source-dns-key\n    algorithm: hmac-sha256\n    secret: ${base64}\n`,
    ],
    [
      'NSD',
      'nsd.conf',
      (base64: string) => `key:\n\tname: source-dns-key\n\talgorithm: hmac-sha256\n\tsecret: "${base64}"\n`,
    ],
    ['pdnsutil', 'pdns.key', (base64: string) => `source-dns-key. hmac-sha256. ${base64}\n`],
    [
      'a script of nsupdate',
      'script',
      (base64: string) => `server ns1\nkey hmac-sha256:source-dns-key ${base64}\nsend\n`,
    ],
    [
      'several keys, chosen by name',
      'named.conf',
      (base64: string) =>
        `key other { algorithm hmac-sha3; secret "AAAA"; };\nkey "source-dns-key" {algorithm hmac-sha256;secret "${base64}";};`,
    ],
  ])('a client signs with a key in the form of %s', async (_, file, text) => {
    const keyFile = join(folder, file);
    await writeFile(keyFile, text(secret));
    await chmod(keyFile, 0o600);
    for (const via of ['rfc2136', 'nsupdate'] as const) {
      const client = await openAt(bind, { via, keyFile, keyName: 'source-dns-key' });
      const name = `source.shop.${bind.zone}.` as Fqdn;
      const plan = {
        zone: `${bind.zone}.` as Fqdn,
        prerequisites: [],
        changes: [{ kind: 'delete-rrset', name, type: 'A' } as const],
      };
      expect(await client.update({ plan, notAfter: soon(), deadline: soon() })).toEqual({ kind: 'applied' });
      await client.close();
    }
  });
});
