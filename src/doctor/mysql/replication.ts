/** Whether the replicas replicate within the cluster, and whether their lag can be known. */

import { starting } from '../../core/decide/advice.ts';
import { type Channel, isClaimed, isWritable, type ServerFacts } from '../../core/model/observation.ts';
import type { Check } from '../check.ts';
import { type Found, fault, judged, warning } from '../found.ts';
import {
  type Answering,
  advised,
  allAnswering,
  type ClusterView,
  clusterCheck,
  factsOf,
  inServerFile,
  isSuperseded,
  onServer,
  serverCheck,
  variable,
} from './cluster-view.ts';
import { isSafeUpstream, isStale } from './upstream.ts';

export const replicationCheck: Check = serverCheck(
  {
    name: 'replication',
    codes: ['replica-stopped', 'replica-fails', 'replicates-from-nobody', 'heartbeat-off', 'lag-unknown'],
    ok: 'the server is the source, or replicates from a server of the cluster',
  },
  (server, view) => {
    const { facts, report } = server;
    if (facts === undefined || facts.group || facts.wsrep || report.traits.aurora) return [];
    // The check of the roles looks at the rest of it: it replicates from nobody, or from where it should.
    if (server.address === view.published?.address) return ofPublished(server, facts, view);
    if (facts.channels.length === 0) return isWritable(facts) ? ofSecond(view) : [noChannel(server, view)];
    const stopped = facts.channels.flatMap((channel) => stoppedChannel(server, channel, view));
    if (stopped.length > 0) return stopped;
    const strangers = facts.channels.every((channel) => !isFromMember(channel, view));
    return strangers ? [fromStranger(server, view)] : facts.channels.flatMap((each) => lag(server, each));
  },
);

const ofPublished = (server: Answering, facts: ServerFacts, view: ClusterView) =>
  isWritable(facts) && facts.channels.length === 0
    ? []
    : some(
        facts.channels
          .filter((channel) => channel.receiver === 'connecting' && !isStale(channel, view))
          .flatMap((channel) => stoppedChannel(server, channel, view)),
      );

/** Of a second writable server the check of the roles says enough. */
const ofSecond = ({ ledger }: ClusterView) => (ledger === undefined ? [] : undefined);

const some = (found: readonly Found[]) => (found.length === 0 ? undefined : found);

/** MariaDB: by number. An address proves nothing: it may be the name that we publish. */
const isFromMember = ({ sourceId, sourceServerId }: Channel, { servers }: ClusterView): boolean =>
  servers.some((server) => {
    const facts = factsOf(server);
    return (
      facts !== undefined &&
      ((sourceId !== undefined && facts.id === sourceId) ||
        (sourceServerId !== undefined && facts.serverId === sourceServerId))
    );
  }) ||
  // Of a server that does not answer we do not know who it is.
  servers.some(({ probe }) => probe.kind !== 'reachable');

const noChannel = (server: Answering, view: ClusterView): Found =>
  fault(
    'replicates-from-nobody',
    'the server takes no writes and replicates from no server: it has old data, and gets older',
    advised(view, server),
  );

const fromStranger = (server: Answering, view: ClusterView): Found =>
  fault(
    'replicates-from-nobody',
    `the server replicates from ${server.facts?.channels.map(({ sourceAddress }) => sourceAddress).join(', ')}, which is no server of ${view.name}`,
    advised(view, server),
  );

const channelClause = ({ name }: Channel): string =>
  name === '' ? '' : ` FOR CHANNEL '${name.replaceAll("'", "''")}'`;

/** Of a channel of this server. */
const start = ({ facts }: Answering, { name }: Channel, thread: '' | ' IO_THREAD' = ''): string =>
  facts === undefined ? '' : `${starting(facts, name, thread)};`;

/** Started towards a former source, a replica takes what the present source never had. */
const mayStart = (server: Answering, channel: Channel, view: ClusterView): boolean =>
  isSafeUpstream(channel, view) && !isSuperseded(view, { address: server.address, id: server.facts?.id });

