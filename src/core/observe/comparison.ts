/**
 * In which terms a replica can be compared with its source: what both of them tell. With gtid_mode ON each transaction has a GTID. In the modes before it some have none, so
 * that a set may say nothing of what was written lately: then the place in the source's binary log is compared, which only REPLICATION CLIENT shows. docs/decisions/019.
 */

import type { GtidSet } from '../gtid/gtid-set.ts';
import type { Coordinates, ServerFacts } from '../model/observation.ts';
import { multiPrimaryOf } from './multi-primary.ts';
import type { ServerView } from './topology.ts';

export type Comparison =
  /** Both have one storage, as in Aurora: there is nothing to catch up with. */
  | { readonly kind: 'shared' }
  /** By the numbers that all nodes of a Galera cluster give to a write set. */
  | { readonly kind: 'write-set' }
  /** By GTID sets alone. `complete`: the replica takes nothing from its source that has no GTID. */
  | { readonly kind: 'gtids'; readonly complete: boolean }
  /** By both: the sets leave out what has no GTID. */
  | { readonly kind: 'gtids-and-coordinates' }
  | { readonly kind: 'coordinates' }
  /** Nothing tells. `because` reads on from "cannot be told: ". */
  | { readonly kind: 'none'; readonly because: string };

/** How this replica of this source can be compared with it now; undefined where one of them does not answer. */
export function comparisonOf(source: ServerView, replica: ServerView): Comparison | undefined {
  const [theirs, own] = [source.facts, replica.facts];
  if (theirs === undefined || own === undefined) return undefined;
  if (theirs.managed?.kind === 'aurora') return { kind: 'shared' };
  if (theirs.wsrep && multiPrimaryOf(theirs) === multiPrimaryOf(own)) return { kind: 'write-set' };
  const isPlaced = theirs.binlogEnd !== undefined && appliedOf(source, replica) !== undefined;
  if (theirs.gtidExecuted === undefined || gtidsOf(own) === undefined)
    return isPlaced ? { kind: 'coordinates' } : { kind: 'none', because: obstacle(source, replica) };
  // Else there may be transactions without a GTID in the source's binary log, also where its own gtid_mode is ON by now.
  const complete = theirs.gtidMode === undefined || own.gtidMode === 'ON';
  return isPlaced && !complete ? { kind: 'gtids-and-coordinates' } : { kind: 'gtids', complete };
}

/** What a server is known to have executed. It may have executed more: see `gtidReplicated`. */
export const gtidsOf = ({ gtidExecuted, gtidReplicated }: ServerFacts): GtidSet | undefined =>
  gtidExecuted ?? gtidReplicated;

/** Up to where the replica has executed that source's binary log, by its channel from it. */
export const appliedOf = (source: ServerView, { upstreams }: ServerView): Coordinates | undefined =>
  upstreams.find(({ member }) => member === source.address)?.channel.applied;

/** Such a grant counts for new connections only. */
export const grantAdvice =
  'GRANT REPLICATION CLIENT ON *.* TO our account on each server, then restart source-dns';

function obstacle(source: ServerView, replica: ServerView): string {
  const [theirs, own] = [source.facts?.gtidMode, replica.facts?.gtidMode];
  if (theirs === undefined)
    return `${source.facts?.gtidExecuted ? replica.address : source.address} reports no GTIDs`;
  // It gives GTIDs to them itself (ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS), which its source does not know.
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

/** Why the sets of a source that has been idle since its replica attached prove nothing, and what would help. */
export function idleObstacle(source: ServerView, replica: ServerView): string {
  const [theirs, own] = [source.facts?.gtidMode, replica.facts?.gtidMode];
  const idle = `${source.address} has committed nothing with a GTID since ${replica.address} attached, and its earlier transactions may have none`;
  if (theirs !== 'ON') return `${idle}: ${grantAdvice}`;
  return `${idle}: SET GLOBAL gtid_mode = ${own === 'ON_PERMISSIVE' ? 'ON' : 'ON_PERMISSIVE'} on ${replica.address}`;
}
