/**
 * The registered replicas of a server, asked only where servers may be discovered. The statement needs a
 * privilege that the other statements do not need (MySQL: REPLICATION SLAVE; MariaDB has its own); without it
 * there is no answer.
 */

import type { Claim, ReportedReplica } from '../../core/model/observation.ts';
import { reportedAddress, serverId } from './identity.ts';
import type { FactsReading, ProbeInput, QuerySet, Statement } from './query-set.ts';
import { maxRows, type Row, RowReader } from './row.ts';

/** WSREP not ready, ER_PARSE_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR: the other facts still count. */
const notTold = [1047, 1064, 1227];

/** MySQL from 8.0.22; older MySQL, and MariaDB. */
const statement: Statement = {
  name: 'replicas',
  spellings: ['SHOW REPLICAS', 'SHOW SLAVE HOSTS'],
  absentOn: notTold,
  onceAbsent: 'skip',
};

export const withReplicas = (base: QuerySet): QuerySet => ({
  ...base,
  statements: [...base.statements, statement],
  read: (input) => addReplicas(base.read(input), input),
});

function addReplicas(reading: FactsReading, { answers }: ProbeInput): FactsReading {
  const rows = answers['replicas'];
  if (reading.kind === 'failed' || rows === undefined) return reading;
  return { ...reading, facts: { ...reading.facts, replicas: rows.slice(0, maxRows).flatMap(readReplica) } };
}

/** The columns of both statements and of MariaDB. A replica without an address (the default) is left out. */
export function readReplica(row: Row): readonly ReportedReplica[] {
  const address = reportedAddress(row, 'Host', 'Port');
  const claim = readClaim(row);
  return address === undefined || claim === undefined ? [] : [{ address, claim }];
}

function readClaim(row: Row): Claim | undefined {
  const column = ['Replica_UUID', 'Slave_UUID'].find((name) => name in row);
  const reader = new RowReader(row);
  const claim = column === undefined ? reader.number('Server_id') : serverId(reader, column);
  return reader.oddColumn === undefined ? claim : undefined;
}
