/** Sets of programs that are made of Debian packages and kept in the cache. */

import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, cacheFolder, temporaryFolder } from '../host/cache-folder.ts';
import { debianLayout, type Layout, type PackageWish, resolvePackages } from './debian.ts';

/** Gets one sentence about work that takes seconds. */
export type Progress = (line: string) => void;

export interface ProgramSet {
  /** The name of its folder in the cache begins with it. */
  readonly name: string;
  /** The package that gives the set its version. */
  readonly main: string;
  readonly wish: PackageWish;
  /** Paths below the root of the unpacked packages; each gets a wrapper in `bin/`. */
  readonly programs: readonly string[];
  /** The parts of the unpacked packages that are kept. */
  readonly keep: readonly string[];
}

interface FetchedSet {
  /** `bin/` has a wrapper for each program, `root/` the unpacked packages. */
  readonly folder: string;
  /** The Debian version of the main package, e.g. `1:9.20.30-1~deb13u1`. */
  readonly packageVersion: string;
  /** The version of the programs, e.g. `9.20.30`. */
  readonly version: string;
  /** The wrapper that runs a program, e.g. `program('dig')`. */
  readonly program: (name: string) => string;
}

/** Written last: a folder without it is not ours. */
const markFile = 'source-dns.json';

/** From the cache (milliseconds), else fetched (about ten seconds). Rejects with a LabError. */
export async function provideSet(set: ProgramSet, progress: Progress): Promise<FetchedSet> {
  const parent = cacheFolder();
  const cached = await newestCached(parent, set.name);
  if (cached !== undefined) return cached;
  const layout = await debianLayout();
  progress(`looking for ${set.main} in Debian ${set.wish.suites.join(' and ')}`);
  const work = await temporaryFolder(parent);
  try {
    const resolved = await resolvePackages(set.wish, work, layout);
    const pin = resolved.pinned.find((each) => each.startsWith(`${set.main}=`)) ?? '';
    const packageVersion = pin.slice(set.main.length + 1);
    const folder = join(
      parent,
      `${set.name}-${packageVersion.replace(/[^\w.+~-]/g, '_')}-${layout.architecture}`,
    );
    progress(
      `fetching ${set.main} ${packageVersion} and ${resolved.pinned.length - 1} packages that it needs into ${folder}`,
    );
    await buildOnce(folder, async (temporary) => {
      await resolved.unpack(join(work, 'root'));
      await keepOnly(join(work, 'root'), join(temporary, 'root'), set.keep);
      await writeWrappers(temporary, set.programs, layout);
      await writeFile(
        join(temporary, markFile),
        `${JSON.stringify({ packageVersion, packages: resolved.pinned }, null, 2)}\n`,
      );
    });
    return fetched(folder, packageVersion);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function newestCached(parent: string, name: string): Promise<FetchedSet | undefined> {
  const folders = await readdir(parent).catch(() => []);
  const own = (each: string): boolean =>
    each.startsWith(`${name}-`) && each.endsWith(`-${process.arch === 'x64' ? 'amd64' : process.arch}`);
  const newestFirst = folders.filter(own).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  for (const each of newestFirst) {
    const mark = await readFile(join(parent, each, markFile), 'utf8').catch(() => undefined);
    if (mark === undefined) continue;
    const { packageVersion } = JSON.parse(mark) as { packageVersion: string };
    return fetched(join(parent, each), packageVersion);
  }
  return undefined;
}

function fetched(folder: string, packageVersion: string): FetchedSet {
  const version = /^(?:\d+:)?([\d.]+)/.exec(packageVersion)?.[1] ?? packageVersion;
  return { folder, packageVersion, version, program: (name) => join(folder, 'bin', name) };
}

/** Moves the paths to keep; the rest (documentation, other programs) is more than half. */
async function keepOnly(from: string, to: string, keep: readonly string[]): Promise<void> {
  for (const path of keep) {
    if (!existsSync(join(from, path))) continue;
    await mkdir(join(to, path, '..'), { recursive: true });
    await rename(join(from, path), join(to, path));
  }
}

/**
 * A wrapper starts its program through the unpacked loader. It finds both by its own path, so the folder can
 * be renamed. LD_LIBRARY_PATH does not work: the system's older loader would come first, and child processes
 * would inherit the wrong libraries.
 */
async function writeWrappers(folder: string, programs: readonly string[], layout: Layout): Promise<void> {
  await mkdir(join(folder, 'bin'), { recursive: true });
  for (const program of programs) {
    const path = join(folder, 'bin', program.slice(program.lastIndexOf('/') + 1));
    const lines = [
      '#!/bin/sh',
      `root="\${0%/bin/*}/root"`,
      `exec "$root/${layout.loader}" --library-path "$root/${layout.libraries}" --argv0 "$root/${program}" "$root/${program}" "$@"`,
    ];
    await writeFile(path, `${lines.join('\n')}\n`);
    await chmod(path, 0o755);
  }
}