function stoppedChannel(server: Answering, channel: Channel, view: ClusterView): readonly Found[] {
  const { receiver, applier, lastError, name } = channel;
  const at = name === '' ? '' : ` of the channel "${name}"`;
  const state = `receiver ${receiver}, applier ${applier}${at}`;
  if (receiver === 'connecting' && lastError !== undefined) {
    const plaintext = /\b2061\b|requires secure connection|caching_sha2_password' reported error/.test(
      lastError,
    );
    return [
      fault(
        'replica-fails',
        `the replica does not get to its source ${channel.sourceAddress}: ${lastError}`,
        ...(plaintext && !server.report.traits.mariadb ? [withTls(server, channel)] : []),
      ),
    ];
  }
  if (receiver !== 'off' && applier !== 'off') return [];
  if (lastError !== undefined)
    return [
      fault(
        'replica-fails',
        `${state}: ${lastError}. Mend the cause first, or build the replica anew${mayStart(server, channel, view) ? `; then: ${start(server, channel)}` : ''}`,
      ),
    ];
  return [
    mayStart(server, channel, view)
      ? fault(
          'replica-stopped',
          `${state}: it was stopped, or never started. If nobody needs it stopped:`,
          onServer(server.address, [start(server, channel)]),
        )
      : fault(
          'replica-stopped',
          `${state}. Do not start it: ${channel.sourceAddress} is not known to be the source, or to lead to it`,
          advised(view, server),
        ),
  ];
}

/** caching_sha2_password sends the password over TLS only. */
const withTls = (server: Answering, channel: Channel) =>
  onServer(server.address, [
    `STOP REPLICA IO_THREAD${channelClause(channel)};`,
    `CHANGE REPLICATION SOURCE TO SOURCE_SSL = 1${channelClause(channel)};`,
    start(server, channel, ' IO_THREAD'),
  ]);

function lag(server: Answering, channel: Channel): readonly Found[] {
  const { receiver, applier, lagSeconds, heartbeatMs } = channel;
  if (receiver !== 'on' || applier !== 'on') return [];
  const { mariadb } = server.report.traits;
  return [
    ...(heartbeatMs === 0 && !mariadb ? [noHeartbeat(server, channel)] : []),
    ...(lagSeconds === undefined && variable(server, 'performance_schema') === 'OFF'
      ? [
          warning(
            'lag-unknown',
            'the Performance Schema is OFF, so the lag of the replica is not known, and it is never in the name of the replicas',
            inServerFile(server, ['performance_schema = ON']),
          ),
        ]
      : []),
  ];
}

const noHeartbeat = (server: Answering, channel: Channel): Found =>
  warning(
    'heartbeat-off',
    'the source sends no heartbeat (SOURCE_HEARTBEAT_PERIOD is 0): a cut connection looks like a source at rest, and the lag like 0',
    onServer(server.address, [
      `STOP REPLICA IO_THREAD${channelClause(channel)};`,
      `CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 1${channelClause(channel)};`,
      start(server, channel, ' IO_THREAD'),
    ]),
  );

const strangersName = 'replicas-known';

/** What the servers say of their replicas, where our account may ask. */
export const replicasKnownCheck: Check = clusterCheck(
  { name: strangersName, codes: ['replica-not-configured'] },
  (view) => {
    const asked = allAnswering(view).filter(({ report }) =>
      report.denied.every(({ purpose }) => purpose !== 'replicas'),
    );
    if (asked.length === 0) return [];
    return judged(
      { area: 'mysql', name: strangersName },
      view.name,
      asked.flatMap((server) => unconfigured(server, view)),
      'every replica that the servers report is configured',
    );
  },
);

function unconfigured(server: Answering, view: ClusterView): readonly Found[] {
  const known = allAnswering(view);
  return server.report.replicas
    .filter(
      ({ address, claim }) =>
        !view.servers.some((each) => each.address === address) &&
        !known.some(({ facts }) => facts !== undefined && isClaimed(claim, facts)),
    )
    .map(({ address }) => ({
      ...warning(
        'replica-not-configured',
        `${server.address} reports the replica ${address}, which is not configured: if it is promoted, source-dns does not follow it`,
        { where: `in ${view.file}, under clusters: ${view.name}: servers`, lines: [`- ${address}`] },
      ),
      subject: address,
    }));
}
