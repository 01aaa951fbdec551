/** Which addresses of a server may be published: those at which this server answered (docs/decisions/017). */

import type { AddressTrial } from '../model/address-trial.ts';
import type { Turn } from '../model/events.ts';
import { keptList } from '../model/kept-list.ts';
import { addressLimit, retryAddressMs } from '../model/limits.ts';
import { type Failure, type Places, type Probe, splitAddress, type Unasked } from '../model/observation.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import { type MonoMs, type Now, plusMs, type ServerAddress } from '../model/units.ts';

/** The state of the resolver's newest answer for a server. */
export type Proposal =
  /** It was not looked up, or `publish:` says what clients get. */
  | { readonly kind: 'none' }
  /** This address was not tried yet. */
  | { readonly kind: 'pending'; readonly address: string }
  /** `unproven`: no answer there, left out. `unreached`: those of a family without any answer. */
  | {
      readonly kind: 'proven';
      readonly addresses: readonly string[];
      readonly unproven: readonly string[];
      readonly unreached: readonly string[];
    }
  /** The server answered at none of them. */
  | { readonly kind: 'unproven'; readonly addresses: readonly string[] }
  /** They lead to other servers too, or this is not known. */
  | { readonly kind: 'ambiguous'; readonly addresses: readonly string[] };

/** Two readings of one process's start may differ by this: `Uptime` counts whole seconds. */
const sameStartMs = 3000;

/** Takes the resolver's answer. A failure changes nothing: the last answer stays. */
export function takeProposal(
  state: ClusterState,
  memory: ServerMemory,
  found: readonly string[] | undefined,
  failure?: Failure,
): ServerMemory {
  if (found === undefined || found.length === 0)
    return failure ? { ...memory, resolveFailure: failure } : memory;
  const proposed = keptList(memory.proposed, found.toSorted());
  const peer = memory.facts?.peer;
  const known = [...memory.trials].filter(([address]) => proposed.includes(address) || address === peer);
  const trials = known.length === memory.trials.size ? memory.trials : new Map(known);
  return accept(state, { ...memory, resolveFailure: undefined, proposed, trials });
}

/** Takes the address of an answer. If a new connection led elsewhere, the resolver is asked again. */
export function takePeer(
  state: ClusterState,
  before: ServerMemory,
  memory: ServerMemory,
  now: Now,
): ServerMemory {
  const { facts, proposed } = memory;
  const last = before.facts;
  if (facts?.peer === undefined || facts === last) return memory;
  const isSame = last === undefined || last.id === facts.id;
  if (isSame && last?.peer === facts.peer && memory.trials.has(facts.peer)) return memory;
  const trials = new Map(isSame ? memory.trials : []);
  // It answered there before: whether it still would is not known.
  if (last?.peer !== undefined && trials.has(last.peer))
    trials.set(last.peer, { outcome: 'untried', at: now.mono, wasSame: true });
  trials.set(facts.peer, { outcome: 'same', at: now.mono, wasSame: true });
  const isElsewhere =
    proposed !== undefined && !proposed.includes(facts.peer) && last?.session !== facts.session;
  return accept(state, {
    ...memory,
    trials,
    // Another server answered at the earlier addresses, perhaps another member: they were never this server's.
    addresses: isSame || memory.addresses?.includes(facts.peer) ? memory.addresses : [facts.peer],
    nextResolveAt: isElsewhere ? now.mono : memory.nextResolveAt,
  });
}

/** Takes a trial's outcome. If the server moved to the new addresses, the kept connection follows. */
export function takeTrial(
  { now, effects }: Turn,
  state: ClusterState,
  before: ServerMemory,
  probe: Probe | Unasked,
): ServerMemory {
  const address = before.trying;
  const memory = { ...before, trying: undefined };
  // A trial tells nothing about a silent server, or about the address of the kept connection.
  if (
    address === undefined ||
    probe.kind === 'unasked' ||
    memory.facts === undefined ||
    memory.latest?.probe.kind !== 'reachable' ||
    address === memory.facts.peer
  )
    return memory;
  const trial = trialOf(memory, address, probe, now);
  const tried = accept(state, { ...memory, trials: new Map(memory.trials).set(address, trial) });
  const { proposed = [], facts } = tried;
  const isElsewhere =
    facts?.peer !== undefined && !proposed.includes(facts.peer) && proposalOf(state, tried).kind === 'proven';
  // After a sleep `Uptime` is wrong for the old connection: a new one asks again.
  const isDoubtful = probe.kind === 'reachable' && trial.outcome === 'silent';
  if (isElsewhere || isDoubtful) effects.push({ kind: 'renew', server: memory.settings.address });
  return tried;
}

