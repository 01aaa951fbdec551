/**
 * Who has registered as a replica: the one thing that a probe asks only where servers may be discovered. It needs a privilege that the rest does not (MySQL: REPLICATION SLAVE; MariaDB
 * has its own); without it the answer is simply not there.
 */

import type { Claim, ReportedReplica } from '../../core/model/observation.ts';
import { reportedAddress, serverId } from './identity.ts';
import type { FactsReading, ProbeInput, QuerySet, Statement } from './query-set.ts';
import { maxRows, type Row, RowReader } from './row.ts';

/** WSREP has not yet prepared node for application use, ER_PARSE_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR: it is no reason to know nothing else of the server. */
const notTold = [1047, 1064, 1227];

/** MySQL from 8.0.22; older ones and MariaDB. */
const statement: Statement = {
  name: 'replicas',
  spellings: ['SHOW REPLICAS', 'SHOW SLAVE HOSTS'],
  absentOn: notTold,
  onceAbsent: 'skip',
};

/** A server that is asked for its replicas, too. */
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

/** The columns of the newer statement, of the older one, and of MariaDB. A replica that reports no address (the default) cannot be asked. */
function readReplica(row: Row): readonly ReportedReplica[] {
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
