/** Where a replica may move on its own (manual 19.4.9): source lists, and groups that keep such a list. */

import type { Channel, FailoverSource, ManagedGroup } from '../../core/model/observation.ts';
import { sourceAddress } from './identity.ts';
import type { Answers, Statement } from './query-set.ts';
import { type Row, RowReader } from './row.ts';

/** Without SELECT on these two tables only the lists are missing. */
export const failoverTables = [
  'replication_asynchronous_connection_failover',
  'replication_asynchronous_connection_failover_managed',
] as const;

/** ER_TABLEACCESS_DENIED_ERROR, ER_NO_SUCH_TABLE, ER_BAD_FIELD_ERROR. */
const notToBeSeen = [1142, 1146, 1054] as const;

/** Rows that we read from each table: a list has only some servers. */
const listLimit = 64;

const mayMove = (answers: Answers): boolean =>
  answers['server']?.some((row) => row['auto_failover'] === '1') ?? false;
const keepsGroups = (answers: Answers): boolean =>
  answers['failover']?.some((row) => row['managed'] !== '') ?? false;

const listQuery = (managed: string): string =>
  `SELECT CHANNEL_NAME AS channel, HOST AS host, PORT AS port, WEIGHT AS weight, ${managed} AS managed FROM performance_schema.${failoverTables[0]}
 ORDER BY WEIGHT DESC, HOST, PORT LIMIT ${listLimit}`;

/** MANAGED_NAME and the second table came with 8.0.23, the list itself with 8.0.22. */
export const failoverStatements: readonly Statement[] = [
  {
    name: 'failover',
    spellings: [listQuery('MANAGED_NAME'), listQuery("''")],
    when: mayMove,
    absentOn: notToBeSeen,
  },
  {
    name: 'failover-managed',
    spellings: [
      `SELECT CHANNEL_NAME AS channel, MANAGED_NAME AS managed, CONFIGURATION->>'$.Primary_weight' AS primary_weight,
 CONFIGURATION->>'$.Secondary_weight' AS secondary_weight FROM performance_schema.${failoverTables[1]} ORDER BY MANAGED_NAME LIMIT ${listLimit}`,
    ],
    when: keepsGroups,
    absentOn: notToBeSeen,
  },
];

/** What the channel of that name may choose from; nothing where the lists could not be seen. */
type FailoverLists = (channel: string) => Pick<Channel, 'failoverSources' | 'managedGroups'>;

/** Reads the two answers. Lists that cannot be read count as not seen: no decision needs them. */
export function readFailoverLists({ failover, 'failover-managed': managed = [] }: Answers): FailoverLists {
  const sources = failover && readEntries(failover, readSource);
  const groups = readEntries(managed, readGroup) ?? [];
  if (sources === undefined) return () => ({});
  return (channel) => {
    const managedGroups = entriesOf(groups, channel);
    return {
      failoverSources: entriesOf(sources, channel),
      ...(managedGroups.length > 0 && { managedGroups }),
    };
  };
}

interface Entry<T> {
  readonly channel: string;
  readonly value: T;
}

const entriesOf = <T>(entries: readonly Entry<T>[], channel: string): readonly T[] =>
  entries.filter((entry) => entry.channel === channel).map(({ value }) => value);

function readEntries<T>(rows: readonly Row[], read: (row: RowReader) => T): readonly Entry<T>[] | undefined {
  const entries: Entry<T>[] = [];
  for (const row of rows.slice(0, listLimit)) {
    const reader = new RowReader(row);
    entries.push({ channel: reader.text('channel'), value: read(reader) });
    if (reader.oddColumn !== undefined) return undefined;
  }
  return entries;
}

function readSource(row: RowReader): FailoverSource {
  const managed = row.words('managed');
  return {
    address: sourceAddress(row.text('host'), row.port('port')),
    weight: row.number('weight'),
    ...(managed !== '' && { managed }),
  };
}

const readGroup = (row: RowReader): ManagedGroup => ({
  name: row.words('managed'),
  primaryWeight: row.number('primary_weight'),
  secondaryWeight: row.number('secondary_weight'),
});