function trialOf(memory: ServerMemory, address: string, probe: Probe, now: Now): AddressTrial {
  const wasSame = memory.trials.get(address)?.wasSame === true;
  if (probe.kind !== 'reachable')
    return { outcome: 'silent', at: now.mono, wasSame, said: probe.failure.message };
  const { id, uptimeSeconds } = probe.facts;
  if (id !== memory.facts?.id) return { outcome: 'other', at: now.mono, wasSame, id };
  const startedAt = now.mono - uptimeSeconds * 1000;
  const knownStart = (memory.factsAt ?? now.mono) - memory.facts.uptimeSeconds * 1000;
  // A copy of its data folder has the same UUID.
  if (Math.abs(startedAt - knownStart) > sameStartMs)
    return {
      outcome: 'silent',
      at: now.mono,
      wasSame,
      said: 'the server there has the same identity, but its process began at another time',
    };
  return { outcome: 'same', at: now.mono, wasSame: true };
}

/** Takes the resolver's whole answer once the server answers at one of its addresses. */
function accept(state: ClusterState, memory: ServerMemory): ServerMemory {
  const { facts, proposed } = memory;
  if (facts?.peer === undefined || !proposed?.includes(facts.peer)) return memory;
  const proposal = proposalOf(state, memory);
  if (proposal.kind !== 'proven') return memory;
  return { ...memory, addresses: keptList(memory.addresses, proposal.addresses) };
}

export function proposalOf(state: ClusterState, memory: ServerMemory): Proposal {
  const { proposed, trials, facts } = memory;
  if (proposed === undefined || facts?.peer === undefined) return { kind: 'none' };
  if (proposed.length > addressLimit) return { kind: 'ambiguous', addresses: proposed };
  const outcome = (address: string) => trials.get(address)?.outcome;
  const same = proposed.filter((address) => outcome(address) === 'same');
  const rest = proposed.filter((address) => outcome(address) !== 'same');
  if (rest.length === 0) return { kind: 'proven', addresses: same, unproven: [], unreached: [] };
  if (rest.some((address) => memberAt(state, memory, address) !== undefined))
    return { kind: 'ambiguous', addresses: proposed };
  const untried = rest.find((address) => (outcome(address) ?? 'untried') === 'untried');
  if (untried !== undefined) return { kind: 'pending', address: untried };
  if (same.length === 0) return { kind: 'unproven', addresses: proposed };
  // A family without any answer is left out. Within a family, clients would get the unproven address as often
  // as the other.
  const unreached = rest.filter((address) => !same.some((other) => isIpv6(other) === isIpv6(address)));
  const isForeign = (address: string) =>
    !unreached.includes(address) && trials.get(address)?.wasSame !== true;
  const isAmbiguous = rest.some((address) => outcome(address) === 'other' || isForeign(address));
  return isAmbiguous
    ? { kind: 'ambiguous', addresses: proposed }
    : { kind: 'proven', addresses: same, unproven: rest, unreached };
}

const isIpv6 = (address: string): boolean => address.includes(':');

/**
 * Another configured server at that address: it answered there, or is known to be there. The port decides
 * between servers of one machine; a MariaDB server has another identity under each name.
 */
export function memberAt(
  state: ClusterState,
  memory: ServerMemory,
  address: string,
): ServerAddress | undefined {
  const trial = memory.trials.get(address);
  if (trial?.outcome === 'same') return undefined;
  const member = othersThan(state, memory).find((other) => {
    if (trial?.id !== undefined && other.facts?.id === trial.id) return true;
    const isKnownThere = trial?.outcome !== 'other' && other.addresses?.includes(address) === true;
    return hasPortOf(other, memory) && (other.facts?.peer === address || isKnownThere);
  });
  return member?.settings.address;
}

