/**
 * Finds one server under several configured addresses (virtual IP, second interface, alias): only one of them
 * counts. A copied data folder has the same UUID, but another process (docs/decisions/018).
 */

import { type ServerFacts, splitAddress } from '../model/observation.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import type { MonoMs, ServerAddress } from '../model/units.ts';

/** Two readings of one process's start may differ by this: whole seconds, slow connections. */
const toleranceMs = 3000;

type Seen = ServerMemory & { readonly facts: ServerFacts; readonly factsAt: MonoMs };

/** Addresses that do not count, each with the one that does: that of the zone, else the first one. */
export function otherAddresses(state: ClusterState): ReadonlyMap<ServerAddress, ServerAddress> {
  const byServer = new Map<string, Seen[]>();
  for (const memory of state.servers.values()) {
    if (!isSeen(memory) || memory.facts.home === undefined || memory.settings.discovered !== undefined)
      continue;
    const key = `${memory.facts.serverId ?? memory.facts.id} ${memory.facts.home}`;
    byServer.set(key, [...(byServer.get(key) ?? []), memory]);
  }
  const others = new Map<ServerAddress, ServerAddress>();
  for (const seen of byServer.values()) {
    const head = seen.find((memory) => isInForce(state, memory)) ?? ownName(seen) ?? seen[0];
    for (const memory of seen)
      if (head !== undefined && memory !== head && isOneProcess(head, memory, state.staleBefore))
        others.set(memory.settings.address, head.settings.address);
  }
  return others;
}

const isSeen = (memory: ServerMemory): memory is Seen =>
  memory.facts !== undefined && memory.factsAt !== undefined;

/** A ledger names the address, and it still leads to the ledger's server: a virtual IP may have moved. */
const isInForce = ({ publications }: ClusterState, { settings, facts }: Seen): boolean =>
  [...publications.values()].some(({ zone: { view } }) => {
    const ledger = view?.ledger.kind === 'ledger' ? view.ledger.ledger : undefined;
    return ledger?.source === settings.address && ledger.uuid === facts.id;
  });

/**
 * Where two host names have the same address, one of the two records may be wrong: the server itself tells
 * which name is its own.
 */
const ownName = (seen: readonly Seen[]): Seen | undefined =>
  seen.find(({ facts, settings }) => {
    if (facts.home === undefined || facts.peer === undefined || facts.peer !== seen[0]?.facts.peer)
      return false;
    const [configured, own] = [splitAddress(settings.address), splitAddress(facts.home)];
    return configured.port === own.port && `${configured.host}.`.startsWith(`${own.host}.`);
  });

/**
 * If two readings differ, the older one may be from before a restart: then it was taken before the other
 * process began. A clock that stood still tells nothing.
 */
function isOneProcess(a: Seen, b: Seen, staleBefore: number): boolean {
  if (Math.min(a.factsAt, b.factsAt) <= staleBefore) return true;
  const [earlier, later] = [a, b].toSorted((one, other) => beganAt(one) - beganAt(other)) as [Seen, Seen];
  return beganAt(later) - beganAt(earlier) <= toleranceMs || earlier.factsAt <= beganAt(later) + toleranceMs;
}

const beganAt = ({ facts, factsAt }: Seen): number => factsAt - facts.uptimeSeconds * 1000;
