/** Which instances watch a cluster, where several instances share the clusters (docs/decisions/033). */

import { hash } from 'node:crypto';

/** The same in every instance that has the same list. */
export interface Share {
  /** The names of all instances. Their order means nothing. */
  readonly instances: readonly string[];
  /** How many of them watch each cluster. */
  readonly watchers: number;
}

/**
 * The instances that watch the cluster, the first one first: those with the highest weights (rendezvous
 * hashing). The weight is the SHA-256 of `instance`, a NUL byte and `cluster`, read as a number. It must
 * never change: instances of two versions would leave clusters without a watcher (docs/SHARES.md).
 */
export function watchersOf({ instances, watchers }: Share, cluster: string): readonly string[] {
  return instances
    .map((instance) => ({ instance, weight: hash('sha256', `${instance}\0${cluster}`, 'hex') }))
    .sort((a, b) => (a.weight > b.weight ? -1 : 1))
    .slice(0, watchers)
    .map(({ instance }) => instance);
}

/** `source-dns-3`, also with a domain: what stands before the number, the number, and what follows. */
const numbered = /^([^.]*-)(0|[1-9]\d{0,8})((?:\..*)?)$/;

/** The number of an instance that its platform numbers from 0, as a StatefulSet does. */
export function ordinalOf(instance: string): number | undefined {
  const digits = numbered.exec(instance)?.[2];
  return digits === undefined ? undefined : Number(digits);
}

/** The names of `count` instances that the platform numbers, by the name of one of them. */
export function numberedInstances(count: number, instance: string): readonly string[] {
  const [, before = '', , after = ''] = numbered.exec(instance) ?? [];
  return Array.from({ length: count }, (_, number) => `${before}${number}${after}`);
}

/** What a person asks next about a cluster that this instance does not watch. */
export const watchedElsewhere = (cluster: string, watchers: readonly string[]): string =>
  `${cluster} is watched by ${inWords(watchers)}; ask there`;

function inWords(names: readonly string[]): string {
  const [last = '', ...before] = names.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`;
}