const othersThan = (state: ClusterState, memory: ServerMemory): readonly ServerMemory[] =>
  [...state.servers.values()].filter(
    ({ settings }) => settings.address !== memory.settings.address && !settings.discovered,
  );

const hasPortOf = (a: ServerMemory, b: ServerMemory): boolean =>
  splitAddress(a.settings.address).port === splitAddress(b.settings.address).port;

/** The address to try next, and when: of a server that answers, not where its connection leads. */
export function nextTrial({
  proposed = [],
  trials,
  facts,
  latest,
  trying,
}: ServerMemory): { readonly address: string; readonly at: MonoMs } | undefined {
  if (
    facts?.peer === undefined ||
    latest?.probe.kind !== 'reachable' ||
    trying !== undefined ||
    proposed.length > addressLimit
  )
    return undefined;
  let next: { readonly address: string; readonly at: MonoMs } | undefined;
  for (const address of proposed) {
    if (address === facts.peer) continue;
    const last = trials.get(address);
    const at =
      last === undefined || last.outcome === 'untried' ? (0 as MonoMs) : plusMs(last.at, retryAddressMs);
    if (next === undefined || at < next.at) next = { address, at };
  }
  return next;
}

export function tryIfDue({ now, effects }: Turn, state: ClusterState, memory: ServerMemory): ServerMemory {
  const next = nextTrial(memory);
  if (next === undefined || now.mono < next.at) return memory;
  const { address } = next;
  effects.push({
    kind: 'try-address',
    server: memory.settings.address,
    address,
    deadline: plusMs(now.mono, state.settings.watch.probeTimeoutMs),
  });
  return { ...memory, trying: address };
}

/** Only host names that may be published are looked up. */
export const isLookedUp = ({ settings }: ServerMemory): boolean =>
  settings.publish === undefined && settings.discovered === undefined;

/** Where a new connection shall begin; undefined: at the resolver's addresses. */
export function placesOf(state: ClusterState, memory: ServerMemory): Places | undefined {
  const { addresses: known, proposed = [] } = memory;
  if (known === undefined) return undefined;
  const isRefuted = (address: string) => !known.includes(address) && isOfAnother(state, memory, address);
  return { known, refuted: proposed.filter(isRefuted) };
}

/** Another server answered at that address, or another configured server is known to be there. */
export const isOfAnother = (state: ClusterState, memory: ServerMemory, address: string): boolean =>
  memory.trials.get(address)?.outcome === 'other' || memberAt(state, memory, address) !== undefined;

/** Rejects the answer of another member. Two names that always led to one server are `duplicate-uuid`. */
export function notMisled(state: ClusterState, memory: ServerMemory, probe: Probe): Probe {
  if (probe.kind !== 'reachable' || memory.facts === undefined || memory.facts.id === probe.facts.id)
    return probe;
  const { id, peer, serverId } = probe.facts;
  const isThat = ({ facts }: ServerMemory) =>
    facts?.peer === peer && (facts?.id === id || (serverId !== undefined && facts?.serverId === serverId));
  const member =
    peer === undefined
      ? undefined
      : othersThan(state, memory).find((other) => hasPortOf(other, memory) && isThat(other));
  if (member === undefined) return probe;
  const message = `${memory.settings.address}: its host name leads to ${peer}, where ${member.settings.address} answers`;
  return {
    kind: 'unknown',
    failure: { code: 'another-member', message, hint: 'correct the address records of its host name' },
  };
}

/** Whether the addresses of a server that answers are not known yet. */
export const isLocating = (state: ClusterState, memory: ServerMemory): boolean =>
  memory.settings.publish === undefined &&
  memory.addresses === undefined &&
  (memory.proposed === undefined
    ? memory.resolveFailure === undefined
    : proposalOf(state, memory).kind === 'pending');
