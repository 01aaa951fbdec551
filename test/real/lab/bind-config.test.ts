/** The files of bind-config/ and the generated keys, checked by the programs of BIND. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { render, renderBindConfig } from '../../../src/lab/servers/bind-config.ts';
import { formatTsigKey, generateTsigKey, writeTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import { root } from '../../support/checkout.ts';

test('rendering replaces a placeholder, repeats the line of a list, and keeps comments', () => {
  const text = '// @zone@ is explained\nzone "@zone@";\n  grant @key@ source.@cluster@.@zone@. A;\n';
  expect(render(text, { zone: 'lab.test', key: 'k', cluster: ['a', 'b'] })).toBe(
    '// @zone@ is explained\nzone "lab.test";\n  grant k source.a.lab.test. A;\n  grant k source.b.lab.test. A;\n',
  );
  expect(() => render('file "@directory@";', {})).toThrow('@directory@ has no substitution');
});

test('named-checkconf accepts the files as an administrator fills them in', async () => {
  const { namedCheckconf } = await provideBind(() => undefined);
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-conf-'));
  try {
    const values = {
      directory: folder,
      address: '192.0.2.53',
      port: '53',
      zone: 'db.example.com',
      key: 'source-dns-key',
      cluster: 'shop',
      'primary-address': '192.0.2.53',
      'primary-port': '53',
      'secondary-address': '192.0.2.54',
      'secondary-port': '53',
    };
    await writeFile(
      join(folder, 'source-dns.key'),
      await readFile(join(root, 'bind-config/source-dns.key.example')),
    );
    await writeTsigKey(join(folder, 'transfer.key'), generateTsigKey('transfer-key'));
    await writeFile(join(folder, 'db.example.com.db'), await renderBindConfig('zone.db', values));
    for (const file of ['named.conf.primary', 'named.conf.secondary'] as const) {
      await writeFile(join(folder, file), await renderBindConfig(file, values));
      const checked = await execa(
        namedCheckconf,
        [...(file === 'named.conf.primary' ? ['-z'] : []), join(folder, file)],
        {
          all: true,
          reject: false,
        },
      );
      expect(checked, checked.all).toMatchObject({ exitCode: 0 });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a generated key has the form that tsig-keygen prints', async () => {
  const { tsigKeygen } = await provideBind(() => undefined);
  const { stdout } = await execa(tsigKeygen, ['-a', 'hmac-sha256', 'source-dns-key']);
  const withoutSecret = (text: string) => text.replace(/secret ".{44}"/, 'secret "…"').trim();
  expect(withoutSecret(formatTsigKey(generateTsigKey('source-dns-key')))).toBe(withoutSecret(stdout));
});
