/**
 * Gives servers their own names back. A host name led to another member when its connection was opened: that
 * member was asked under this name, too, or the members were asked under exchanged names. Now every name
 * leads to its own server again.
 */

import type { Turn } from '../model/events.ts';
import { splitAddress } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import { type ClusterState, newServer, type ServerMemory, withServer } from '../model/state.ts';
import type { MonoMs, ServerAddress } from '../model/units.ts';
import { otherAddresses } from './same-server.ts';
import { isLookedUp } from './server-addresses.ts';

/** After a trial of an address. */
export const withOwnNames = (turn: Turn, state: ClusterState): ClusterState =>
  withoutBorrowed(turn, withoutExchanged(turn, state));

/** What was seen under a borrowed name is known under the own name of that server. The name begins anew. */
function withoutBorrowed({ now, effects }: Turn, before: ClusterState): ClusterState {
  let state = before;
  for (const address of otherAddresses(before).keys()) {
    const memory = before.servers.get(address);
    if (memory === undefined || !leadsElsewhere(memory) || before.fences.get(address)?.isRunning) continue;
    const { settings, proposed, resolving, nextResolveAt, probing } = memory;
    effects.push({ kind: 'renew', server: address });
    const anew = { ...newServer(settings, now.mono), proposed, resolving, nextResolveAt, probing };
    state = withServer(state, anew);
  }
  return state;
}

/** Another server answers at every address of this host name. */
function leadsElsewhere(memory: ServerMemory): boolean {
  const { proposed = [], trials } = memory;
  const isOther = (address: string): boolean => trials.get(address)?.outcome === 'other';
  return isLookedUp(memory) && proposed.length > 0 && proposed.every(isOther);
}

/** What is known of a server goes with the server. Each is asked anew, under its own name. */
function withoutExchanged({ now, effects }: Turn, state: ClusterState): ClusterState {
  const names = exchanged(state);
  // The end of a fence is told under the name that the fence was asked for.
  if (names.size === 0 || [...names.keys()].some((name) => state.fences.get(name)?.isRunning)) return state;
  const servers = new Map(state.servers);
  for (const [before, own] of names) {
    const [server, name] = [state.servers.get(before), state.servers.get(own)];
    if (server === undefined || name === undefined) continue;
    effects.push({ kind: 'renew', server: own });
    servers.set(own, renamed(server, name, now.mono));
  }
  const publications = [...state.publications].map(([name, each]) => [name, inNames(each, names)] as const);
  return { ...state, servers, publications: new Map(publications), fences: renamedKeys(state.fences, names) };
}

type Names = ReadonlyMap<ServerAddress, ServerAddress>;

/** The own name of each server that has the name of another: closed circles only. */
function exchanged(state: ClusterState): Names {
  const names = new Map<ServerAddress, ServerAddress>();
  for (const memory of state.servers.values()) {
    const circle = circleOf(state, memory);
    for (const [index, name] of circle.entries())
      names.set(circle[(index + 1) % circle.length] as ServerAddress, name);
  }
  return names;
}

/** From one name to the server that it leads to, to the name under which that server is asked, and on. */
function circleOf(state: ClusterState, first: ServerMemory): readonly ServerAddress[] {
  const circle: ServerAddress[] = [];
  let next: ServerMemory | undefined = first;
  while (next !== undefined && !circle.includes(next.settings.address)) {
    circle.push(next.settings.address);
    next = ledTo(state, next);
  }
  return next === first && circle.length > 1 ? circle : [];
}

/** The other member that answers at every address of this host name. The server itself may say otherwise. */
function ledTo(state: ClusterState, memory: ServerMemory): ServerMemory | undefined {
  const { settings, proposed = [], trials, facts, latest } = memory;
  const [first] = proposed.map((address) => trials.get(address));
  if (!isLookedUp(memory) || latest?.probe.kind !== 'reachable' || first?.id === undefined) return undefined;
  const isThere = (address: string): boolean => trials.get(address)?.id === first.id;
  if (!proposed.every(isThere) || isOwnName(settings.address, facts?.home)) return undefined;
  return [...state.servers.values()].find(
    (other) => other !== memory && !other.settings.discovered && other.facts?.id === first.id,
  );
}

function isOwnName(address: ServerAddress, home: ServerAddress | undefined): boolean {
  if (home === undefined) return false;
  const [configured, own] = [splitAddress(address), splitAddress(home)];
  return configured.port === own.port && `${configured.host}.`.startsWith(`${own.host}.`);
}

/** No observation counts before it answers under this name. What is on its way belongs to the name. */
function renamed(server: ServerMemory, name: ServerMemory, at: MonoMs): ServerMemory {
  const { settings, proposed, resolving, resolveFailure, nextResolveAt, probing } = name;
  const ofName = { settings, proposed, resolving, resolveFailure, nextResolveAt, probing, trying: undefined };
  const peer = server.facts?.peer;
  const found = { outcome: 'same', at, wasSame: true } as const;
  const trials = new Map(peer === undefined ? [] : [[peer, found]]);
  return { ...server, ...ofName, trials, latest: undefined, nextProbeAt: at };
}

const renamedKeys = <V>(all: ReadonlyMap<ServerAddress, V>, names: Names): ReadonlyMap<ServerAddress, V> =>
  new Map([...all].map(([name, value]) => [names.get(name) ?? name, value]));

function inNames(publication: PublicationState, names: Names): PublicationState {
  const { evidence } = publication;
  return {
    ...publication,
    evidence: {
      ...evidence,
      gone: new Set([...evidence.gone].map((name) => names.get(name) ?? name)),
      rejoins: renamedKeys(evidence.rejoins, names),
      wayless: renamedKeys(evidence.wayless, names),
      beforeStale: renamedKeys(evidence.beforeStale, names),
    },
  };
}
