/** Whether the servers of a cluster are different servers, and known by their names. */

import { splitAddress } from '../../core/model/observation.ts';
import type { Check } from '../check.ts';
import type { Finding } from '../finding.ts';
import { type Found, fault, judged, warning } from '../found.ts';
import {
  type Answering,
  allAnswering,
  type ClusterView,
  clusterCheck,
  inServerFile,
  onServer,
  serverCheck,
  variable,
} from './cluster-view.ts';

const parts = {
  name: 'identity',
  codes: ['one-server-twice', 'uuid-twice', 'server-id-twice'],
} as const;

export const identityCheck: Check = clusterCheck(parts, (view): readonly Finding[] =>
  allAnswering(view).length < 2
    ? []
    : judged(
        { area: 'mysql', name: parts.name },
        view.name,
        [...sameUuid(view), ...sameId(view)],
        'every server has its own identity',
      ),
);

type Pair = readonly [Answering, Answering];

/** The servers that have the same value, as pairs of the first one and each later one. */
function twins(
  servers: readonly Answering[],
  value: (server: Answering) => string | undefined,
): readonly Pair[] {
  return servers.flatMap((server, index): readonly Pair[] => {
    const own = value(server);
    const first = servers.slice(0, index).find((other) => own !== undefined && value(other) === own);
    return first === undefined ? [] : [[first, server]];
  });
}

/** Seconds. Both servers are asked within a second or two. */
const startTolerance = 5;

/** Its name for itself, its port and its folder. Two copies of one server differ in one of them. */
const homeOf = (server: Answering): string =>
  ['hostname', 'port', 'datadir'].map((name) => variable(server, name)).join(' ');

const uptimeOf = ({ report }: Answering): number => Number(report.status.get('uptime') ?? Number.NaN);

const isOneServer = ([first, second]: Pair): boolean =>
  homeOf(first) === homeOf(second) && Math.abs(uptimeOf(first) - uptimeOf(second)) <= startTolerance;

function sameUuid(view: ClusterView): readonly Found[] {
  return twins(allAnswering(view), (server) => variable(server, 'server_uuid')).map((pair): Found => {
    const [first, second] = pair;
    const uuid = variable(second, 'server_uuid') ?? '';
    if (isOneServer(pair))
      return {
        ...fault(
          'one-server-twice',
          `${first.address} and ${second.address} are one server (server_uuid ${uuid}, the same start, host name, port and folder): it counts once`,
          {
            where: `in ${view.file}, under clusters: ${view.name}: servers, remove this line`,
            lines: [`- ${second.address}`],
          },
        ),
        subject: second.address,
      };
    const copy = view.source?.address === second.address ? first : second;
    const folder = variable(copy, 'datadir') ?? '<datadir>/';
    return {
      ...fault(
        'uuid-twice',
        `${first.address} and ${second.address} are two servers with one server_uuid (${uuid}): one was copied from the other, and replication between them fails. Make sure that ${copy.address} is the copy`,
        {
          where: `in a shell on the host of ${copy.address}, while its mysqld is stopped`,
          lines: [`rm '${folder.replace(/\/?$/, '/')}auto.cnf'`],
        },
      ),
      subject: copy.address,
    };
  });
}

function sameId(view: ClusterView): readonly Found[] {
  const servers = allAnswering(view);
  const taken = new Set(servers.map((server) => Number(variable(server, 'server_id'))));
  return twins(servers, (server) => variable(server, 'server_id'))
    .filter(
      ([first, second]) =>
        variable(first, 'server_uuid') === undefined ||
        variable(first, 'server_uuid') !== variable(second, 'server_uuid'),
    )
    .map(([first, second]): Found => {
      const change = view.source?.address === second.address ? first : second;
      const free = freeNumber(taken);
      taken.add(free);
      const { mariadb, rds } = change.report.traits;
      return {
        ...fault(
          'server-id-twice',
          `${first.address} and ${second.address} have one server_id (${variable(change, 'server_id')}): a replica ignores what comes from a server with its own number`,
          ...(rds
            ? []
            : mariadb
              ? [
                  onServer(change.address, [`SET GLOBAL server_id = ${free};`]),
                  inServerFile(change, [`server_id = ${free}`]),
                ]
              : [
                  onServer(change.address, [
                    `SET PERSIST server_id = ${free};`,
                    'STOP REPLICA;',
                    'START REPLICA;',
                  ]),
                ]),
        ),
        subject: change.address,
      };
    });
}

function freeNumber(taken: ReadonlySet<number>): number {
  let free = Math.max(0, ...taken) + 1;
  while (taken.has(free)) free += 1;
  return free;
}

/** Failover tools, MySQL Shell and discovery know a replica by what it reports to its source. */
export const reportCheck: Check = serverCheck(
  {
    name: 'report-host',
    codes: ['report-host-missing', 'report-host-strange'],
    ok: 'the server reports the name that is configured',
  },
  (server, view) => {
    // These services have tools of their own, and nobody can set it there.
    if (server.report.traits.rds || server.report.traits.aurora) return [];
    const { host, port } = splitAddress(server.address);
    const reported = variable(server, 'report_host') ?? '';
    const line = `report_host = ${host}`;
    if (reported === '')
      return [
        warning(
          'report-host-missing',
          'report_host is not set: failover tools that ask the source for its replicas do not find this server',
          inServerFile(server, [line]),
        ),
      ];
    const reportedPort = Number(variable(server, 'report_port') ?? 0);
    const lines = [line, ...(reportedPort === 0 || reportedPort === port ? [] : [`report_port = ${port}`])];
    if (lines.length === 1 && knownAs(server, view).has(reported.toLowerCase())) return [];
    return [
      warning(
        'report-host-strange',
        `the server reports itself as ${reported}:${reportedPort}, but is configured as ${server.address}: a failover tool knows it by another name than source-dns`,
        inServerFile(server, lines),
      ),
    ];
  },
);

/** The configured hosts, and the addresses that they have. Of a server that is configured twice, of both. */
function knownAs(server: Answering, view: ClusterView): ReadonlySet<string> {
  const uuid = variable(server, 'server_uuid');
  const same = allAnswering(view).filter(
    (other) => other === server || (uuid !== undefined && variable(other, 'server_uuid') === uuid),
  );
  const addresses = new Set([server.address, ...same.map(({ address }) => address)]);
  return new Set(
    view.servers
      .filter(({ address }) => addresses.has(address))
      .flatMap(({ address, resolution }) => [
        splitAddress(address).host,
        ...(resolution.kind === 'addresses' ? resolution.addresses : []),
      ]),
  );
}
