/** Inspects a refused update: which RRset is refused, and what would allow it? Updates do not wait. */

import { withWriting } from '../model/changed-publication.ts';
import type { Event, Turn } from '../model/events.ts';
import { inspectRefusalEveryMs, queueingTimeouts, refusalsKept } from '../model/limits.ts';
import type { Failure } from '../model/observation.ts';
import type { Attempt, PublicationState, WhyRefused } from '../model/publication.ts';
import { type MonoMs, type Now, plusMs } from '../model/units.ts';
import type { UpdateOutcome } from '../model/zone.ts';

/** Refusals without a reason. Knot uses the second one for a policy too. */
const refusals: ReadonlySet<string> = new Set(['update-refused', 'zone-not-served']);

type Failed = Exclude<UpdateOutcome, { kind: 'applied' }>;

/** Notes why an update failed. If the same refusal was inspected before, its finding is noted instead. */
export function withWriteFailure(
  publication: PublicationState,
  attempt: Attempt,
  outcome: Failed,
  now: Now,
): PublicationState {
  const { failure } = outcome;
  if (!refusals.has(failure.code)) return withWriting(publication, { failure });
  const { whyRefused, failure: before } = publication.writing;
  const about = aboutOf(attempt, failure);
  const known = whyRefused.find((refusal) => refusal.about === about);
  const others = whyRefused.filter((refusal) => refusal !== known);
  // The new refusal takes over the time of the forgotten one, so the limit of inspections holds.
  const forgotten = others.length < refusalsKept ? undefined : others[0];
  // No failure before: an update was applied since, so the old finding is void.
  const found = before === undefined ? undefined : known?.found;
  const refusal: WhyRefused = {
    about,
    plan: attempt.plan,
    said: failure,
    found,
    // Otherwise the update may still be applied, and a command waits for what the zone shows.
    commandId: outcome.kind === 'refused' ? attempt.commandId : undefined,
    isDue: true,
    isRunning: known?.isRunning ?? false,
    nextAt: known?.nextAt ?? forgotten?.nextAt ?? now.mono,
  };
  return withWriting(publication, {
    whyRefused: [...others.slice(forgotten ? 1 : 0), refusal],
    failure: found ?? failure,
  });
}

/** The key of a refusal: the same RRsets, refused with the same words. */
function aboutOf({ plan }: Attempt, { message }: Failure): string {
  const changed = plan.changes
    .map((change) => ('rrset' in change ? change.rrset : change))
    .map(({ name, type }) => `${name} ${type}`);
  return [...new Set(changed)].sort().join(', ') + message;
}

/** Inspects one refusal at a time, within the limits: clusters may share the nameserver. */
export function inspectIfDue({ now, effects }: Turn, publication: PublicationState): PublicationState {
  const next = nextRefusal(publication);
  if (next === undefined || now.mono < next.nextAt) return publication;
  const { nameserver, timeoutMs } = publication.settings;
  const { about, plan, said: failure } = next;
  const patienceMs = queueingTimeouts * timeoutMs;
  const deadline = plusMs(now.mono, patienceMs);
  effects.push({ kind: 'inspect-refusal', nameserver, about, plan, failure, deadline });
  const nextAt = plusMs(now.mono, Math.max(inspectRefusalEveryMs, 2 * patienceMs));
  return withRefusal(publication, { ...next, isDue: false, isRunning: true, nextAt });
}

/** When the next inspection begins; undefined: no refusal waits. */
export const nextInspection = (publication: PublicationState): MonoMs | undefined =>
  nextRefusal(publication)?.nextAt;

/** None after an applied update, and none while an inspection runs. */
function nextRefusal({ writing }: PublicationState): WhyRefused | undefined {
  const { whyRefused, failure, leftOut } = writing;
  const isTold = failure !== undefined || leftOut !== undefined;
  if (!isTold || whyRefused.some(({ isRunning }) => isRunning)) return undefined;
  return whyRefused.filter(({ isDue }) => isDue).toSorted((a, b) => a.nextAt - b.nextAt)[0];
}

/** The zone is as decided, so nobody waits for an answer; but a person who gave a command does. */
export function withoutInspections(publication: PublicationState): PublicationState {
  const { whyRefused } = publication.writing;
  const isIdle = ({ isDue, commandId }: WhyRefused): boolean => isDue && commandId === undefined;
  if (!whyRefused.some(isIdle)) return publication;
  return withWriting(publication, {
    whyRefused: whyRefused.map((refusal) => (isIdle(refusal) ? { ...refusal, isDue: false } : refusal)),
  });
}

const withRefusal = (publication: PublicationState, refusal: WhyRefused): PublicationState =>
  withWriting(publication, {
    whyRefused: publication.writing.whyRefused.map((each) => (each.about === refusal.about ? refusal : each)),
  });

/** The update of this command was refused, and its first inspection runs or is about to begin. */
export const isLookedInto = (
  { writing: { whyRefused } }: PublicationState,
  command: string,
  now: Now,
): boolean =>
  whyRefused.some(
    ({ commandId, found, isRunning, isDue, nextAt }) =>
      commandId === command && found === undefined && (isRunning || (isDue && now.mono >= nextAt)),
  );

/** Whether the update of this command had this refusal. */
export const isRefusalOf = (
  { writing: { whyRefused } }: PublicationState,
  about: string,
  command: string,
): boolean => whyRefused.some((refusal) => refusal.about === about && refusal.commandId === command);

/** Takes the finding of an inspection. A newer failure stays. Without a finding nothing changes. */
export function refusalInspected(
  publication: PublicationState,
  { about, failure }: Event & { kind: 'refusal-inspected' },
): PublicationState {
  const { whyRefused, failure: told } = publication.writing;
  const refusal = whyRefused.find((each) => each.about === about);
  if (refusal === undefined) return publication;
  const found = failure.message === refusal.said.message ? (refusal.found ?? failure) : failure;
  const isTold = told !== undefined && refusals.has(told.code) && refusal === whyRefused.at(-1);
  const inspected = withRefusal(publication, { ...refusal, found, isRunning: false });
  return isTold ? withWriting(inspected, { failure: found }) : inspected;
}
