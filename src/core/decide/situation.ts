/** Everything that a decision looks at, for one publication at one moment. */

import type { Ledger, LedgerReading } from '../model/ledger.ts';
import type { PublicationState } from '../model/publication.ts';
import type { PublicationSettings } from '../model/settings.ts';
import type { ClusterState } from '../model/state.ts';
import type { Now, ServerAddress } from '../model/units.ts';
import { isInAuroraTable } from '../observe/membership.ts';
import type { ServerView, Topology } from '../observe/topology.ts';
import { hasLineMark } from './line-mark.ts';

export interface Situation {
  readonly state: ClusterState;
  readonly publication: PublicationState;
  readonly settings: PublicationSettings;
  readonly topology: Topology;
  readonly now: Now;
  readonly reading: LedgerReading | undefined;
  readonly ledger: Ledger | undefined;
  /** The configured servers, each once. */
  readonly members: readonly ServerView[];
  /** The member that the ledger names, by identity; by address only while nobody knows its identity. */
  readonly published: ServerView | undefined;
  /** Members that could be the source (rule 7), in configured order. */
  readonly candidates: readonly ServerView[];
  /** Members that are expected to answer: a majority of them must be seen. */
  readonly quorumSet: readonly ServerView[];
  readonly command: Commanded | undefined;
}

export interface Commanded {
  readonly server: ServerAddress;
  readonly force: boolean;
  readonly althoughReadOnly?: true | undefined;
}

export const isPublished = (situation: Situation, server: ServerView): boolean =>
  situation.published?.address === server.address;

/** A former source that has not rejoined, by identity or address: it may have come back with another UUID. */
export function isSuperseded(situation: Situation, server: ServerView): boolean {
  const was = situation.ledger?.was ?? [];
  if (was.length === 0 || isPublished(situation, server)) return false;
  const itself = [server, ...situation.topology.servers.filter(({ sameAs }) => sameAs === server.address)];
  return was.some((former) =>
    itself.some(({ id, address }) => former.uuid === id || former.address === address),
  );
}

/** Whether it was seen in the line, or shows that it belongs. Before the first publication all belong. */
export function belongsToLine(situation: Situation, server: ServerView): boolean {
  const { ledger, publication } = situation;
  if (ledger === undefined || isPublished(situation, server)) return true;
  if (server.id !== undefined && publication.evidence.line.has(server.id)) return true;
  if (server.known === undefined) return false;
  return (
    (ledger.line !== undefined && hasLineMark(server.known, ledger.line)) ||
    isInAuroraTable(server.known, ledger.uuid)
  );
}

/** The zone has an older epoch than we remember: it was restored, or published anew. */
export const isLedgerBehind = ({ ledger, publication }: Situation): boolean =>
  ledger !== undefined && ledger.epoch < (publication.zone.remembered?.epoch ?? 0);

/** It told its present state: it answered, or said that it serves nobody. */
export const tellsItsState = ({ contact, servesNobody }: ServerView): boolean =>
  contact === 'reachable' || servesNobody;
export const reachable = (servers: readonly ServerView[]): readonly ServerView[] =>
  servers.filter((server) => server.contact === 'reachable');
