/** What the README shows is true: its GRANT statements, its configuration, its links. */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import { accountStatements, mariadbGrantStatements } from '../src/mysql/answer/grants.ts';
import { mutants } from './sim/mutants/mutants.ts';
import { root } from './support/checkout.ts';

const page = (name: string): string => readFileSync(join(root, name), 'utf8');
const readme = page('README.md');

/** The fenced blocks of one language, in order. */
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');

test('the README grants what the prober needs', () => {
  const account = "'source_dns'@'10.0.0.%'";
  expect(blocks('sql').map((block) => block.trim().split('\n'))).toEqual([
    accountStatements(account),
    accountStatements(account, mariadbGrantStatements),
  ]);
});

test('the configuration in the README loads when its secrets are there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-readme-'));
  try {
    await writeFile(join(folder, 'mysql.password'), 'secret\n', { mode: 0o600 });
    await writeFile(
      join(folder, 'source-dns.key'),
      'key "k" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"; };\n',
      {
        mode: 0o600,
      },
    );
    const file = join(folder, 'source-dns.yaml');
    await writeFile(file, (blocks('yaml')[0] ?? '').replaceAll('/etc/source-dns', folder));
    expect(await loadConfig(file)).toMatchObject({
      kind: 'loaded',
      config: { clusters: [{ settings: { cluster: 'shop', mode: 'observe' } }], warnings: [] },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('docker-compose.yml grants what the README grants', () => {
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const granted = [
    ...(
      /GRANT SELECT ON performance_schema.replication_%s .*?\\\n([\s\S]*?)\)\n/.exec(compose)?.[1] ?? ''
    ).matchAll(/\w+/g),
  ].map(([name]) => `performance_schema.replication_${name}`);
  const needed = accountStatements('x').flatMap((statement) => /ON (\S+) TO/.exec(statement)?.[1] ?? []);
  expect(granted.toSorted()).toEqual(needed.toSorted());
});

test('every file that the README points to exists', () => {
  for (const [, target = ''] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g))
    expect(() => readFileSync(join(root, target))).not.toThrow(/ENOENT/);
});

test.each(['README.md', 'CHANGELOG.md', 'docs/RELIABILITY.md'])(
  '%s says how many wrong builds there are',
  (name) => {
    const said = [...page(name).matchAll(/(\d+) (?:deliberately\s+)?wrong builds(?! caught)/g)].map(
      ([, count]) => Number(count),
    );
    expect(said).toEqual([mutants.length]);
  },
);
