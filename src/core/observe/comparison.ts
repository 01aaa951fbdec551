/**
 * How a replica can be compared with its source: by GTID sets, positions in the source's binary log (which
 * need REPLICATION CLIENT), or both (docs/decisions/019).
 */

import type { GtidSet } from '../gtid/gtid-set.ts';
import type { Coordinates, ServerFacts } from '../model/observation.ts';
import { multiPrimaryOf } from './multi-primary.ts';
import type { ServerView } from './topology.ts';

export type Comparison =
  /** They share their storage, as in Aurora: nothing to catch up with. */
  | { readonly kind: 'shared' }
  /** By the numbers of write sets, the same on all nodes of a Galera cluster. */
  | { readonly kind: 'write-set' }
  /** By GTID sets alone. `complete`: everything that the replica takes from its source has a GTID. */
  | { readonly kind: 'gtids'; readonly complete: boolean }
  /** By both: the sets leave out transactions without a GTID. */
  | { readonly kind: 'gtids-and-coordinates' }
  | { readonly kind: 'coordinates' }
  /** `because` reads on from "cannot be told: ". */
  | { readonly kind: 'none'; readonly because: string };

/** How this replica can be compared with this source now; undefined: one of them does not answer. */
export function comparisonOf(source: ServerView, replica: ServerView): Comparison | undefined {
  const [theirs, own] = [source.facts, replica.facts];
  if (theirs === undefined || own === undefined) return undefined;
  if (theirs.managed?.kind === 'aurora') return { kind: 'shared' };
  if (theirs.wsrep && multiPrimaryOf(theirs) === multiPrimaryOf(own)) return { kind: 'write-set' };
  const isPlaced = theirs.binlogEnd !== undefined && appliedOf(source, replica) !== undefined;
  if (theirs.gtidExecuted === undefined || gtidsOf(own) === undefined)
    return isPlaced ? { kind: 'coordinates' } : { kind: 'none', because: obstacle(source, replica) };
  // The source's binary log may have transactions without a GTID, even if its own gtid_mode is ON now.
  const complete = theirs.gtidMode === undefined || own.gtidMode === 'ON';
  return isPlaced && !complete ? { kind: 'gtids-and-coordinates' } : { kind: 'gtids', complete };
}

/** What a server is known to have executed. It may have executed more (`gtidReplicated`). */
export const gtidsOf = ({ gtidExecuted, gtidReplicated }: ServerFacts): GtidSet | undefined =>
  gtidExecuted ?? gtidReplicated;

/** The replica's executed position in that source's binary log. */
export const appliedOf = (source: ServerView, { upstreams }: ServerView): Coordinates | undefined =>
  upstreams.find(({ member }) => member === source.address)?.channel.applied;

/** The grant counts for new connections only. */
export const grantAdvice =
  'GRANT REPLICATION CLIENT ON *.* TO our account on each server, then restart source-dns';

function obstacle(source: ServerView, replica: ServerView): string {
  const [theirs, own] = [source.facts?.gtidMode, replica.facts?.gtidMode];
  if (theirs === undefined)
    return `${source.facts?.gtidExecuted ? replica.address : source.address} reports no GTIDs`;
  // ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS: the replica gives GTIDs that its source does not know.
  if (own === 'ON')
    return `${replica.address} runs with gtid_mode=ON, and ${source.address} with ${theirs}: no transaction has the same GTID on both, so ${replica.address} must not be promoted`;
  const hidden = [
    source.facts?.binlogEnd ? [] : [source.address],
    appliedOf(source, replica) ? [] : [replica.address],
  ].flat();
  const without = source.facts?.gtidExecuted
    ? `${replica.address} runs with gtid_mode=${own}`
    : `${source.address} runs with gtid_mode=${theirs}`;
  return `${without}, so only positions in the source's binary log can be compared, and our account does not see them on ${hidden.join(', ')}: ${grantAdvice}`;
}

/** Why the sets of a source that is idle since its replica attached prove nothing, and what helps. */
export function idleObstacle(source: ServerView, replica: ServerView): string {
  const [theirs, own] = [source.facts?.gtidMode, replica.facts?.gtidMode];
  const idle = `${source.address} has committed nothing with a GTID since ${replica.address} attached, and its earlier transactions may have none`;
  if (theirs !== 'ON') return `${idle}: ${grantAdvice}`;
  return `${idle}: SET GLOBAL gtid_mode = ${own === 'ON_PERMISSIVE' ? 'ON' : 'ON_PERMISSIVE'} on ${replica.address}`;
}
