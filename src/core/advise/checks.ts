/** Statements that only look: what to verify between the steps, for each product and version. */

import { isAtLeast, quote } from '../decide/advice.ts';
import { formatGtidSet } from '../gtid/gtid.ts';
import type { GtidSet } from '../gtid/gtid-set.ts';
import { type Coordinates, hasEveryGtid, type ServerFacts } from '../model/observation.ts';
import type { Check, Kept } from '../model/procedure.ts';

/** Longer than a line that a person can paste: no statement has such a set. */
const longestSet = 4000;
/** Seconds that a statement waits for a replica: shorter than most clients' patience. */
const waitSeconds = 60;

const isMariadb = ({ flavour }: ServerFacts): boolean => flavour === 'mariadb';

/** Whether both place a replica by GTIDs alone: then no coordinates are needed. */
export const areByGtids = (...servers: readonly ServerFacts[]): boolean =>
  servers.every((facts) => facts.gtidExecuted !== undefined && hasEveryGtid(facts));

/** A GTID set as a string of SQL; undefined: it is too long to be pasted. */
export function setText(set: GtidSet): string | undefined {
  const text = formatGtidSet(set);
  return text.length > longestSet ? undefined : quote(text);
}

export const isClosed = (facts: ServerFacts): Check =>
  isMariadb(facts)
    ? { statement: 'SELECT @@GLOBAL.read_only', expect: isAtLeast(facts.version, [12, 0, 0]) ? 'ON' : '1' }
    : { statement: 'SELECT @@GLOBAL.super_read_only', expect: '1' };

export const isOpen = (facts: ServerFacts): Check => {
  const { statement } = isClosed(facts);
  const off = isMariadb(facts) && isAtLeast(facts.version, [12, 0, 0]) ? 'OFF' : '0';
  return isMariadb(facts)
    ? { statement, expect: off }
    : { statement: 'SELECT @@GLOBAL.read_only, @@GLOBAL.super_read_only', expect: '0, 0' };
};

/** Both threads of a channel run. */
export function isReplicating(facts: ServerFacts, channel: string): Check {
  if (isMariadb(facts))
    return {
      statement: statusOf(facts, channel),
      expect: 'Slave_IO_Running: Yes, Slave_SQL_Running: Yes',
      atFirst: 'Connecting',
    };
  return {
    statement: `SELECT c.SERVICE_STATE AS receiver, a.SERVICE_STATE AS applier FROM performance_schema.replication_connection_status AS c JOIN performance_schema.replication_applier_status AS a USING (CHANNEL_NAME) WHERE CHANNEL_NAME = ${quote(channel)}`,
    expect: 'ON, ON',
    atFirst: 'CONNECTING',
  };
}

/** Its receiver is stopped: what it has received cannot grow. */
export const isReceiverOff = (facts: ServerFacts, channel: string): Check =>
  isMariadb(facts)
    ? { statement: statusOf(facts, channel), expect: 'Slave_IO_Running: No' }
    : {
        statement: `SELECT SERVICE_STATE FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = ${quote(channel)}`,
        expect: 'OFF',
      };

/** MySQL: it executes at once what it receives. */
export const isUndelayed = (channel: string): Check => ({
  statement: `SELECT DESIRED_DELAY FROM performance_schema.replication_applier_configuration WHERE CHANNEL_NAME = ${quote(channel)}`,
  expect: '0',
});

/** The channel is gone. */
export const isDetached = (facts: ServerFacts, channel: string): Check =>
  isMariadb(facts)
    ? { statement: statusOf(facts, channel), expect: 'Empty set' }
    : {
        statement: `SELECT COUNT(*) FROM performance_schema.replication_connection_configuration WHERE CHANNEL_NAME = ${quote(channel)}`,
        expect: '0',
      };

/** MariaDB names the connection within the statement, MySQL behind it. */
export function statusOf(facts: ServerFacts, channel: string): string {
  const named = channel === '' ? '' : quote(channel);
  if (isMariadb(facts)) {
    const replica = isAtLeast(facts.version, [10, 5, 1]) ? 'SHOW REPLICA' : 'SHOW SLAVE';
    return named === '' ? `${replica} STATUS` : `${replica} ${named} STATUS`;
  }
  const replica = isAtLeast(facts.version, [8, 0, 22]) ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS';
  return named === '' ? replica : `${replica} FOR CHANNEL ${named}`;
}

/** It will have what its replicas need: a binary log that also has what it replicated. */
export function logsAll(facts: ServerFacts): Check {
  const isNew = !isMariadb(facts) && isAtLeast(facts.version, [8, 0, 26]);
  const variable = isNew ? 'log_replica_updates' : 'log_slave_updates';
  return { statement: `SELECT @@GLOBAL.log_bin, @@GLOBAL.${variable}`, expect: '1, 1' };
}

