/**
 * Judges what the account that fences did in a round: S8, as far as it shows from outside, and whether an old
 * source stopped taking writes. Pure.
 */

import type { Evidence, FenceAct, Violation } from './evidence.ts';
import { ledgerOf } from './zone-content.ts';

/**
 * From the moment when a fence leaves to its last line in a general log: the time-out of the act, and longer
 * than any fault lets a server hang.
 */
const actMs = 15_000;

/** Each act must be allowed, and what had to stop must have stopped. */
export const judgeFences = (evidence: Evidence): readonly Violation[] => [
  ...evidence.fences.acts.flatMap((act) => {
    const wrong = wrongOf(evidence, act);
    return wrong === undefined
      ? []
      : [
          {
            promise: 'S8' as const,
            what: `${wrong}: ${act.server} got ${act.command} ${act.text}`.slice(0, 300),
          },
        ];
  }),
  ...judgeOld(evidence.fences),
];

function wrongOf(evidence: Evidence, act: FenceAct): string | undefined {
  const { wanted, meant } = evidence.fences;
  if (!wanted) return 'a fence, and nobody has asked for fences';
  const source = meant.findLast(({ from }) => from <= act.at);
  if (source?.uuid === act.uuid) return 'a fence at the source';
  return wasFormer(evidence, act) ? undefined : 'a fence at a server that no ledger named as a former source';
}

/** Whether a ledger that could be read while the fence was on its way names the server as a former source. */
function wasFormer({ zoneBefore, commits, names }: Evidence, { uuid, at }: FenceAct): boolean {
  const states = [
    { zone: zoneBefore, from: Number.NEGATIVE_INFINITY },
    ...commits.map(({ zone, after }) => ({ zone, from: after })),
  ];
  return states.some(({ zone, from }, index) => {
    const until = commits[index]?.seenAt ?? Number.POSITIVE_INFINITY;
    if (from > at || until < at - actMs) return false;
    const reading = ledgerOf(zone, names.source);
    return (
      reading.kind === 'ledger' &&
      reading.ledger.uuid !== uuid &&
      reading.ledger.was.some((former) => former.uuid === uuid)
    );
  });
}

function judgeOld({ old, acts }: Evidence['fences']): readonly Violation[] {
  if (old === undefined) return [];
  const { server, closedAt, lastWriteAt = Number.NEGATIVE_INFINITY, waitsSince, until, boundMs } = old;
  const violation = (what: string): readonly Violation[] => [{ promise: 'fence', what: `${server} ${what}` }];
  if (
    closedAt !== undefined &&
    !acts.some((act) => act.server === server && act.text.startsWith('SET GLOBAL'))
  )
    return violation('is read-only, and its log has no fence');
  if (closedAt !== undefined)
    return lastWriteAt > closedAt ? violation('took a write after it was read-only') : [];
  if (waitsSince === undefined)
    return violation(`took writes for ${Math.round(until - old.since)} of ${boundMs} ms`);
  return lastWriteAt > waitsSince ? violation('acknowledged a commit that no replica had') : [];
}
