/** A nameserver refuses an update: which RRset is it, and what would allow it? Asked beside the updates, which go on at their own pace. */

import type { Effect, Event } from './events.ts';
import { inspectRefusalEveryMs, queueingTimeouts } from './limits.ts';
import type { Failure } from './observation.ts';
import type { Refusal } from './publication.ts';
import type { Attempt, PublicationState } from './state.ts';
import type { MonoMs, Now } from './units.ts';
import { plusMs } from './units.ts';
import type { UpdateOutcome } from './zone.ts';

/** What a nameserver says no with, and says no more. Knot has the second for a policy, too. */
const refusals: ReadonlySet<string> = new Set(['update-refused', 'zone-not-served']);

type Failed = Exclude<UpdateOutcome, { kind: 'applied' }>;

/** Takes why an update failed: what was found out about the same refusal is told instead. */
export function withWriteFailure(publication: PublicationState, attempt: Attempt, outcome: Failed, now: Now): PublicationState {
  const { failure } = outcome;
  if (!refusals.has(failure.code)) return { ...publication, writeFailure: failure };
  const { refusal: known, writeFailure } = publication;
  const about = aboutOf(attempt, failure);
  // An update that was applied since, or another failure, ends what was known.
  const found = writeFailure !== undefined && known?.about === about ? known.found : undefined;
  const refusal: Refusal = {
    about,
    plan: attempt.plan,
    said: failure,
    ...(found === undefined ? {} : { found }),
    // Without a sure answer it may still be applied: a command then waits for what the zone shows.
    ...(outcome.kind === 'refused' && attempt.commandId !== undefined ? { commandId: attempt.commandId } : {}),
    isDue: true,
    isRunning: known?.about === about && known.isRunning,
    nextAt: known?.nextAt ?? now.mono,
  };
  return { ...publication, refusal, writeFailure: found ?? failure };
}

/** The same RRsets, refused with the same words. */
function aboutOf({ plan }: Attempt, { message }: Failure): string {
  const changed = plan.changes.map((change) => ('rrset' in change ? change.rrset : change)).map(({ name, type }) => `${name} ${type}`);
  return [...new Set(changed)].sort().join(', ') + message;
}

/** Looks into a refusal, one at a time and not more often than the limit: many clusters may share the nameserver. */
export function inspectIfDue(publication: PublicationState, now: Now, effects: Effect[]): PublicationState {
  const { refusal, settings } = publication;
  if (refusal === undefined || now.mono < (nextInspection(publication) ?? Number.POSITIVE_INFINITY)) return publication;
  const { about, plan, said } = refusal;
  const patienceMs = queueingTimeouts * settings.timeoutMs;
  const deadline = plusMs(now.mono, patienceMs);
  effects.push({ kind: 'inspect-refusal', nameserver: settings.nameserver, about, plan, failure: said, deadline });
  const nextAt = plusMs(now.mono, Math.max(inspectRefusalEveryMs, 2 * patienceMs));
  return { ...publication, refusal: { ...refusal, isDue: false, isRunning: true, nextAt } };
}

/** When the next one begins; undefined: nothing waits for one. An update that was applied since needs none. */
export const nextInspection = ({ refusal, writeFailure }: PublicationState): MonoMs | undefined =>
  refusal?.isDue && writeFailure !== undefined ? refusal.nextAt : undefined;

/** What this command wanted was refused, and the first inspection is on its way, or about to begin: more is known by its deadline. */
export const isLookedInto = ({ refusal }: PublicationState, commandId: string, now: Now): boolean =>
  refusal?.commandId === commandId && refusal.found === undefined && (refusal.isRunning || (refusal.isDue && now.mono >= refusal.nextAt));

/** Takes what was found out. A failure of another kind that came since says more; an inspection that could not tell says nothing new. */
export function refusalInspected(
  publication: PublicationState,
  { about, failure }: Event & { kind: 'refusal-inspected' },
): PublicationState {
  const { refusal, writeFailure } = publication;
  if (refusal?.about !== about) return publication;
  const found = failure.message === refusal.said.message ? (refusal.found ?? failure) : failure;
  const isTold = writeFailure !== undefined && refusals.has(writeFailure.code);
  return { ...publication, refusal: { ...refusal, found, isRunning: false }, ...(isTold ? { writeFailure: found } : {}) };
}
