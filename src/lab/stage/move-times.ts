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

/** Since when (performance.now) both nameservers answer with one server. */
export interface Answered {
  readonly primary: number;
  readonly secondary: number;
}

/** One move of the name. All times are milliseconds after the moment just before `SET GLOBAL read_only = OFF` was sent. */
export interface MoveTimes {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  /** As source-dns tells them: it saw the promotion, decided, and was told by the primary nameserver that the update is in the zone. */
  readonly seenMs: number;
  readonly decidedMs: number;
  readonly appliedMs: number;
  /** As the lab's own observer saw them: the primary nameserver answers, and the secondary too. */
  readonly promotedToAnswerMs: number;
  readonly propagatedMs: number;
}

/** Puts what source-dns says of its newest move beside what was observed from outside. */
export async function timesOfMove(
  { daemon }: Stage,
  { from, to, promotedAt }: Promotion,
  answered: Answered,
): Promise<MoveTimes> {
  let move: (HistoryEntry & { kind: 'move' }) | undefined;
  await until(`the history to have the move to ${to.name}`, async () => {
    move = (await daemon.history()).findLast((entry) => entry.kind === 'move');
    return move?.to.server === to.server;
  });
  // performance.now() of the promotion, as wall-clock time: the daemon is another process, and shares no other clock with us.
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
  };
}
