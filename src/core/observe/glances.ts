/**
 * Which servers are glanced at between their probes: those whose opening or closing begins a move. A glance
 * is a reason to probe, never evidence.
 */

import { isWritable } from '../model/observation.ts';
import type { PublicationState } from '../model/publication.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import type { Now, ServerAddress } from '../model/units.ts';

/**
 * The published sources; during a suspicion, or while one of them takes no writes, all other servers that
 * the name may move to as well. Discovered servers and silent servers never.
 */
export function toGlanceAt(state: ClusterState, now: Now): readonly ServerAddress[] {
  const configured = [...state.servers.values()].filter(({ settings }) => settings.discovered === undefined);
  const published = [...state.publications.values()].map((publication) => sourceOf(publication, configured));
  const isCalm = now.mono >= state.suspectUntil && published.every(takesWrites);
  const others = isCalm ? [] : configured.filter(({ settings }) => settings.candidate !== 'never');
  return [...new Set([...published, ...others])].flatMap((memory) =>
    memory?.latest?.probe.kind === 'reachable' ? [memory.settings.address] : [],
  );
}

/** The server that the ledger names. */
function sourceOf({ zone }: PublicationState, servers: readonly ServerMemory[]): ServerMemory | undefined {
  const reading = zone.view?.ledger;
  if (reading?.kind !== 'ledger') return undefined;
  const { uuid, source } = reading.ledger;
  return (
    servers.find(({ facts }) => facts?.id === uuid) ??
    servers.find(({ settings }) => settings.address === source)
  );
}

const takesWrites = (memory: ServerMemory | undefined): boolean =>
  memory?.latest?.probe.kind === 'reachable' && isWritable(memory.latest.probe.facts);
