/**
 * Shows that docs/THREATS.md names every party and points to files that exist, and checks its claims about
 * the dependencies.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, textOfFile } from './support/checkout.ts';

const page = textOfFile('docs/THREATS.md');
const section = (title: string): string =>
  page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';

test.each([
  ...[
    'A MySQL server',
    'A discovered server',
    'TLS to the servers',
    'A nameserver',
    'The path',
    'The resolver of this machine',
    'The resolver of an application',
  ],
  ...['A local user', 'An API caller', 'Another instance, or another holder of the key', 'An npm dependency'],
  ...["The operator's own mistake", 'A reader of the zone'],
])('%s has a section with a table of what holds, and what shows it', (party) => {
  const rows = section(party)
    .split('\n')
    .filter((line) => line.startsWith('| '));
  expect(rows.length).toBeGreaterThan(3);
  expect(section(party)).toMatch(/`test\/[^`]+\.(?:test\.ts|txt)`/);
  // Each row of a table has as many cells as its head.
  expect(new Set(rows.map((row) => row.split('|').length)).size).toBe(1);
});

test('each file that the page names exists, and each claim names a file, or a line in bind-config', () => {
  const named = [...page.matchAll(/`((?:src|test|docs|bind-config)\/[^`]+)`/g)].map(([, file = '']) => file);
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  const held = page.split('\n').filter((line) => /^\| .* \| Held/.test(line));
  expect(held.filter((line) => !/`test\//.test(line))).toEqual([]);
});

test('the README and the architecture link to the page', () => {
  expect(textOfFile('README.md')).toContain('(docs/THREATS.md)');
  expect(textOfFile('docs/ARCHITECTURE.md')).toContain('(THREATS.md)');
});

test('the nine dependencies have exact versions, a hash each, and no install scripts', () => {
  const { dependencies } = JSON.parse(textOfFile('package.json')) as { dependencies: Record<string, string> };
  const listed = [...section('An npm dependency').matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name);
  expect(Object.keys(dependencies).toSorted()).toEqual(listed.toSorted());
  expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  type Locked = { readonly integrity?: string; readonly hasInstallScript?: boolean; readonly dev?: boolean };
  const { packages } = JSON.parse(textOfFile('package-lock.json')) as { packages: Record<string, Locked> };
  const used = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  expect(used.length).toBeGreaterThan(listed.length);
  expect(
    used.filter(
      ([, { integrity = '', hasInstallScript }]) => !integrity.startsWith('sha512-') || hasInstallScript,
    ),
  ).toEqual([]);
});
