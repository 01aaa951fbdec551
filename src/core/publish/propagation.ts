/** After a move: has it come to every authoritative nameserver, and to the resolvers that applications use? Asked in slices until it has. */

import type { Effect, Event, NameserverTime } from '../model/events.ts';
import { propagationPauseMs, propagationSliceMs, resolverMarginMs } from '../model/limits.ts';
import type { PublicationState, Spread } from '../model/publication.ts';
import { record } from '../model/record.ts';
import { type ClusterState, without } from '../model/state.ts';
import { isoTime, type MonoMs, type Now, plusMs } from '../model/units.ts';
import type { Question, Rrset } from '../model/zone.ts';

/** What a write leaves of the source's own RRsets; the replicas' and the ledger's change by themselves, so nobody waits for those. */
interface Expected {
  readonly present: readonly Rrset[];
  readonly absent: readonly Question[];
}

const nobody = (now: Now): Spread => ({
  nameservers: [],
  complete: false,
  running: false,
  nextAt: now.mono,
  overdueAt: now.mono,
});

/** Begins to watch an epoch; what was watched before is over. `isFirst`: the name was not there before, so resolvers may remember that for as long as the SOA says. */
export function watchEpoch(
  publication: PublicationState,
  epoch: number,
  expected: Expected,
  isFirst: boolean,
  now: Now,
): PublicationState {
  const { view, settings } = publication;
  if (view === undefined) return without(publication, 'propagation');
  const names = new Set([...expected.present, ...expected.absent].map(({ name }) => name));
  const ttls = [...view.rrsets.filter(({ name }) => names.has(name)), ...expected.present].map(
    ({ ttlSeconds }) => ttlSeconds,
  );
  const overdueAt = plusMs(now.mono, Math.max(0, ...ttls) * 1000 + resolverMarginMs);
  const resolvers = settings.resolvers && !isFirst ? { resolvers: { ...nobody(now), overdueAt } } : {};
  return {
    ...publication,
    propagation: { epoch, zone: view.zone, ...expected, nameservers: nobody(now), ...resolvers },
  };
}

/** A write that is no move, but changed what is expected, while the move is still watched: from here on the new RRsets are. */
export function watchAgain(publication: PublicationState, expected: Expected, now: Now): PublicationState {
  const { propagation } = publication;
  const isOver =
    propagation === undefined ||
    (propagation.nameservers.complete && propagation.resolvers?.complete !== false);
  if (isOver || expected.present.length + expected.absent.length === 0) return publication;
  return watchEpoch(publication, propagation.epoch, expected, propagation.resolvers === undefined, now);
}

type Among = 'nameservers' | 'resolvers';
export const sides: readonly Among[] = ['nameservers', 'resolvers'];

/** Asks whoever has not answered the new RRsets yet. */
export function propagateIfDue(publication: PublicationState, now: Now, effects: Effect[]): PublicationState {
  return sides.reduce((current, among) => beginSlice(current, among, now, effects), publication);
}

function beginSlice(
  publication: PublicationState,
  among: Among,
  now: Now,
  effects: Effect[],
): PublicationState {
  const { propagation, settings } = publication;
  const spread = propagation?.[among];
  if (
    propagation === undefined ||
    spread === undefined ||
    spread.complete ||
    spread.running ||
    now.mono < spread.nextAt
  )
    return publication;
  const { epoch, zone, present, absent } = propagation;
  const deadline = plusMs(now.mono, Math.max(settings.timeoutMs, propagationSliceMs));
  effects.push({
    kind: 'propagate',
    nameserver: settings.nameserver,
    among,
    epoch,
    zone,
    present,
    absent,
    deadline,
  });
  return { ...publication, propagation: { ...propagation, [among]: { ...spread, running: true } } };
}

/** When the next slice begins; none: nothing is missing, or it is asked for now. */
export const nextSlices = ({ propagation }: PublicationState): readonly MonoMs[] =>
  sides.flatMap((among) => {
    const spread = propagation?.[among];
    return spread === undefined || spread.complete || spread.running ? [] : [spread.nextAt];
  });

/** Takes the end of a slice. The history gets a line when something is new in it. */
export function propagated(
  state: ClusterState,
  publication: PublicationState,
  event: Event & { kind: 'propagated' },
  now: Now,
  effects: Effect[],
): PublicationState {
  const { propagation } = publication;
  const among = event.among ?? 'nameservers';
  const spread = propagation?.[among];
  if (propagation?.epoch !== event.epoch || spread === undefined || event.report.superseded)
    return publication;
  const told = event.report.nameservers.map(({ nameserver, answeredAt, serial, failure }): NameserverTime => {
    // Who has answered it once has it: the first time counts.
    const known = spread.nameservers.find((one) => one.nameserver === nameserver && one.at !== undefined);
    if (known !== undefined) return known;
    const at = answeredAt === undefined ? {} : { at: isoTime(answeredAt) };
    const why = failure === undefined || answeredAt !== undefined ? {} : { failure };
    return { nameserver, ...at, ...(serial === undefined ? {} : { serial }), ...why };
  });
  // Nobody was found, or the adapter failed: what was known stays.
  const nameservers = told.length > 0 ? told : spread.nameservers;
  const complete = nameservers.length > 0 && nameservers.every((one) => one.at !== undefined);
  const next = {
    ...spread,
    nameservers,
    complete,
    running: false,
    nextAt: plusMs(now.mono, propagationPauseMs),
  };
  const isNews = spread.nameservers.length !== nameservers.length || missing(spread) !== missing(next);
  if (isNews && isWorthALine(among, next, now)) {
    const whom = among === 'resolvers' ? ({ among } as const) : {};
    effects.push(
      record(state, publication, now, {
        kind: 'propagated',
        epoch: event.epoch,
        ...whom,
        nameservers,
        complete,
      }),
    );
  }
  return { ...publication, propagation: { ...propagation, [among]: next } };
}

const missing = ({ nameservers }: Spread): string =>
  nameservers
    .filter((one) => one.at === undefined)
    .map((one) => one.nameserver)
    .join(' ');

/** A resolver that keeps an answer for its TTL does what it should. */
const isWorthALine = (among: Among, spread: Spread, now: Now): boolean =>
  among === 'nameservers' || spread.complete || now.mono >= spread.overdueAt;
