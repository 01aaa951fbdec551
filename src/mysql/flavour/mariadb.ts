/**
 * MariaDB 10.5 and later. There are no Performance Schema tables of replication: one SELECT brings the
 * server, SHOW ALL SLAVES STATUS (a spelling that every version knows) the channels. It gives counts of what
 * was received, but no times: see channel-notes.ts.
 */

import { union } from '../../core/gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../../core/gtid/gtid-set.ts';
import { parseMariadbGtids } from '../../core/gtid/mariadb-gtid.ts';
import type { MariadbPositions, ServerFacts, Version } from '../../core/model/observation.ts';
import { mariadbGrantStatements } from '../answer/grants.ts';
import { mariadbServerId, reportedAddress } from '../answer/identity.ts';
import type { Kept } from '../answer/kept.ts';
import { readMariadbChannels } from '../answer/mariadb-channels.ts';
import { type FactsReading, failedReading, type ProbeInput, type QuerySet } from '../answer/query-set.ts';
import { RowReader, rowsUnexpected } from '../answer/row.ts';
import { parseVersion } from '../answer/version.ts';
import {
  changingSwitches,
  mariadbSwitches,
  readSwitches,
  switchColumns,
  switchColumnsWithoutInnodb,
} from '../answer/write-switches.ts';

/** `max_statement_time` is in seconds. */
const setup = (queryTimeoutMs: number): string =>
  `SET SESSION time_zone = '+00:00', autocommit = 1, tx_read_only = 1, max_statement_time = ${Math.max(1, Math.ceil(queryTimeoutMs)) / 1000}, wait_timeout = 3600`;

const serverQuery = (
  switches: string,
): string => `SELECT @@global.server_id AS server_id, @@version AS version, @@version_comment AS version_comment, @@hostname AS hostname, @@port AS port,
 @@global.read_only AS read_only, ${switches}, @@global.log_bin AS log_bin,
 @@global.gtid_binlog_state AS gtid_binlog_state, @@global.gtid_slave_pos AS gtid_replica_pos,
 @@global.gtid_current_pos AS gtid_current_pos`;

export const mariadb = (version: Version): QuerySet => ({
  name: 'MariaDB',
  setup,
  statements: [
    {
      name: 'server',
      spellings: [
        serverQuery(switchColumns(mariadbSwitches)),
        serverQuery(switchColumnsWithoutInnodb(mariadbSwitches)),
      ],
    },
    { name: 'channels', spellings: ['SHOW ALL SLAVES STATUS'] },
  ],
  glance: `SELECT @@global.server_id AS server_id, @@global.read_only AS read_only, ${changingSwitches(mariadbSwitches)}`,
  read: readMariadb,
  grants: (account) => mariadbGrantStatements(account, version),
});

/** `server_id` has 32 bits. It is part of an identity, so it must fit into the ledger. */
const serverNumber = (text: string): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 ? Number(text) : undefined;

/** Turns the answers into facts. Failure: `rows-unexpected`. Never throws. */
function readMariadb(input: ProbeInput): FactsReading {
  const { server, session, uptimeSeconds, answers } = input;
  const reader = new RowReader(answers['server']?.[0] ?? {});
  const serverId = reader.parsed('server_id', serverNumber) ?? 0;
  const version = reader.parsed('version', parseVersion);
  reader.text('version_comment');
  // From 12.0 it is a word: NO_LOCK also blocks locking reads, NO_LOCK_NO_ADMIN also administrators.
  const readOnly = reader.oneOf('read_only', ['0', '1', 'OFF', 'ON', 'NO_LOCK', 'NO_LOCK_NO_ADMIN']);
  const switches = readSwitches(reader, mariadbSwitches);
  const positions = readPositions(reader, input.kept);
  const executed = readExecuted(reader, positions, input.kept);
  const { channels, notes, oddColumn } = readMariadbChannels(input);
  const odd = reader.oddColumn ?? oddColumn;
  if (odd !== undefined || version === undefined)
    return failedReading(rowsUnexpected(server, odd ?? 'version'));
  const home = reportedAddress(answers['server']?.[0] ?? {}, 'hostname', 'port');
  const facts = {
    id: mariadbServerId(serverId, server),
    flavour: 'mariadb' as const,
    version,
    session,
    uptimeSeconds,
    readOnly: readOnly !== '0' && readOnly !== 'OFF',
    superReadOnly: readOnly === 'NO_LOCK_NO_ADMIN',
    offlineMode: false,
    switches,
    channels,
    serverId,
    home,
    positions,
    ...executed,
  };
  return { kind: 'facts', facts, notes };
}

/** An unchanged text is the same set as before. */
const readGtids = (reader: RowReader, column: string, kept: Kept): GtidSet =>
  reader.parsed(column, (text) => kept.of(column, [text], () => parseMariadbGtids(text))) ?? emptyGtidSet;

function readPositions(reader: RowReader, kept: Kept): MariadbPositions {
  const position = (column: string): GtidSet => readGtids(reader, column, kept);
  return {
    replica: position('gtid_replica_pos'),
    current: position('gtid_current_pos'),
  };
}

/**
 * What the server has executed:
 * - The state of the binary log has the newest transaction of each server that ever wrote to this log.
 * - The replica position adds what came while the binary log was off, or before it was reset.
 * - Without a binary log only the position is left, and the server's own writes leave no trace (seen on
 *   10.11): the position proves what was executed, never what was not.
 * - A server with neither says nothing.
 */
function readExecuted(
  reader: RowReader,
  { replica, current }: MariadbPositions,
  kept: Kept,
): Pick<ServerFacts, 'gtidExecuted' | 'gtidReplicated'> {
  const state = readGtids(reader, 'gtid_binlog_state', kept);
  if (reader.flag('log_bin')) {
    const all = () => union(union(state, replica), current);
    return { gtidExecuted: kept.of('executed', [state, replica, current], all) };
  }
  if (replica.size === 0) return {};
  return { gtidReplicated: kept.of('replicated', [replica, current], () => union(replica, current)) };
}
