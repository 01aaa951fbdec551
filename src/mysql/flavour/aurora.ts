/**
 * Aurora MySQL 2 (MySQL 5.7) and 3 (8.0). Its servers share one storage and have no channels: the table of
 * the service names the writer, and `innodb_read_only` says whether this server is a reader. The Performance
 * Schema is usually off, and is not needed. A channel from elsewhere into the writer is an upstream outside
 * of the inventory, and is not asked for. From the AWS drivers and manuals (Aurora User Guide,
 * "information_schema.replica_host_status"), not run.
 */

import type { ManagedMember } from '../../core/model/observation.ts';
import type { ServerId } from '../../core/model/units.ts';
import { type FactsReading, failedReading, type ProbeInput, type QuerySet } from '../answer/query-set.ts';
import { maxRows, RowReader, rowsUnexpected } from '../answer/row.ts';
import { parseVersion } from '../answer/version.ts';

/** Sets no read-only transaction: its variable has another name in each version. */
const setup = (queryTimeoutMs: number): string =>
  `SET SESSION time_zone = '+00:00', autocommit = 1, max_execution_time = ${Math.max(1, Math.ceil(queryTimeoutMs))}, wait_timeout = 3600`;

/** The age is by the server's clock, as is the table. */
const topologyQuery = `SELECT @@aurora_server_id AS self, @@version AS version, @@global.innodb_read_only AS innodb_read_only, @@global.read_only AS read_only,
 SERVER_ID AS member, SESSION_ID AS member_session, REPLICA_LAG_IN_MILLISECONDS AS lag_ms,
 TIMESTAMPDIFF(MICROSECOND, LAST_UPDATE_TIMESTAMP, NOW(6)) AS heard_age_us
FROM information_schema.replica_host_status`;

const writerSession = 'MASTER_SESSION_ID';

/** A DB instance identifier (RDS User Guide, "Naming constraints"). As an identity it must fit the ledger. */
const instanceName = (text: string): string | undefined =>
  /^[A-Za-z0-9-]{1,63}$/.test(text) ? text : undefined;

/** Aurora MySQL. */
export const aurora: QuerySet = {
  name: 'Aurora MySQL',
  setup,
  statements: [{ name: 'server', spellings: [topologyQuery] }],
  glance:
    'SELECT @@aurora_server_id AS self, @@global.innodb_read_only AS innodb_read_only, @@global.read_only AS read_only',
  read: readAurora,
  // The table needs no privilege.
  grants: () => [],
};

/** A writer in the table that is read-only itself is between two roles: not writable. */
function readAurora({ server, session, uptimeSeconds, answers, notes }: ProbeInput): FactsReading {
  const rows = (answers['server'] ?? []).slice(0, maxRows);
  const first = new RowReader(rows[0] ?? {});
  const self = first.parsed('self', instanceName) ?? '';
  const version = first.parsed('version', parseVersion);
  const innodbReadOnly = first.flag('innodb_read_only');
  const readOnly = first.flag('read_only');
  const members: ManagedMember[] = [];
  let odd = first.oddColumn;
  for (const row of rows) {
    const reader = new RowReader(row);
    const age = reader.optionalNumber('heard_age_us');
    const heard = age === undefined ? {} : { heardAgoMs: Math.max(0, Math.floor(age / 1000)) };
    const writer = reader.text('member_session') === writerSession;
    const lag = reader.optionalNumber('lag_ms');
    members.push({
      name: reader.text('member'),
      writer,
      ...(!writer && lag !== undefined && { lagSeconds: Math.round(lag) / 1000 }),
      ...heard,
    });
    odd ??= reader.oddColumn;
  }
  if (odd !== undefined || version === undefined)
    return failedReading(rowsUnexpected(server, odd ?? 'version'));
  const facts = {
    // server_uuid may be the same on two instances; the instance name is unique in its region and account.
    id: `aurora:${self}` as ServerId,
    flavour: 'mysql' as const,
    version,
    session,
    uptimeSeconds,
    readOnly,
    superReadOnly: false,
    offlineMode: false,
    ...(innodbReadOnly && { switches: [{ variable: 'innodb_read_only', value: 'ON' } as const] }),
    channels: [],
    managed: { kind: 'aurora' as const, self, members },
  };
  return { kind: 'facts', facts, notes };
}
