/** The nameservers for the contract: the fetched ones, and those of PATH with another version. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { fetchedBind, installedBind } from '../../../src/lab/programs/bind-programs.ts';
import { fetchedKnot, installedKnot } from '../../support/servers/knot-programs.ts';
import { everyBind, everyKnot, everyPowerdns } from '../../support/servers/nameservers.ts';

const silent = () => undefined;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-path-'));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rm(folder, { recursive: true }));

const putInPath = (...folders: readonly string[]) =>
  vi.stubEnv('PATH', [...folders, process.env['PATH']].join(':'));
/** `9.18` of `9.18.49`. */
const series = ({ version }: { readonly version: string }): string =>
  version.split('.').slice(0, 2).join('.');

test('the list has those of Debian 12 and Debian 13, the oldest first', async () => {
  expect((await everyBind()).map(series)).toEqual(expect.arrayContaining(['9.18', '9.20']));
  expect((await everyKnot()).map(series)).toEqual(expect.arrayContaining(['3.2', '3.4']));
  expect((await everyPowerdns()).map(series)).toEqual(expect.arrayContaining(['4.7', '4.9']));
});

test.each(['bookworm', 'trixie'] as const)(
  'the list has those of %s in PATH, by the version that they print',
  async (release) => {
    const [bind, knot] = [await fetchedBind(release, silent), await fetchedKnot(release, silent)];
    putInPath(dirname(bind.named), dirname(knot.knotd));
    expect(await installedBind(silent)).toMatchObject({
      version: bind.version,
      named: bind.named,
      nsupdate: bind.nsupdate,
    });
    expect(await installedKnot()).toEqual(knot);
    // They are fetched already.
    const versions = (await everyBind()).map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)]);
  },
);

test('a version in PATH that was not fetched is added', async () => {
  const bind = await fetchedBind('bookworm', silent);
  const other = '#!/bin/sh\necho "BIND 9.19.24 (Development Release) <id:>"\n';
  await writeFile(join(folder, 'named'), other, { mode: 0o755 });
  putInPath(folder, dirname(bind.named));
  expect((await everyBind()).map(({ version }) => version)).toContain('9.19.24');
});
