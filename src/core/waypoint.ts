/**
 * A place in the source's history, in terms that the replica tells too: whoever has reached one that was taken after it attached has caught up with what was before. GTIDs
 * where there are any; for peers in Galera the number of a write set; else the place in the source's binary log, which has none of the replica's own writes.
 */

import type { GtidSet } from './gtid.ts';
import { contains, restrict } from './gtid.ts';
import { multiPrimaryOf } from './multi-primary.ts';
import type { Coordinates } from './observation.ts';
import type { ServerView } from './topology.ts';
import type { ServerAddress } from './units.ts';

export type Waypoint =
  | { readonly kind: 'gtids'; readonly set: GtidSet }
  /** `wsrep_last_committed`. */
  | { readonly kind: 'write-set'; readonly number: number }
  | { readonly kind: 'coordinates'; readonly at: Coordinates }
  /** Both have one storage, as in Aurora: there is nothing to catch up with. */
  | { readonly kind: 'shared' };

/** Where the source is now, as this replica can tell that it has been there. `line`: whose transactions count. Undefined where nothing is known of it. */
export function waypointOf(
  { facts: source }: ServerView,
  { facts: replica }: ServerView,
  line: (uuid: string) => boolean,
): Waypoint | undefined {
  if (source === undefined || replica === undefined) return undefined;
  if (source.managed?.kind === 'aurora') return { kind: 'shared' };
  if (source.wsrep && multiPrimaryOf(source) === multiPrimaryOf(replica)) return { kind: 'write-set', number: source.wsrep.lastCommitted };
  if (source.gtidExecuted) return { kind: 'gtids', set: restrict(source.gtidExecuted, line) };
  return source.binlogEnd && { kind: 'coordinates', at: source.binlogEnd };
}

/** Whether the replica of that source has executed all up to there. */
export function hasReached(source: ServerView, { facts, upstreams }: ServerView, waypoint: Waypoint): boolean {
  if (facts === undefined) return false;
  switch (waypoint.kind) {
    case 'gtids':
      return facts.gtidExecuted !== undefined && contains(facts.gtidExecuted, waypoint.set);
    case 'write-set':
      return facts.wsrep !== undefined && facts.wsrep.lastCommitted >= waypoint.number;
    case 'shared':
      return true;
    case 'coordinates': {
      const applied = upstreams.find(({ member }) => member === source.address)?.channel.applied;
      return applied !== undefined && isAtOrAfter(applied, waypoint.at);
    }
  }
}

/** Files of one server are numbered upwards: `binlog.000009`, `binlog.000010`, and `binlog.1000000` after six nines. False where they are not of one series. */
export function isAtOrAfter(place: Coordinates, other: Coordinates): boolean {
  const [file, otherFile] = [place.file, other.file].map((name) => /^(.*)\.(\d+)$/.exec(name));
  if (!file || !otherFile || file[1] !== otherFile[1]) return false;
  const files = Number(file[2]) - Number(otherFile[2]);
  return files > 0 || (files === 0 && place.position >= other.position);
}

/** How a former source has come back, in words. */
export function reachedWords(waypoint: Waypoint | undefined, source: ServerAddress): string {
  const words = {
    gtids: `replicates from ${source} and has nothing of its own`,
    'write-set': `is a node of one cluster with ${source} again`,
    shared: `reads the storage that ${source} writes`,
    // Nobody can tell without GTIDs.
    coordinates: `replicates from ${source} and has caught up (what it wrote by itself is not known without GTIDs)`,
  };
  return words[waypoint?.kind ?? 'gtids'];
}
