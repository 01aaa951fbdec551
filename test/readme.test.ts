/**
 * Shows that the documents are right: what they give to copy works, what they point to exists, and they stay
 * readable.
 */

import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandNames, formOf } from '../src/cli/command-table.ts';
import { exitCodes } from '../src/cli/exit-code.ts';
import { loadConfig } from '../src/config/load.ts';
import { accountStatements, mariadbGrantStatements } from '../src/mysql/answer/grants.ts';
import { fenceAccountStatements, fenceSetOf } from '../src/mysql/flavour/fence-set.ts';
import { readTraits } from '../src/mysql/flavour/flavour.ts';
import { mutants } from './sim/mutants/mutants.ts';
import { root, textOfFile } from './support/checkout.ts';

const pagesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const pages = ['README.md', 'CONTRIBUTING.md', ...pagesIn('docs')];

/** The fenced blocks of one language, in order. */
const blocks = (name: string, language: string): readonly string[] =>
  [...textOfFile(name).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    (match) => match[1] ?? '',
  );

const statementsOf = (block: string): readonly string[] =>
  block
    .split(';')
    .map((statement) => statement.trim().replace(/\s+/g, ' '))
    .filter((statement) => statement !== '')
    .map((statement) => `${statement};`);

test('docs/SERVERS.md grants what the prober and the fencer need', () => {
  const account = "'source_dns'@'10.0.0.%'";
  const fencers = ['9.7.4', '11.8.9-MariaDB'].map((version) => {
    const set = fenceSetOf(readTraits([{ Variable_name: 'version', Value: version }]));
    return typeof set === 'string' ? [set] : fenceAccountStatements("'source_dns_fence'@'10.0.0.%'", set);
  });
  expect(blocks('docs/SERVERS.md', 'sql').map(statementsOf)).toEqual([
    accountStatements(account),
    accountStatements(account, mariadbGrantStatements),
    ...fencers,
  ]);
});

test('the configuration in the README loads when its secrets are there, also with the addition in docs/SERVERS.md', async () => {
  const [told = ''] = blocks('README.md', 'yaml');
  const [discovery = ''] = blocks('docs/SERVERS.md', 'yaml');
  const settings = { cluster: 'shop', mode: 'observe' };
  expect(await loaded(told)).toMatchObject({
    kind: 'loaded',
    config: { clusters: [{ settings }], warnings: [] },
  });
  const warned = {
    clusters: [{ settings }],
    warnings: [expect.stringMatching(/discover_within: .* set "tls: verify"/)],
  };
  expect(await loaded(told.replace('    publish:\n', `${discovery}$&`))).toMatchObject({
    kind: 'loaded',
    config: warned,
  });
});

async function loaded(text: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-readme-'));
  const secret = { mode: 0o600 };
  try {
    await writeFile(join(folder, 'mysql.password'), 'secret\n', secret);
    const key = 'key "k" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"; };\n';
    await writeFile(join(folder, 'source-dns.key'), key, secret);
    const file = join(folder, 'source-dns.yaml');
    await writeFile(file, text.replaceAll('/etc/source-dns', folder));
    return await loadConfig(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('the recipes for libraries in docs/CLIENTS.md are what the applications of test/clients run', () => {
  const squeezed = (text: string) => text.replace(/\s/g, '').replace(/,(?=[)}])/g, '');
  const run = readdirSync(join(root, 'test/clients'))
    .filter((name) => name.endsWith('.mjs'))
    .map((name) => squeezed(textOfFile(`test/clients/${name}`)));
  const recipes = blocks('docs/CLIENTS.md', 'js').filter((text) => /const (?:db|source) = /.test(text));
  expect(recipes).toHaveLength(6);
  expect(recipes.filter((recipe) => !run.some((text) => text.includes(squeezed(recipe))))).toEqual([]);
});

test('docker-compose.yml grants what docs/SERVERS.md grants', () => {
  const compose = textOfFile('docker-compose.yml');
  const granted = [
    ...(
      /GRANT SELECT ON performance_schema.replication_%s .*?\\\n([\s\S]*?)\)\n/.exec(compose)?.[1] ?? ''
    ).matchAll(/\w+/g),
  ].map(([name]) => `performance_schema.replication_${name}`);
  const needed = accountStatements('x').flatMap((statement) => /ON (\S+) TO/.exec(statement)?.[1] ?? []);
  expect(granted.toSorted()).toEqual(needed.toSorted());
});

