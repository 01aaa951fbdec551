/** A server is taken out of the cluster for good. */

import { detachingStatements, forget } from '../decide/advice.ts';
import { isPublished, type Situation } from '../decide/situation.ts';
import type { Advice, Step } from '../model/procedure.ts';
import { leadsTo } from '../observe/source-of.ts';
import type { ServerView } from '../observe/topology.ts';
import { areByGtids, isClosed, isDetached } from './checks.ts';
import { isOfCluster } from './promotion.ts';
import { inDoubt, refused, sourceNotReady } from './refusals.ts';
import { repointSteps, unlistedSteps } from './repoint.ts';
import { closeStep, inShell, isTold, onServer, ownChannel, statusStep, type Told } from './steps.ts';

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
  return {
    kind: 'procedures',
    aim: 'remove',
    server: server.address,
    procedures: [
      {
        title: `Take ${server.address} out of the cluster`,
        why: `${server.address} is not the source. Its data stay where they are.`,
        preconditions: [
          `${published?.address} is the source.`,
          replicas.length === 0
            ? `No server that answers replicates from ${server.address}.`
            : `${replicas.map(({ address }) => address).join(', ')} replicates from ${server.address}, and is moved first.`,
        ],
        steps: [
          ...(isTold(published) ? repointSteps(situation, published, replicas, () => undefined) : []),
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
  if (server.facts === undefined || !isTold(server)) return [];
  const { known } = server;
  const channels = known.channels.filter((channel) => isOfCluster(situation, server, channel));
  return [
    closeStep(server, `Close ${server.address}: a client that still uses it must not write there.`),
    ...channels.map((channel) =>
      onServer(server, `Detach ${server.address}. It stays closed.`, {
        statements: detachingStatements(known, channel.name),
        verify: [isDetached(known, channel.name), isClosed(known)],
      }),
    ),
    inShell(`End its mysqld, if nobody needs it any more.`),
  ];
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
