/** The times of one move of the name. */

import type { HistoryEntry } from '../../core/model/events.ts';
import { until } from '../host/until.ts';
import type { LabServer } from '../servers/cluster.ts';
import type { Stage } from './stage.ts';

/** A server that has become writable. */
export interface Promotion {
  readonly from: LabServer;
  readonly to: LabServer;
  /** performance.now() just before it became writable. */
  readonly promotedAt: number;
}

/** When (performance.now) the nameservers began to answer with one server. */
export interface Answered {
  readonly primary: number;
  readonly secondary: number;
}

/** Milliseconds since the moment just before `SET GLOBAL read_only = OFF` was sent. */
export interface MoveTimes {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  /** By source-dns: it saw the promotion, decided, and learned that the update is in the zone. */
  readonly seenMs: number;
  readonly decidedMs: number;
  readonly appliedMs: number;
  /** By the lab's observers: the primary nameserver answers, and the secondary too. */
  readonly promotedToAnswerMs: number;
  readonly propagatedMs: number;
  /** The web application has its first acknowledged write on the new source. */
  readonly writtenMs: number;
  /** Its writes that failed between the last one on the old source and the first one on the new source. */
  readonly failedWrites: number;
}

/** When (performance.now) the web application first wrote to the new source, and how many writes failed. */
export interface Written {
  readonly at: number;
  readonly failed: number;
}

/** Combines the history of source-dns with the answers that the lab observed. */
export async function timesOfMove(
  { daemon }: Stage,
  { from, to, promotedAt }: Promotion,
  answered: Answered,
  written: Written,
): Promise<MoveTimes> {
  let move: (HistoryEntry & { kind: 'move' }) | undefined;
  await until(`the history to have the move to ${to.name}`, async () => {
    move = (await daemon.history()).findLast((entry) => entry.kind === 'move');
    return move?.to.server === to.server;
  });
  // As wall-clock time: the daemon is another process, and has no other clock in common with us.
  const promotedWall = performance.timeOrigin + promotedAt;
  const after = (iso: string | undefined) =>
    iso === undefined ? 0 : Math.max(0, Math.round(Date.parse(iso) - promotedWall));
  return {
    from: from.name,
    to: to.name,
    reason: move?.reason ?? 'unknown',
    seenMs: after(move?.seenAt),
    decidedMs: after(move?.decidedAt),
    appliedMs: after(move?.appliedAt),
    promotedToAnswerMs: Math.round(answered.primary - promotedAt),
    propagatedMs: Math.round(Math.max(answered.primary, answered.secondary) - promotedAt),
    writtenMs: Math.round(written.at - promotedAt),
    failedWrites: written.failed,
  };
}
