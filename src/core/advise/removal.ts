/** A server is taken out of the cluster for good. */

import { detachingStatements, forget } from '../decide/advice.ts';
import { receivedBy } from '../decide/ahead.ts';
import { plural } from '../decide/lack.ts';
import { errantGtids } from '../decide/rejoin.ts';
import { isPublished, type Situation } from '../decide/situation.ts';
import { countGtids, restrict, subtract } from '../gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../gtid/gtid-set.ts';
import { isOwnOrigin } from '../model/observation.ts';
import type { Advice, Step } from '../model/procedure.ts';
import { leadsTo } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';
import { areByGtids, isClosed, isDetached, setText } from './checks.ts';
import { isOfCluster } from './promotion.ts';
import { saveSteps } from './rebuild.ts';
import { inDoubt, refused, silent, sourceNotReady } from './refusals.ts';
import { repointSteps, sortedFollowers, unlistedSteps } from './repoint.ts';
import {
  closeStep,
  drainedSteps,
  inShell,
  isTold,
  onServer,
  ownChannel,
  statusStep,
  type Told,
} from './steps.ts';

/** Its replicas get another source first. The published source is never taken out. */
export function removalAdvice(situation: Situation, server: ServerView): Advice {
  const { published, state } = situation;
  const { cluster } = state.settings;
  if (isPublished(situation, server))
    return refused(
      'unsuitable',
      `${server.address} is the published source. First make another server the source: source-dns advise ${cluster} --to ${server.facts ? 'source --server SERVER' : 'promote'}`,
    );
  const replicas = replicasOf(situation, server);
  // What it has, and what must be done on it, nobody can tell before it lets us in.
  if (server.contact === 'alive' && !server.servesNobody)
    return silent(server) ?? { kind: 'nothing', sentence: '' };
  const early = inDoubt(situation) ?? (replicas.length > 0 ? sourceNotReady(situation) : undefined);
  if (early !== undefined) return early;
  if (
    replicas.length > 0 &&
    (!isTold(published) || replicas.some((each) => !areByGtids(published.known, each.known)))
  )
    return refused(
      'data-unknown',
      `${replicas.map(({ address }) => address).join(', ')} replicates from ${server.address}. Without GTIDs nobody can tell where it must begin at the source: rebuild it from the source first.`,
    );
  const { fit, apart } = isTold(published)
    ? sortedFollowers(situation, published, replicas, (replica) =>
        countGtids(errantGtids(situation, published, replica) ?? emptyGtidSet),
      )
    : { fit: replicas, apart: [] };
  return {
    kind: 'procedures',
    aim: 'remove',
    server: server.address,
    procedures: [
      {
        title: `Take ${server.address} out of the cluster`,
        why: `${server.address} is not the source. Its data stay where they are. ${onlyThereWords(situation, server)}`,
        preconditions: [
          `${published?.address} is the source.`,
          replicas.length === 0
            ? `No server that answers replicates from ${server.address}.`
            : `${replicas.map(({ address }) => address).join(', ')} replicates from ${server.address}, and is moved first.`,
        ],
        steps: [
          ...(isTold(published) ? repointSteps(situation, published, fit, () => undefined) : []),
          ...apart,
          ...unlistedSteps(situation, server),
          ...ownSteps(situation, server),
          ...configSteps(situation, server),
          statusStep(
            situation,
            `Look whether ${server.address} is gone from the list, and no alarm is left.`,
          ),
        ],
        warnings: [
          `One server less counts: see that a semi-synchronous source does not wait for more replicas than are left (rpl_semi_sync_source_wait_for_replica_count).`,
          `Backups, reports and other programs may use ${server.address}: look at its connections before you stop it.`,
        ],
      },
    ],
  };
}

const replicasOf = ({ topology, ...situation }: Situation, source: ServerView): readonly Told[] =>
  topology.servers.filter((server): server is Told => {
    if (server === source || server.facts === undefined || !isTold(server)) return false;
    const channel = ownChannel({ topology, ...situation }, server);
    return channel !== undefined && leadsTo(channel, source) && server !== situation.published;
  });

function ownSteps(situation: Situation, server: ServerView): readonly Step[] {
  if (server.facts === undefined || !isTold(server))
    return [
      inShell(
        `${server.address} does not answer us. See that its mysqld has ended, and cannot start again: else a client may still write there.`,
      ),
    ];
  const { known } = server;
  const channels = known.channels.filter((channel) => isOfCluster(situation, server, channel));
  const only = onlyThere(situation, server);
  return [
    closeStep(server, `Close ${server.address}: a client that still uses it must not write there.`),
    ...drainedSteps(situation, server),
    ...channels.map((channel) =>
      onServer(server, `Detach ${server.address}. It stays closed.`, {
        statements: detachingStatements(known, channel.name),
        verify: [isDetached(known, channel.name), isClosed(known)],
      }),
    ),
    ...(only === undefined || only.size === 0 ? [] : saveSteps(server, only)),
    inShell(
      only === undefined
        ? `End its mysqld only if you know that other servers have all its data: nobody can count this now.`
        : `End its mysqld, if nobody needs it any more.`,
    ),
  ];
}

/** What it has executed or received, and no other server that answers. Undefined: nobody can tell. */
function onlyThere(situation: Situation, server: ServerView): GtidSet | undefined {
  const own = server.facts && receivedBy(server.facts);
  const others = situation.members.flatMap(({ address, facts }) =>
    address === server.address || facts === undefined ? [] : [facts],
  );
  if (own === undefined || others.length === 0) return undefined;
  const left = others
    .map(receivedBy)
    .reduce<GtidSet>((all, theirs) => subtract(all, theirs ?? emptyGtidSet), own);
  // A server that wrote a transaction has it, perhaps since its last answer.
  return restrict(left, (origin) => !others.some((facts) => isOwnOrigin(facts, origin)));
}

function onlyThereWords(situation: Situation, server: ServerView): string {
  if (server.facts === undefined)
    return 'It does not answer, so nobody can tell whether it has transactions that no other server has.';
  const only = onlyThere(situation, server);
  if (only === undefined) return 'Nobody can count whether it has transactions that no other server has.';
  const count = countGtids(only);
  return count === 0
    ? 'Other servers that answer have all its transactions.'
    : `IT HAS ${plural(count).toUpperCase()} THAT NO OTHER SERVER THAT ANSWERS HAS (${setText(only) ?? 'a long set'}): save them before its mysqld ends.`;
}

/** A former source stays in the ledger until it has rejoined or is forgotten. */
function configSteps(situation: Situation, server: ServerView): readonly Step[] {
  const { state, ledger } = situation;
  const { cluster } = state.settings;
  const isFormer = ledger?.was.some(({ address, uuid }) => address === server.address || uuid === server.id);
  return [
    inShell(
      `In the configuration of every instance: take ${server.address} out of "servers" of ${cluster}. Then each instance reads it again (SIGHUP).`,
      ['systemctl reload source-dns'],
      'Write the server into the configuration again, and reload.',
    ),
    ...(isFormer
      ? [
          inShell(
            `It is a former source: the ledger remembers it until it is forgotten. Its mysqld must have ended.`,
            [forget(situation, server)],
          ),
        ]
      : []),
  ];
}
