/**
 * A point in the source's history. A replica that attached before this point, and has reached it, has caught
 * up.
 */

import { contains, restrict } from '../gtid/gtid.ts';
import type { GtidSet } from '../gtid/gtid-set.ts';
import type { Coordinates, ServerFacts } from '../model/observation.ts';
import type { Waypoint } from '../model/publication.ts';
import { appliedOf, type Comparison, gtidsOf } from './comparison.ts';
import type { ServerView } from './topology.ts';

/** Where the source is now, as this replica can show that it was there. `line`: whose transactions count. */
export function waypointOf(
  source: ServerView,
  { kind }: Comparison,
  line: (uuid: string) => boolean,
): Waypoint | undefined {
  const { gtidExecuted, binlogEnd, wsrep } = source.facts ?? {};
  switch (kind) {
    case 'shared':
      return { kind };
    case 'write-set':
      return wsrep && { kind, number: wsrep.lastCommitted };
    case 'gtids':
      return gtidExecuted && { kind, set: restrict(gtidExecuted, line) };
    case 'gtids-and-coordinates':
      return gtidExecuted && binlogEnd && { kind, set: restrict(gtidExecuted, line), at: binlogEnd };
    case 'coordinates':
      return binlogEnd && { kind, at: binlogEnd };
    case 'none':
      return undefined;
  }
}

/** Whether the replica has executed everything up to there. */
export function hasReached(source: ServerView, replica: ServerView, waypoint: Waypoint): boolean {
  const { facts } = replica;
  if (facts === undefined) return false;
  switch (waypoint.kind) {
    case 'gtids':
      return hasSet(facts, waypoint.set);
    case 'gtids-and-coordinates':
      return hasSet(facts, waypoint.set) && isPast(source, replica, waypoint.at);
    case 'coordinates':
      return isPast(source, replica, waypoint.at);
    case 'write-set':
      return facts.wsrep !== undefined && facts.wsrep.lastCommitted >= waypoint.number;
    case 'shared':
      return true;
  }
}

function hasSet(facts: ServerFacts, set: GtidSet): boolean {
  const own = gtidsOf(facts);
  return own !== undefined && contains(own, set);
}

function isPast(source: ServerView, replica: ServerView, place: Coordinates): boolean {
  const applied = appliedOf(source, replica);
  return applied !== undefined && isAtOrAfter(applied, place);
}

/** Files count upwards: `binlog.000009`, `binlog.1000000`. False for files of two series. */
export function isAtOrAfter(place: Coordinates, other: Coordinates): boolean {
  const [file, otherFile] = [place.file, other.file].map((name) => /^(.*)\.(\d+)$/.exec(name));
  if (!file || !otherFile || file[1] !== otherFile[1]) return false;
  const files = Number(file[2]) - Number(otherFile[2]);
  return files > 0 || (files === 0 && place.position >= other.position);
}

/** How a former source came back: reads on from its address. `hidden`: perhaps also without GTIDs. */
export function reachedWords(waypoint: Waypoint | undefined, source: string, hidden: boolean): string {
  const kind = waypoint?.kind ?? 'gtids';
  if (kind === 'write-set') return `is a node of the same cluster as ${source} again`;
  if (kind === 'shared') return `reads the storage that ${source} writes`;
  if (kind === 'coordinates')
    return `replicates from ${source} and has caught up (without GTIDs, its own transactions are not known)`;
  const also = hidden ? ' with a GTID (those without one are not known)' : '';
  return `replicates from ${source} and has no transactions of its own${also}`;
}
