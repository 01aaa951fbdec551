/**
 * One server under several configured addresses: a virtual IP beside its own address, a second interface, an alias in DNS. Only one of them counts; to count both would make two
 * sources of one. A copied data folder has the UUID of another server as well, but its process runs elsewhere, or began at another time (docs/decisions/018).
 */

import type { ServerFacts } from '../model/observation.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import type { MonoMs, ServerAddress } from '../model/units.ts';

/**
 * When a process began is told in whole seconds, twice rounded, and asked by connections that take time: by so much may two tellings of one process differ. Milliseconds.
 */
const toleranceMs = 3000;

type Seen = ServerMemory & { readonly facts: ServerFacts; readonly factsAt: MonoMs };

/** Configured addresses that lead to a server which is counted by another one of its addresses, each with that one: the one in force in the zone, else the first configured. */
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
    const head = seen.find((memory) => isInForce(state, memory)) ?? seen[0];
    for (const memory of seen)
      if (head !== undefined && memory !== head && isOneProcess(head, memory, state.staleBefore))
        others.set(memory.settings.address, head.settings.address);
  }
  return others;
}

const isSeen = (memory: ServerMemory): memory is Seen =>
  memory.facts !== undefined && memory.factsAt !== undefined;

/** An address that a ledger names, while it still leads to the server that the ledger names: a virtual IP may have moved. */
const isInForce = ({ publications }: ClusterState, { settings, facts }: Seen): boolean =>
  [...publications.values()].some(({ zone: { view } }) => {
    const ledger = view?.ledger.kind === 'ledger' ? view.ledger.ledger : undefined;
    return ledger?.source === settings.address && ledger.uuid === facts.id;
  });

/** Of two tellings that differ the older one may be of the process before a restart; but not where it was told after the other process began. A clock that stood still tells nothing. */
function isOneProcess(a: Seen, b: Seen, staleBefore: number): boolean {
  if (Math.min(a.factsAt, b.factsAt) <= staleBefore) return true;
  const [earlier, later] = [a, b].toSorted((one, other) => beganAt(one) - beganAt(other)) as [Seen, Seen];
  return beganAt(later) - beganAt(earlier) <= toleranceMs || earlier.factsAt <= beganAt(later) + toleranceMs;
}

const beganAt = ({ facts, factsAt }: Seen): number => factsAt - facts.uptimeSeconds * 1000;
