/**
 * The state in numbers and codes, for monitoring: what a snapshot says, without its sentences. A snapshot
 * costs ten times as much, and a monitoring system asks for all clusters every few seconds.
 */

import { type Ways, waysToSource } from '../decide/replica-lag.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { situationOf } from '../decide/situation-of.ts';
import type { Decision } from '../model/decision.ts';
import type { Alarm } from '../model/events.ts';
import type { PublicationState } from '../model/publication.ts';
import type { ClusterState } from '../model/state.ts';
import type { Now, ServerAddress } from '../model/units.ts';
import { isPresent, ownMembership } from '../observe/membership.ts';
import type { ServerView } from '../observe/topology.ts';
import type { ServerSnapshot } from './snapshot-types.ts';
import { finite } from './way-of.ts';

/** One cluster. */
export interface Vitals {
  readonly cluster: string;
  readonly publications: readonly PublicationVitals[];
  readonly servers: readonly ServerVitals[];
  readonly alarms: readonly Alarm[];
}

/** One name at one nameserver. */
export interface PublicationVitals {
  readonly nameserver: string;
  readonly decision: Decision;
  /** Decided at least once, and the nameserver answered the last question. */
  readonly ready: boolean;
  /** Null: nothing is published, or the zone was not read yet. */
  readonly epoch: number | null;
  /** Where the name points, as the ledger says; null as the epoch. */
  readonly source: ServerAddress | null;
  readonly frozen: boolean;
  /** The last update failed, and none was applied since. */
  readonly updateFails: boolean;
  /** Updates that may still be applied although no answer came. */
  readonly pendingUpdates: number;
  /** Authoritative nameservers that were asked and do not answer the last move yet. */
  readonly behind: number;
}

/** One server, by the first publication. */
export interface ServerVitals extends Pick<ServerSnapshot, 'role' | 'contact' | 'writable' | 'lagSeconds'> {
  readonly server: ServerAddress;
  /** How old its newest answer is, in milliseconds; null: it never answered. */
  readonly answeredAgoMs: number | null;
}

/** Changes nothing. */
export function vitals(state: ClusterState, now: Now): Vitals {
  const [first] = state.publications.values();
  return {
    cluster: state.settings.cluster,
    publications: [...state.publications.values()].map(
      ({ settings, zone, writing, propagation, decision, ready }) => {
        const ledger = zone.view?.ledger.kind === 'ledger' ? zone.view.ledger.ledger : undefined;
        return {
          nameserver: settings.nameserver,
          decision,
          ready: ready && zone.failure === undefined,
          epoch: ledger?.epoch ?? null,
          source: ledger?.source ?? null,
          frozen: ledger?.frozen !== undefined,
          updateFails: writing.failure !== undefined,
          pendingUpdates: pendingUpdates(writing),
          behind: (propagation?.nameservers.nameservers ?? []).filter(({ at }) => at === undefined).length,
        };
      },
    ),
    servers: first === undefined ? [] : serversOf(situationOf(state, first, now)),
    alarms: state.alarms,
  };
}

function serversOf(situation: Situation): readonly ServerVitals[] {
  const ways = waysToSource(situation);
  return situation.topology.servers.map((member) => ({
    server: member.address,
    role: roleOf(situation, member),
    contact: member.contact,
    writable: member.facts ? member.writable : null,
    lagSeconds: lagOf(member, ways),
    answeredAgoMs: member.observedAt === undefined ? null : situation.now.mono - member.observedAt,
  }));
}

/** Updates that may still be applied although no answer came. */
export const pendingUpdates = ({ pending }: PublicationState['writing']): number =>
  pending.filter((attempt) => !attempt.answered).length;

/** By the worst hop of its way to the source. The source has no lag. */
export function lagOf({ address, facts }: ServerView, ways: Ways): number | null {
  const way = ways.get(address);
  return way?.hop && facts ? finite(way.lagSeconds) : null;
}

/** What the server is, as everything about the cluster shows it. */
export function roleOf(situation: Situation, member: ServerView): ServerSnapshot['role'] {
  if (member.facts === undefined) return isSuperseded(situation, member) ? 'superseded' : 'unknown';
  if (isPublished(situation, member) && member.writable) return 'source';
  if (isSuperseded(situation, member)) return 'superseded';
  if (member.upstreams.length > 0) return 'replica';
  // Members of a group or of Aurora get their data without a channel.
  if (!member.writable && (isPresent(ownMembership(member.facts)) || member.facts.managed?.kind === 'aurora'))
    return 'replica';
  if (!member.writable) return 'read-only';
  return belongsToLine(situation, member) ? 'writable' : 'stranger';
}