test('docs/OPERATING.md gives the key the rights of bind-config', () => {
  const rights = (text: string): readonly string[] =>
    [...text.matchAll(/^ *(grant \S+ name .*;)$/gm)].map(([, line = '']) => line);
  const filled = textOfFile('bind-config/named.conf.primary')
    .replaceAll('@key@', 'source-dns-key')
    .replaceAll('@cluster@', 'shop')
    .replaceAll('@zone@', 'db.example.com');
  expect(rights(textOfFile('docs/OPERATING.md'))).toEqual(rights(filled));
  expect(rights(filled)).toHaveLength(4);
});

test('docs/OPERATING.md has every exit code', () => {
  const [, table = ''] = textOfFile('docs/OPERATING.md').split('| exit code | meaning |\n');
  const told = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  expect(told).toEqual(Object.values(exitCodes));
});

test('docs/OPERATING.md has the exit codes of each command', () => {
  const [, table = ''] = textOfFile('docs/OPERATING.md').split('| exit codes of | |\n');
  const told = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` \| ([\d, ]+) \|$/gm)];
  expect(told.map(([, name, codes]) => [name, codes])).toEqual(
    commandNames.map((name) => [name, Object.keys(formOf(name).exits).join(', ')]),
  );
});

test.each(['README.md', 'CHANGELOG.md', 'docs/RELIABILITY.md'])(
  '%s says how many wrong builds there are',
  (name) => {
    const said = [...textOfFile(name).matchAll(/(\d+) (?:deliberately\s+)?wrong builds(?! caught)/g)].map(
      ([, count]) => Number(count),
    );
    expect(said).toEqual([mutants.length]);
  },
);

/** The page without its code, where a link is none. */
const prose = (text: string): string => text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, 'code');

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(name: string): readonly string[] {
  const headings = [
    ...textOfFile(name)
      .replace(/^```.*?^```$/gms, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each([...pages, ...pagesIn('docs/decisions'), 'CHANGELOG.md'])('%s', (name) => {
  const targets = [...prose(textOfFile(name)).matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)];

  test('points to files that exist', () => {
    const missing = targets
      .map(([, file = '']) => file)
      .filter((file) => !existsSync(join(root, dirname(name), file)));
    expect(missing).toEqual([]);
  });

  test('points to headings that exist', () => {
    const missing = targets
      .filter(([, , anchor]) => anchor !== undefined)
      .map(([, file = '', anchor = '']) => ({
        target: file === '' ? name : join(dirname(name), file),
        anchor,
      }))
      .filter(({ target, anchor }) => existsSync(join(root, target)) && !anchorsOf(target).includes(anchor));
    expect(missing).toEqual([]);
  });
});

test('every page of docs is one click from the README', () => {
  const linked = [...prose(textOfFile('README.md')).matchAll(/\]\(([^)\s#]+)/g)].map(([, file]) => file);
  expect(pages.filter((name) => name !== 'README.md' && !linked.includes(name))).toEqual([]);
});

test('the README has at most 110 lines', () => {
  expect(textOfFile('README.md').split('\n').length - 1).toBeLessThanOrEqual(110);
});

test.each(pages)('%s is 100 columns wide, apart from tables and the targets of links', (name) => {
  const wide = textOfFile(name)
    .split('\n')
    .map((line, index) => ({
      line: index + 1,
      columns: [...line.replace(/\]\([^)]*\)/g, ']()')].length,
      isRow: line.startsWith('|'),
    }))
    .filter(({ columns, isRow }) => columns > 100 && !isRow);
  expect(wide).toEqual([]);
});

/** A path of the checkout, as documents and comments write it; a `*` stands for a part of a name. */
const paths = /\b(?:src|test|docs|bind-config)\/[\w./*-]*\w/g;

const isThere = (path: string): boolean => {
  const [start = '', end] = path.split('*');
  if (end === undefined) return existsSync(join(root, path));
  return readdirSync(join(root, dirname(start))).some(
    (name) => name.startsWith(basename(start)) && name.endsWith(end),
  );
};

test.each([...pages, 'CHANGELOG.md', ...pagesIn('docs/decisions')])('%s names files that exist', (name) => {
  const named = [...textOfFile(name).matchAll(paths)].map(([path]) => path);
  expect(named.filter((path) => !isThere(path))).toEqual([]);
});
