/** The replicas' RRset: which servers are fit to be read from. The published RRset gives the hysteresis. */

import { isKeeper } from '../decide/keeper.ts';
import { type Ways, waysTo } from '../decide/replica-lag.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { unsafeKind } from '../model/ip-ranges.ts';
import { type Ledger, replicasText } from '../model/ledger.ts';
import { replicasLimit } from '../model/limits.ts';
import type { ReplicasName } from '../model/settings.ts';
import type { ServerAddress } from '../model/units.ts';
import { findRrset, type Wanted } from '../model/zone.ts';
import { isLocating } from '../observe/server-addresses.ts';
import type { ServerView } from '../observe/topology.ts';
import { differsByTtlAtMost } from './altered.ts';
import { addressRrset } from './desired.ts';
import { differs, isInZone } from './plan.ts';

/** The A and AAAA RRsets of the replicas' name while `source` is the source. Empty: nothing is to change. */
export function wantedReplicas(situation: Situation, source: ServerAddress): readonly Wanted[] {
  const { replicas } = situation.settings;
  if (replicas === undefined) return [];
  // A move makes the published source a former source: not a replica before it has rejoined.
  const others = situation.members.filter(
    (member) => member.address !== source && !isPublished(situation, member),
  );
  const ways = {
    now: waysTo(situation, new Map([[source, 0]])),
    before: waysTo(situation, formerEnd(situation, source)),
  };
  const fit = others.filter((member) => isFit(situation, replicas, member, ways)).slice(0, replicasLimit);
  const addresses = fit.flatMap((member) => publishable(situation, member));
  if (addresses.length === 0 && replicas.whenEmpty === 'keep') return [];
  const standsIn = addresses.length === 0 && replicas.whenEmpty === 'source';
  const shown = standsIn ? sourceAddresses(situation, source) : addresses;
  if (standsIn && shown.length === 0) return [];
  const rdata = [...new Set(shown)].toSorted();
  return [
    addressRrset(replicas.name, 'A', replicas.ttlSeconds, rdata),
    addressRrset(replicas.name, 'AAAA', replicas.ttlSeconds, rdata),
  ];
}

/** Whether the zone differs. A TTL alone counts only for the keeper: else instances take turns. */
export function areReplicasWrong(situation: Situation, wanted: readonly Wanted[]): boolean {
  const { publication, ledger } = situation;
  const { view } = publication.zone;
  if (view === undefined) return false;
  const ours = ledger !== undefined && isKeeper(situation, ledger);
  return wanted.some((want) => {
    const there = findRrset(view.rrsets, want.name, want.type);
    return isInZone(view, want) && differs(view, want) && (ours || !differsByTtlAtMost(there, want.rrset));
  });
}

/** Just after a start, servers are not asked or resolved yet. Writing then would empty a name that works. */
export const isLookingAround = ({ members, state }: Situation): boolean =>
  members.some(({ contact, address }) => {
    const memory = state.servers.get(address);
    return contact === 'unobserved' || (memory !== undefined && isLocating(state, memory));
  });

/** Another instance keeps them by other rules. A ledger of an older version does not name the rules. */
export const doRulesDiffer = (situation: Situation, ledger: Ledger): boolean =>
  !isKeeper(situation, ledger) &&
  ledger.replicas !== undefined &&
  replicasText(ledger.replicas) !== replicasText(situation.settings.replicas);

/**
 * What to remove of a replicas' name that is no longer configured: RRsets that show only servers of ours.
 * Undefined: not known yet.
 */
export function leftoverReplicas(
  { publication, settings, members, state }: Situation,
  ledger: Ledger,
): readonly Wanted[] | undefined {
  const name = ledger.replicas?.name;
  if (name === undefined || name === settings.replicas?.name) return [];
  const { view } = publication.zone;
  if (!view?.questions?.some((question) => question.name === name)) return undefined;
  const addressesOf = (member: ServerView) => [
    ...(member.addresses ?? []),
    ...(state.servers.get(member.address)?.proposed ?? []),
  ];
  const known = new Set(members.flatMap(addressesOf));
  const there = (['A', 'AAAA'] as const).flatMap((type) => findRrset(view.rrsets, name, type) ?? []);
  const ours = there.filter((rrset) =>
    (rrset.rdata as readonly string[]).every((address) => known.has(address)),
  );
  const isWaiting = ours.length < there.length && members.some((member) => addressesOf(member).length === 0);
  return isWaiting ? undefined : ours.map(({ type }) => ({ name, type }));
}

const publishable = ({ state }: Situation, member: ServerView): readonly string[] =>
  (member.addresses ?? []).filter(
    (address) => unsafeKind(address, state.settings.allowLoopback) === undefined,
  );

/** Where none is proven, a published source has those of its name. */
function sourceAddresses(situation: Situation, source: ServerAddress): readonly string[] {
  const { ledger, members } = situation;
  const member = members.find((server) => server.address === source);
  if (member?.addresses) return publishable(situation, member);
  return ledger?.source === source && ledger.form.type === 'address' ? ledger.form.targets : [];
}

/** Lags at most `max_lag`. A server that is not listed yet must lag at most half of it, against flapping. */
function isFit(
  situation: Situation,
  replicas: ReplicasName,
  member: ServerView,
  { now, before }: Record<'now' | 'before', Ways>,
): boolean {
  if (member.contact !== 'reachable' || isSuperseded(situation, member) || !belongsToLine(situation, member))
    return false;
  const isIn = (member.addresses ?? []).some((address) => isListed(situation, replicas, address));
  const isWithin = (ways: Ways, maxLagMs: number): boolean =>
    (ways.get(member.address)?.lagSeconds ?? Number.POSITIVE_INFINITY) * 1000 <= maxLagMs;
  return (
    isWithin(now, isIn ? replicas.maxLagMs : replicas.maxLagMs / 2) ||
    (isIn && isWithin(before, replicas.maxLagMs))
  );
}

/**
 * The source that loses the name, or lost it last, if it takes no writes. Its replicas have all data up to
 * the move, and lag by the time since then. They stay listed until a tool has re-pointed them.
 */
function formerEnd(
  { published, ledger, members, publication, now }: Situation,
  source: ServerAddress,
): ReadonlyMap<ServerAddress, number> {
  const isPlanned = published !== undefined && published.address !== source;
  const last = ledger?.was.at(-1);
  const former = isPlanned
    ? published
    : members.find(({ id, address }) => last !== undefined && (id === last.uuid || address === last.address));
  const seen = [publication.limits.moves.at(-1), publication.zone.movedElsewhereAt].filter(
    (at) => at !== undefined,
  );
  const movedAt = isPlanned ? now.mono : Math.max(...seen);
  if (former?.facts === undefined || former.writable || former.address === source) return new Map();
  return new Map([[former.address, (now.mono - movedAt) / 1000]]);
}

function isListed({ publication }: Situation, replicas: ReplicasName, address: string): boolean {
  const rrset = findRrset(
    publication.zone.view?.rrsets ?? [],
    replicas.name,
    address.includes(':') ? 'AAAA' : 'A',
  );
  return rrset !== undefined && (rrset.rdata as readonly string[]).includes(address);
}
