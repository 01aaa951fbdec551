/** All that the decision looks at, for one publication at one moment: the zone, the servers as members of the line, and who could be the source. */

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
  /** The configured servers. */
  readonly members: readonly ServerView[];
  /** The member that the ledger names, by identity; by address only while nobody knows its identity. */
  readonly published: ServerView | undefined;
  /** Members that could be the source (rule 7), in configured order. */
  readonly candidates: readonly ServerView[];
  /** Members that are expected to answer: a majority of them must be seen. */
  readonly quorumSet: readonly ServerView[];
  readonly command: Commanded | undefined;
}

/** A server that a person or a failover tool named. */
export interface Commanded {
  readonly server: ServerAddress;
  readonly force: boolean;
  readonly althoughReadOnly?: true | undefined;
}

export const isPublished = (situation: Situation, server: ServerView): boolean =>
  situation.published?.address === server.address;

/** A former source that has not rejoined, by identity or by address: it may have come back under another UUID. */
export function isSuperseded(situation: Situation, server: ServerView): boolean {
  const was = situation.ledger?.was ?? [];
  if (was.length === 0 || isPublished(situation, server)) return false;
  const itself = [server, ...situation.topology.servers.filter(({ sameAs }) => sameAs === server.address)];
  return was.some((former) =>
    itself.some(({ id, address }) => former.uuid === id || former.address === address),
  );
}

/** Seen in the line (settle.ts), or it shows by itself that it is of it. The published source belongs; before the first publication the line does not count. */
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

/** The zone names an epoch before the highest that we remember: it was restored from a copy, or published anew by somebody who had forgotten. */
export const isLedgerBehind = ({ ledger, publication }: Situation): boolean =>
  ledger !== undefined && ledger.epoch < (publication.zone.remembered?.epoch ?? 0);

/** What it is now is known from its own words: it answered, or it refused in words that say that it serves nobody. */
export const tellsItsState = ({ contact, servesNobody }: ServerView): boolean =>
  contact === 'reachable' || servesNobody;
export const reachable = (servers: readonly ServerView[]): readonly ServerView[] =>
  servers.filter((server) => server.contact === 'reachable');
