/** Whether each server has the role that the ledger gives it: published source, former source, replica. */

import { detachingStatements, opening } from '../../core/decide/advice.ts';
import { countGtids, subtract } from '../../core/gtid/gtid.ts';
import { emptyGtidSet } from '../../core/gtid/gtid-set.ts';
import { type Channel, isWritable, type ServerFacts } from '../../core/model/observation.ts';
import type { Finding } from '../finding.ts';
import { type Found, fault, judged, warning } from '../found.ts';
import {
  type Answering,
  advised,
  allAnswering,
  answering,
  type ClusterView,
  clusterCheck,
  isSuperseded,
  onServer,
  takesWrites,
} from './cluster-view.ts';
import { isStale, upstreamOf } from './upstream.ts';

const parts = {
  name: 'role',
  codes: ['source-read-only', 'source-channel', 'stale-line', 'writes-elsewhere', 'name-frozen'],
} as const;

type Told = Answering & { readonly facts: ServerFacts };

/** Without a ledger nobody has said which server is the source. */
export const rolesCheck = clusterCheck(parts, (view): readonly Finding[] =>
  view.ledger === undefined
    ? []
    : [
        ...frozen(view),
        ...allAnswering(view).flatMap((server) =>
          hasRoleOfItsOwn(server)
            ? judged(
                { area: 'mysql', name: parts.name },
                server.address,
                look(server, view),
                'its role is as the ledger says',
              )
            : [],
        ),
      ],
);

/** A group and a managed service give the roles by themselves. */
const hasRoleOfItsOwn = (server: Answering): server is Told =>
  server.facts !== undefined && !server.facts.group && !server.facts.wsrep && !server.report.traits.aurora;

function frozen({ name, ledger }: ClusterView): readonly Finding[] {
  if (ledger?.frozen === undefined) return [];
  const { by, reason } = ledger.frozen;
  const found = warning('name-frozen', `${by} froze the name, so it follows no failover: ${reason}`, {
    where: 'in a shell on this host, when the reason is gone',
    lines: [`source-dns thaw ${name}`],
  });
  return [{ area: 'mysql', subject: name, ...found }];
}

function look(server: Told, view: ClusterView): readonly Found[] {
  const { facts } = server;
  if (server.address === view.published?.address)
    return [
      ...(isWritable(facts) ? [] : [readOnlySource(server, view)]),
      ...facts.channels.flatMap((channel) => sourceChannel(server, channel, view)),
    ];
  const isFormer = isSuperseded(view, { address: server.address, id: facts.id });
  const replicates = facts.channels.some(({ receiver }) => receiver !== 'off');
  if (isWritable(facts) && (isFormer || !replicates)) return [writesElsewhere(server, view, isFormer)];
  return facts.channels
    .filter((channel) => channel.receiver !== 'off' && isStale(channel, view))
    .map((channel) => staleLine(server, channel, view));
}

const shown = (channel: Channel, view: ClusterView): string =>
  upstreamOf(channel, view)?.address ?? channel.sourceAddress;

const writesElsewhere = (server: Told, view: ClusterView, isFormer: boolean): Found =>
  fault(
    'writes-elsewhere',
    `the server takes writes${isFormer ? ', and is a former source that has not rejoined' : ''}, but the name points to ${view.ledger?.source}: what a client writes here is in no other server`,
    advised(view, server),
  );

const staleLine = (server: Told, channel: Channel, view: ClusterView): Found =>
  fault(
    'stale-line',
    `the server replicates from ${shown(channel, view)}, a former source that has not rejoined: it lacks what ${view.ledger?.source} has, and gets what ${view.ledger?.source} does not have`,
    advised(view, server),
  );

/** The lines open it only while no other server takes writes. */
function readOnlySource(server: Told, view: ClusterView): Found {
  const { address, facts, report } = server;
  const others = view.servers.filter((other) => other.address !== address && takesWrites(other));
  const running = facts.channels.find(({ receiver }) => receiver !== 'off');
  const follow = (to: string) => ({
    where: `in a shell on this host, if ${to} is the source (source-dns verifies that)`,
    lines: [`source-dns follow ${view.name} ${to}`],
  });
  const inLine = others.filter((other) => {
    const told = answering(other);
    return told !== undefined && !isSuperseded(view, { address: told.address, id: told.facts?.id });
  });
  const way =
    running === undefined
      ? 'the published source is read-only: clients cannot write'
      : `the name points to a read-only replica of ${shown(running, view)}: clients cannot write`;
  const [only] = inLine;
  if (only !== undefined && inLine.length === 1)
    return fault('source-read-only', `${way}. ${only.address} takes writes`, follow(only.address));
  const statements = opening(facts)
    .split('; ')
    .filter((each) => each !== '');
  if (running !== undefined || others.length > 0 || statements.length === 0 || report.traits.rds)
    return fault('source-read-only', way, advised(view, server));
  return fault(
    'source-read-only',
    `${way}. Open it if nobody closed it on purpose. To move the name: source-dns advise ${view.name}`,
    onServer(
      address,
      statements.map((each) => `${each};`),
    ),
  );
}

/** A channel from another cluster, or in a ring, is meant. One that is stopped begins again at a restart. */
function sourceChannel(server: Told, channel: Channel, view: ClusterView): readonly Found[] {
  const { facts, report, address } = server;
  const from = shown(channel, view);
  const isOld = isStale(channel, view);
  const runs = channel.receiver !== 'off' && channel.applier !== 'off';
  if (runs && !isOld) return [];
  const rest = countGtids(subtract(channel.retrieved ?? emptyGtidSet, facts.gtidExecuted ?? emptyGtidSet));
  const lost =
    rest === 0 ? '' : `. The lines delete ${rest} transaction(s) that it received and has not executed`;
  const mends = report.traits.rds
    ? []
    : [
        onServer(
          address,
          detachingStatements(facts, channel.name).map((each) => `${each};`),
        ),
      ];
  return isOld
    ? [
        fault(
          'source-channel',
          `the published source ${runs ? 'replicates' : 'has a stopped channel'} from ${from}, a former source that has not rejoined: ${runs ? 'it takes' : 'a restart starts the channel, and brings'} its stale transactions${lost}`,
          ...mends,
        ),
      ]
    : [
        warning(
          'source-channel',
          `the published source has a stopped channel from ${from}, and a restart starts the channel. If the channel is not needed, remove it${lost}`,
          ...mends,
        ),
      ];
}
