/**
 * RDS Multi-AZ DB clusters: MySQL 8 with one writer and two readers that replicate from it, so MySQL's own
 * facts show the source. Only such clusters have the table `mysql.rds_topology`, which names the members; our
 * account may be allowed to read it or not. Written from the AWS drivers and manuals (RDS User Guide,
 * "Multi-AZ DB clusters"), not run.
 */

import type { ManagedMember } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { type FactsReading, failedReading, type ProbeInput, type QuerySet } from '../answer/query-set.ts';
import { maxRows, RowReader, rowsUnexpected } from '../answer/row.ts';

const topologyQuery = 'SELECT id, endpoint, port, @@global.server_id AS self FROM mysql.rds_topology';

/** ER_TABLEACCESS_DENIED_ERROR (also for a missing table), ER_NO_SUCH_TABLE. */
const noTopology = [1142, 1146];

/** A MySQL server on RDS, which may belong to such a cluster. */
export const withRdsTopology = (base: QuerySet): QuerySet => ({
  ...base,
  name: `${base.name} on RDS`,
  statements: [
    ...base.statements,
    { name: 'rds', spellings: [topologyQuery], absentOn: noTopology, onceAbsent: 'skip' },
  ],
  read: (input) => withTopology(base.read(input), input),
  grants: (account) => [...base.grants(account), `GRANT SELECT ON mysql.rds_topology TO ${account};`],
});

function withTopology(reading: FactsReading, { server, answers }: ProbeInput): FactsReading {
  const rows = answers['rds'] ?? [];
  if (reading.kind === 'failed' || rows.length === 0) return reading;
  const members: ManagedMember[] = [];
  let self = '';
  for (const row of rows.slice(0, maxRows)) {
    const reader = new RowReader(row);
    self = reader.text('self');
    const address = `${reader.text('endpoint').toLowerCase()}:${reader.port('port')}` as ServerAddress;
    members.push({ name: reader.text('id'), address });
    if (reader.oddColumn !== undefined) return failedReading(rowsUnexpected(server, reader.oddColumn));
  }
  return { ...reading, facts: { ...reading.facts, managed: { kind: 'rds-cluster', self, members } } };
}
