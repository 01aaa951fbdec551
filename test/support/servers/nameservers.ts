/**
 * The nameservers of the contract: those of Debian 12 and 13, and those of PATH with another version. Each
 * version is there once, the oldest first.
 */

import { type BindPrograms, fetchedBind, installedBind } from '../../../src/lab/programs/bind-programs.ts';
import type { DebianRelease } from '../../../src/lab/programs/debian.ts';
import type { Progress } from '../../../src/lab/programs/programs.ts';
import type { ForeignNameserver, ForeignWishes } from './foreign-nameserver.ts';
import { startKnot } from './knot-fixture.ts';
import { fetchedKnot, installedKnot, type KnotPrograms } from './knot-programs.ts';
import { startPowerdns } from './powerdns-fixture.ts';
import { fetchedPowerdns, installedPowerdns, type PowerdnsPrograms } from './powerdns-programs.ts';

const releases: readonly DebianRelease[] = ['bookworm', 'trixie'];

export const everyBind = (): Promise<readonly BindPrograms[]> => everyVersion(fetchedBind, installedBind);
export const everyKnot = (): Promise<readonly KnotPrograms[]> => everyVersion(fetchedKnot, installedKnot);
export const everyPowerdns = (): Promise<readonly PowerdnsPrograms[]> =>
  everyVersion(fetchedPowerdns, installedPowerdns);

/** A nameserver that is not BIND. */
export interface OtherNameserver {
  readonly product: 'Knot' | 'PowerDNS';
  readonly version: string;
  readonly start: (clusters: readonly string[], wishes?: ForeignWishes) => Promise<ForeignNameserver>;
}

/** Every Knot and every PowerDNS. */
export async function everyOther(): Promise<readonly OtherNameserver[]> {
  const [knots, powerdnses] = await Promise.all([everyKnot(), everyPowerdns()]);
  return [
    ...knots.map(
      (programs) =>
        ({ product: 'Knot', version: programs.version, start: startKnot.bind(undefined, programs) }) as const,
    ),
    ...powerdnses.map(
      (programs) =>
        ({
          product: 'PowerDNS',
          version: programs.version,
          start: startPowerdns.bind(undefined, programs),
        }) as const,
    ),
  ];
}

/** Fetches what the cache lacks (about ten seconds each). Rejects with a LabError. */
async function everyVersion<T extends { readonly version: string }>(
  fetched: (release: DebianRelease, progress: Progress) => Promise<T>,
  installed: (progress: Progress) => Promise<T | undefined>,
): Promise<readonly T[]> {
  const progress: Progress = (line) => process.stderr.write(`${line}\n`);
  const found = await Promise.all([
    ...releases.map((release) => fetched(release, progress)),
    installed(progress),
  ]);
  const versions = new Map<string, T>();
  // The fetched one wins: every other test runs with those of PATH.
  for (const each of found)
    if (each !== undefined && !versions.has(each.version)) versions.set(each.version, each);
  return [...versions.values()].toSorted((a, b) => compareVersions(a.version, b.version));
}

/** For describe.each: a title and a value. */
export const byVersion = <T extends { readonly version: string; readonly product?: string }>(
  all: readonly T[],
): readonly (readonly [string, T])[] =>
  all.map((each) => [each.product === undefined ? each.version : `${each.product} ${each.version}`, each]);

const compareVersions = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