/** A statement whose answer later steps need. */
export interface Asked {
  readonly statement: string;
  readonly keep: readonly Kept[];
}

/** A replica with filters lacks data, and no GTID set shows it. MySQL tells them from 8.0 on. */
export function hasNoFilters(facts: ServerFacts, channel: string): readonly Check[] {
  if (isMariadb(facts)) {
    const filters = ['do_db', 'do_table', 'ignore_db', 'ignore_table', 'wild_do_table', 'wild_ignore_table'];
    const all = filters.map((filter) => `@@GLOBAL.replicate_${filter}`).join(', ');
    return [{ statement: `SELECT CONCAT(${all}) = '' AS unfiltered`, expect: '1' }];
  }
  if (!isAtLeast(facts.version, [8, 0, 11])) return [];
  return [
    {
      statement: `SELECT COUNT(*) FROM performance_schema.replication_applier_filters WHERE CHANNEL_NAME = ${quote(channel)}`,
      expect: '0',
    },
  ];
}

/** Asks where a server's binary log ends: its replicas begin there. `prefix`: of the placeholders. */
export const placeOf = (facts: ServerFacts, prefix = ''): Asked => ({
  statement: placeStatement(facts),
  keep: [
    { column: 'File', placeholder: `${prefix}FILE` },
    { column: 'Position', placeholder: `${prefix}POSITION` },
  ],
});

/** Asks for the end of a server's own history, when it is closed: later steps wait for that. */
export function endOf(facts: ServerFacts, byGtids: boolean): Asked {
  if (!byGtids) return placeOf(facts, 'OLD_');
  // The set has line breaks that no placeholder should have.
  const gtids = isMariadb(facts)
    ? '@@GLOBAL.gtid_binlog_pos'
    : "REPLACE(@@GLOBAL.gtid_executed, CHAR(10), '')";
  return { statement: `SELECT ${gtids} AS gtids`, keep: [{ column: 'gtids', placeholder: 'GTIDS' }] };
}

/** Where its binary log ends. The old spelling is gone from MySQL 8.4. */
function placeStatement(facts: ServerFacts): string {
  if (isMariadb(facts))
    return isAtLeast(facts.version, [10, 5, 2]) ? 'SHOW BINLOG STATUS' : 'SHOW MASTER STATUS';
  return isAtLeast(facts.version, [8, 2, 0]) ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS';
}

/** Waits until a server has executed that set (as a string of SQL). */
export const hasExecuted = (facts: ServerFacts, set: string): Check => ({
  statement: isMariadb(facts)
    ? `SELECT MASTER_GTID_WAIT(${set}, ${waitSeconds})`
    : `SELECT WAIT_FOR_EXECUTED_GTID_SET(${set}, ${waitSeconds})`,
  expect: '0',
});

/** A replica is exactly at that place of its source's binary log. */
export function isAtPlace(facts: ServerFacts, channel: string, { file, position }: Coordinates): Check {
  const [fileColumn, positionColumn] = hasOldColumns(facts)
    ? ['Relay_Master_Log_File', 'Exec_Master_Log_Pos']
    : ['Relay_Source_Log_File', 'Exec_Source_Log_Pos'];
  return {
    statement: statusOf(facts, channel),
    expect: `${fileColumn}: ${file}, ${positionColumn}: ${position}`,
  };
}

/** It has executed all that it received, by its own words. */
export const isDrained = (facts: ServerFacts, channel: string): Check => ({
  statement: statusOf(facts, channel),
  expect: hasOldColumns(facts)
    ? 'Slave_SQL_Running_State: Slave has read all relay log; waiting for more updates'
    : 'Replica_SQL_Running_State: Replica has read all relay log; waiting for more updates',
});

const hasOldColumns = (facts: ServerFacts): boolean =>
  isMariadb(facts) || !isAtLeast(facts.version, [8, 0, 22]);

/** Waits until a replica's applier is at the old source's end (`endOf`). */
export function hasReachedPlace(facts: ServerFacts, channel: string): Check {
  const isNew = !isMariadb(facts) && isAtLeast(facts.version, [8, 0, 26]);
  const named = channel === '' ? '' : `, ${quote(channel)}`;
  const wait = isNew ? 'SOURCE_POS_WAIT' : 'MASTER_POS_WAIT';
  return { statement: `SELECT ${wait}('OLD_FILE', OLD_POSITION, ${waitSeconds}${named}) >= 0`, expect: '1' };
}

/** The state of a member in its own view of the group. */
export const isOnline: Check = {
  statement:
    'SELECT MEMBER_STATE FROM performance_schema.replication_group_members WHERE MEMBER_ID = @@server_uuid',
  expect: 'ONLINE',
};
