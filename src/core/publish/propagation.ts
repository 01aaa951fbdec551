/** Watches a move until every authoritative nameserver, and every configured resolver, answers with it. */

import { type Event, type NameserverTime, record, type Turn } from '../model/events.ts';
import { propagationPauseMs, propagationSliceMs, resolverMarginMs } from '../model/limits.ts';
import type { Propagation, PublicationState, Spread } from '../model/publication.ts';
import { isoTime, type MonoMs, type Now, plusMs } from '../model/units.ts';
import type { Question, Rrset } from '../model/zone.ts';

/** The source's own RRsets after a write. Nobody waits for the replicas' and the ledger's. */
interface Expected {
  readonly present: readonly Rrset[];
  readonly absent: readonly Question[];
}

export const isComplete = ({ completeAt }: Spread): boolean => completeAt !== undefined;

const notAskedYet = (now: Now): Spread => ({
  nameservers: [],
  completeAt: undefined,
  running: false,
  nextAt: now.mono,
  overdueAt: now.mono,
});

/**
 * Begins to watch an epoch, and ends the watch before it. `isFirst`: the name did not exist before. Resolvers
 * may remember that for as long as the SOA says, so they are not watched. `earlier`: the watch of the same
 * epoch.
 */
export function watchEpoch(
  publication: PublicationState,
  { epoch, present, absent, isFirst }: Expected & { readonly epoch: number; readonly isFirst: boolean },
  now: Now,
  earlier?: Pick<Propagation, 'since' | 'ttlMs'>,
): PublicationState {
  const { settings } = publication;
  const { view } = publication.zone;
  if (view === undefined) return { ...publication, propagation: undefined };
  const names = new Set([...present, ...absent].map(({ name }) => name));
  const before = view.rrsets.filter(({ name }) => names.has(name));
  const ttls = [...before, ...present].map(({ ttlSeconds }) => ttlSeconds);
  const longestMs = Math.max(0, ...ttls) * 1000;
  // What was answered since the move does not lead to the old source.
  const { since, ttlMs } = earlier ?? { since: now.mono, ttlMs: longestMs };
  const overdueAt = plusMs(now.mono, longestMs + resolverMarginMs);
  const resolvers = settings.resolvers && !isFirst ? { ...notAskedYet(now), overdueAt } : undefined;
  const { zone } = view;
  return {
    ...publication,
    propagation: { epoch, zone, present, absent, since, ttlMs, nameservers: notAskedYet(now), resolvers },
  };
}

/** A write that is not a move changes what is expected, while the last move is still watched. */
export function watchAgain(publication: PublicationState, expected: Expected, now: Now): PublicationState {
  const { propagation } = publication;
  const isOver =
    propagation === undefined ||
    audiences.every((among) => propagation[among] === undefined || isComplete(propagation[among]));
  if (isOver || expected.present.length + expected.absent.length === 0) return publication;
  const { epoch } = propagation;
  const isFirst = propagation.resolvers === undefined;
  return watchEpoch(publication, { epoch, ...expected, isFirst }, now, propagation);
}

type Among = 'nameservers' | 'resolvers';
export const audiences: readonly Among[] = ['nameservers', 'resolvers'];

/** Asks the nameservers and resolvers that have not answered with the new RRsets yet. */
export const propagateIfDue = (turn: Turn, publication: PublicationState): PublicationState =>
  audiences.reduce((current, among) => beginSlice(turn, current, among), publication);

function beginSlice({ now, effects }: Turn, publication: PublicationState, among: Among): PublicationState {
  const { propagation, settings } = publication;
  const spread = propagation?.[among];
  if (propagation === undefined || spread === undefined) return publication;
  if (isComplete(spread) || spread.running || now.mono < spread.nextAt) return publication;
  const { epoch, zone, present, absent } = propagation;
  const { nameserver, timeoutMs } = settings;
  const deadline = plusMs(now.mono, Math.max(timeoutMs, propagationSliceMs));
  effects.push({ kind: 'propagate', nameserver, among, epoch, zone, present, absent, deadline });
  return { ...publication, propagation: { ...propagation, [among]: { ...spread, running: true } } };
}

/** When the next slices begin. Empty: nothing is missing, or a slice is running. */
export const nextSlices = ({ propagation }: PublicationState): readonly MonoMs[] =>
  audiences.flatMap((among) => {
    const spread = propagation?.[among];
    return spread === undefined || isComplete(spread) || spread.running ? [] : [spread.nextAt];
  });

/** Takes the end of a slice. The history gets a line if something is new. */
export function propagated(
  turn: Turn,
  publication: PublicationState,
  event: Event & { kind: 'propagated' },
): PublicationState {
  const { now } = turn;
  const { propagation } = publication;
  const { epoch, report, among = 'nameservers' } = event;
  const spread = propagation?.[among];
  if (propagation?.epoch !== epoch || spread === undefined || report.superseded) return publication;
  const told = report.nameservers.map(({ nameserver, answeredAt, serial, failure }): NameserverTime => {
    // The first answer with the move counts.
    const known = spread.nameservers.find((one) => one.nameserver === nameserver && one.at !== undefined);
    if (known !== undefined) return known;
    const at = answeredAt === undefined ? undefined : isoTime(answeredAt);
    return { nameserver, at, serial, failure: at === undefined ? failure : undefined };
  });
  // No nameserver was found, or the adapter failed: keep what was known.
  const nameservers = told.length > 0 ? told : spread.nameservers;
  const complete = nameservers.length > 0 && nameservers.every((one) => one.at !== undefined);
  const nextAt = plusMs(now.mono, propagationPauseMs);
  const completeAt = complete ? now.mono : undefined;
  const next: Spread = { ...spread, nameservers, completeAt, running: false, nextAt };
  const isNews = spread.nameservers.length !== nameservers.length || missing(spread) !== missing(next);
  if (isNews && isWorthALine(among, next, now)) {
    const asked = among === 'resolvers' ? among : undefined;
    const { nameserver } = publication.settings;
    record(turn, nameserver, { kind: 'propagated', epoch, among: asked, nameservers, complete });
  }
  return { ...publication, propagation: { ...propagation, [among]: next } };
}

const missing = ({ nameservers }: Spread): string =>
  nameservers
    .filter((one) => one.at === undefined)
    .map((one) => one.nameserver)
    .join(' ');

/** A resolver may keep the old answer for its TTL: that is no news. */
const isWorthALine = (among: Among, spread: Spread, now: Now): boolean =>
  among === 'nameservers' || isComplete(spread) || now.mono >= spread.overdueAt;
