/**
 * Galera: MariaDB with a wsrep provider, or Percona XtraDB Cluster. Every node may take writes, so only the
 * `wsrep_` status shows the state of a node; the other facts are asked as without Galera. A node outside of
 * the primary component answers these statements (run on 10.11), but refuses to read a table (error 1047).
 */

import type { Wsrep } from '../../core/model/observation.ts';
import { type FactsReading, failedReading, type ProbeInput, type QuerySet } from '../answer/query-set.ts';
import { type Row, RowReader, rowsUnexpected } from '../answer/row.ts';

const statusNames = [
  'wsrep_cluster_conf_id',
  'wsrep_cluster_size',
  'wsrep_cluster_state_uuid',
  'wsrep_cluster_status',
  'wsrep_last_committed',
  'wsrep_local_index',
  'wsrep_local_state',
  'wsrep_ready',
];
const variableNames = [
  'pxc_maint_mode',
  'wsrep_desync',
  'wsrep_gtid_mode',
  'wsrep_on',
  'wsrep_reject_queries',
  'wsrep_sst_donor_rejects_queries',
];

type StatusSchema = 'information_schema' | 'performance_schema';

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

const wsrepQuery = (schema: StatusSchema): string => `SELECT VARIABLE_NAME AS name, VARIABLE_VALUE AS value
 FROM ${schema}.global_status WHERE VARIABLE_NAME IN (${quoted(statusNames)})
UNION ALL SELECT VARIABLE_NAME, VARIABLE_VALUE FROM ${schema}.global_variables WHERE VARIABLE_NAME IN (${quoted(variableNames)})`;

export const withWsrep = (base: QuerySet, schema: StatusSchema): QuerySet => ({
  ...base,
  name: `${base.name} with Galera`,
  statements: [...base.statements, { name: 'wsrep', spellings: [wsrepQuery(schema)] }],
  read: (input) => addWsrep(base.read(input), input),
});

/** GTIDs can be compared only where the cluster gives them: MySQL, and MariaDB with `wsrep_gtid_mode`. */
function addWsrep(reading: FactsReading, { server, answers }: ProbeInput): FactsReading {
  if (reading.kind === 'failed') return reading;
  const values = valuesOf(answers['wsrep'] ?? []);
  const reader = new RowReader(values);
  const wsrep = readWsrep(reader, values);
  if (reader.oddColumn !== undefined) return failedReading(rowsUnexpected(server, reader.oddColumn));
  const { gtidExecuted, gtidReplicated, ...facts } = reading.facts;
  const comparable = facts.flavour === 'mysql' || values['wsrep_gtid_mode'] === 'ON';
  const sets = { ...(gtidExecuted && { gtidExecuted }), ...(gtidReplicated && { gtidReplicated }) };
  return { ...reading, facts: { ...facts, ...(comparable && sets), wsrep } };
}

/** MariaDB writes the names in capitals. */
const valuesOf = (rows: readonly Row[]): Row =>
  Object.fromEntries(rows.map((row) => [String(row['name']).toLowerCase(), row['value']]));

/** `wsrep_local_state`; other values are errors. */
const states = { '0': 'undefined', '1': 'joining', '2': 'donor', '3': 'joined', '4': 'synced' } as const;
/** `wsrep_cluster_conf_id` outside of a component: -1, as 64 bits without a sign. */
const none = '18446744073709551615';

/** The mark of the line in the ledger. Zeros or empty on a node that never was in a cluster. */
function clusterUuid(text: string): string | undefined {
  const lower = text.toLowerCase();
  return /^(?:[0-9a-f-]{36})?$/.test(lower) ? lower : undefined;
}

/** Before the first write set it is -1, as 64 bits without a sign: nothing is committed. */
const writeSetNumber = (number: number): number => (Number.isSafeInteger(number) && number > 0 ? number : 0);

/** By an administrator: it refuses all queries, or those during a donation; or its commits go nowhere. */
function isClosed(values: Row, state: string): boolean {
  const isDonor = states[state as keyof typeof states] === 'donor';
  return (
    (values['wsrep_reject_queries'] ?? 'NONE') !== 'NONE' ||
    (values['pxc_maint_mode'] ?? 'DISABLED') !== 'DISABLED' ||
    (values['wsrep_on'] ?? 'ON') !== 'ON' ||
    (isDonor && values['wsrep_sst_donor_rejects_queries'] === 'ON')
  );
}

function readWsrep(reader: RowReader, values: Row): Wsrep {
  const state = reader.text('wsrep_local_state');
  const primaryComponent = reader.text('wsrep_cluster_status') === 'Primary';
  const index = reader.number('wsrep_local_index');
  const view = reader.number('wsrep_cluster_conf_id');
  return {
    clusterUuid: reader.parsed('wsrep_cluster_state_uuid', clusterUuid) ?? '',
    primaryComponent,
    ready: reader.text('wsrep_ready') === 'ON',
    state: states[state as keyof typeof states] ?? 'error',
    size: reader.number('wsrep_cluster_size'),
    ...(primaryComponent && { index }),
    ...(primaryComponent && values['wsrep_cluster_conf_id'] !== none && { view }),
    lastCommitted: writeSetNumber(reader.number('wsrep_last_committed')),
    closed: isClosed(values, state),
    desynced: values['wsrep_desync'] === 'ON',
  };
}
