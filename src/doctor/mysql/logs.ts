/** Whether each server could be the source: GTIDs, and a binary log that its replicas can follow. */

import type { Check } from '../check.ts';
import { type Found, warning } from '../found.ts';
import { type Answering, type ClusterView, inServerFile, serverCheck, variable } from './cluster-view.ts';

export const logsCheck: Check = serverCheck(
  {
    name: 'binary-log',
    codes: ['gtid-off', 'binlog-off'],
    ok: 'GTIDs and the binary log are on',
  },
  (server, view) => [...gtids(server, view), ...binaryLog(server, view)],
);

/** The online procedure (manual 19.1.4.2): a step begins when every server has made the one before. */
const steps: readonly string[] = [
  'SET PERSIST enforce_gtid_consistency = WARN;',
  'SET PERSIST enforce_gtid_consistency = ON;',
  'SET PERSIST gtid_mode = OFF_PERMISSIVE;',
  'SET PERSIST gtid_mode = ON_PERMISSIVE;',
  "SHOW STATUS LIKE 'Ongoing_anonymous_transaction_count';",
  'SET PERSIST gtid_mode = ON;',
];
const nextStep: Readonly<Record<string, number>> = { OFF: 0, OFF_PERMISSIVE: 3, ON_PERMISSIVE: 4 };

function gtids(server: Answering, { name }: ClusterView): readonly Found[] {
  const mode = variable(server, 'gtid_mode');
  const { rds } = server.report.traits;
  if (mode === undefined || mode === 'ON' || server.report.traits.mariadb) return [];
  const sentence = `gtid_mode is ${mode}, so source-dns can hardly compare the servers after a failover`;
  return [
    warning(
      'gtid-off',
      sentence,
      rds
        ? inServerFile(server, ['enforce_gtid_consistency = ON', `gtid-mode = ${nextMode(mode)}`])
        : {
            where: `on every server of ${name}: one line on all of them before the next line, and the last line only when all show 0`,
            lines: steps.slice(nextStep[mode] ?? 0),
          },
    ),
  ];
}

const nextMode = (mode: string): string =>
  mode === 'OFF' ? 'OFF_PERMISSIVE' : mode === 'OFF_PERMISSIVE' ? 'ON_PERMISSIVE' : 'ON';

function binaryLog(server: Answering, view: ClusterView): readonly Found[] {
  const settings = view.cluster.settings.servers.find(({ address }) => address === server.address);
  if (settings?.candidate === 'never' || server.report.traits.aurora || server.facts?.wsrep) return [];
  const updates = variable(server, 'log_replica_updates') ?? variable(server, 'log_slave_updates');
  const updatesName = server.report.variables.has('log_replica_updates')
    ? 'log_replica_updates'
    : 'log_slave_updates';
  const log = variable(server, 'log_bin');
  const off = [...(log === 'OFF' ? ['log_bin'] : []), ...(updates === 'OFF' ? [updatesName] : [])];
  if (off.length === 0) return [];
  if (server.report.traits.rds)
    return [
      warning(
        'binlog-off',
        'the binary log is off: after its promotion no replica could follow this server. RDS turns it on with automated backups',
      ),
    ];
  return [
    warning(
      'binlog-off',
      `${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} OFF: after its promotion no replica could follow this server. Or write "candidate: never" for it`,
      inServerFile(
        server,
        off.map((one) => (one === 'log_bin' ? 'log_bin = binlog' : `${one} = ON`)),
      ),
    ),
  ];
}
