import { type GtidSet, parseGtidSet } from '../core/gtid.ts';
import type { Channel, Failure, Group, GroupMember, ServerFacts } from '../core/observation.ts';
import type { ServerAddress } from '../core/units.ts';
import { isGroupChannel, readChannel } from './channel-rows.ts';
import { serverId } from './identity.ts';
import { type Row, RowReader, rowsUnexpected } from './row.ts';
import { flavourOf, parseVersion } from './version.ts';

/** What one probe got of the server, and what is known of the connection that asked. */
export interface ProbeRows {
  readonly server: ServerAddress;
  /** The number of the connection. */
  readonly session: number;
  /** Asked once a connection, and counted on from then. */
  readonly uptimeSeconds: number;
  /** The result of `probeQuery`. */
  readonly probe: readonly Row[];
  /** The result of `groupQuery`; absent where there is no group or no plugin. */
  readonly group?: readonly Row[];
}

export type FactsReading = { readonly kind: 'facts'; readonly facts: ServerFacts } | { readonly kind: 'failed'; readonly failure: Failure };

/** More channels than MySQL allows (256, manual 19.2.2) are no MySQL server's. */
const maxRows = 300;

/** Turns result rows into facts. Failures: `rows-unexpected` (names the column), `performance-schema-off`. Never throws. */
export function readFacts(rows: ProbeRows): FactsReading {
  const first = rows.probe[0];
  if (first === undefined || rows.probe.length > maxRows) return failed(rowsUnexpected(rows.server, 'server_uuid'));
  const reader = new RowReader(first);
  if (!reader.flag('performance_schema') && reader.oddColumn === undefined) return failed(performanceSchemaOff(rows.server));
  const version = reader.parsed('version', parseVersion);
  const gtidExecuted = readExecuted(reader);
  reader.number('group_members');
  const facts = {
    id: serverId(reader, 'server_uuid'),
    flavour: flavourOf(`${version?.text} ${reader.text('version_comment')}`),
    session: rows.session,
    uptimeSeconds: rows.uptimeSeconds,
    readOnly: reader.flag('read_only'),
    superReadOnly: reader.flag('super_read_only'),
    offlineMode: reader.flag('offline_mode'),
    ...(gtidExecuted && { gtidExecuted }),
  };
  const channels = readChannels(rows.probe, gtidExecuted);
  const group = rows.group && readGroup(rows.group);
  const odd = reader.oddColumn ?? channels.oddColumn ?? group?.oddColumn;
  if (odd !== undefined || version === undefined) return failed(rowsUnexpected(rows.server, odd ?? 'version'));
  return { kind: 'facts', facts: { ...facts, version, channels: channels.channels, ...(group?.group && { group: group.group }) } };
}

/** Whether the server has a group whose members should be asked for. */
export const hasGroup = (probe: readonly Row[]): boolean => Number(probe[0]?.['group_members'] ?? 0) > 0;

const failed = (failure: Failure): FactsReading => ({ kind: 'failed', failure });

/** Also the permissive modes without own GTIDs leave transactions out of the set, so that it proves nothing. */
function readExecuted(reader: RowReader): GtidSet | undefined {
  const mode = reader.oneOf('gtid_mode', ['OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON']);
  return mode === 'ON' || mode === 'ON_PERMISSIVE' ? reader.parsed('gtid_executed', parseGtidSet) : undefined;
}

function readChannels(rows: readonly Row[], executed: GtidSet | undefined): { channels: readonly Channel[]; oddColumn?: string } {
  const channels: Channel[] = [];
  for (const row of rows) {
    const reader = new RowReader(row);
    const name = reader.optionalText('channel');
    if (name !== undefined && !isGroupChannel(name)) channels.push(readChannel(reader, executed));
    if (reader.oddColumn !== undefined) return { channels: [], oddColumn: reader.oddColumn };
  }
  return { channels };
}

function readGroup(rows: readonly Row[]): { group?: Group; oddColumn?: string } {
  const members: GroupMember[] = [];
  let name = '';
  let singlePrimary = false;
  for (const row of rows) {
    const reader = new RowReader(row);
    // The plugin may be loaded and no group configured.
    name = reader.optionalText('group_name') ?? '';
    singlePrimary = reader.flag('single_primary');
    // A member that never started has no identity here, only the state OFFLINE.
    if (reader.text('member_id') !== '') members.push(readMember(reader));
    if (reader.oddColumn !== undefined) return { oddColumn: reader.oddColumn };
  }
  return members.length === 0 || name === '' ? {} : { group: { name, singlePrimary, members } };
}

function readMember(reader: RowReader): GroupMember {
  return {
    id: serverId(reader, 'member_id'),
    state: reader.oneOf('member_state', ['OFFLINE', 'ONLINE', 'RECOVERING', 'ERROR', 'UNREACHABLE']),
    role: reader.oneOf('member_role', ['', 'PRIMARY', 'SECONDARY']),
  };
}

function performanceSchemaOff(server: ServerAddress): Failure {
  return {
    code: 'performance-schema-off',
    message: `${server}: the Performance Schema is off, so that a replica cannot be told from a source`,
    hint: 'Start the server with performance_schema=ON (the default).',
  };
}
