/** Builds the situation of one publication at one moment. */

import type { Ledger } from '../model/ledger.ts';
import type { PublicationState } from '../model/publication.ts';
import type { ClusterState } from '../model/state.ts';
import type { Now } from '../model/units.ts';
import { ownMembership } from '../observe/membership.ts';
import { type ServerView, type Topology, topologyOf } from '../observe/topology.ts';
import { isCandidate } from './candidates.ts';
import type { Commanded, Situation } from './situation.ts';

/** `topology` may be passed in: it is half the work of a step. */
export function situationOf(
  state: ClusterState,
  publication: PublicationState,
  now: Now,
  {
    command,
    topology = topologyOf(state, now),
  }: { command?: Commanded | undefined; topology?: Topology } = {},
): Situation {
  const reading = publication.zone.view?.ledger;
  const ledger = reading?.kind === 'ledger' ? reading.ledger : undefined;
  // Discovered servers and second addresses are no members.
  const members = topology.servers.filter(
    (server) => server.discovered === undefined && server.sameAs === undefined,
  );
  const published = ledger && publishedView(members, ledger);
  const situation: { -readonly [K in keyof Situation]: Situation[K] } = {
    state,
    publication,
    settings: publication.settings,
    topology,
    now,
    reading,
    ledger,
    members,
    published,
    quorumSet: members.filter(
      (server) => !publication.evidence.gone.has(server.address) && !saysOffline(server),
    ),
    command,
    candidates: [],
  };
  situation.candidates = members.filter((server) => isCandidate(situation, server));
  return situation;
}

function publishedView(members: readonly ServerView[], ledger: Ledger): ServerView | undefined {
  // If two servers have one UUID, the ledger's address tells which one it means.
  const byId = members.filter((server) => server.id === ledger.uuid);
  const named = byId.find((server) => server.address === ledger.source) ?? byId[0];
  return (
    named ??
    members.find(
      (server) => server.address === ledger.source && (server.id === undefined || ledger.uuid === '-'),
    )
  );
}

const saysOffline = ({ facts }: ServerView): boolean =>
  facts !== undefined && ownMembership(facts)?.state === 'OFFLINE';
