/** Turns the answers of a MySQL server into facts. */

import { parseGtidSet } from '../../core/gtid/gtid.ts';
import type { GtidSet } from '../../core/gtid/gtid-set.ts';
import { type Channel, type GtidMode, gtidModes, type ServerFacts } from '../../core/model/observation.ts';
import type { ChannelNote } from '../answer/channel-notes.ts';
import { type ExecutedSet, isGroupChannel, readChannel, readGroupLag } from '../answer/channel-rows.ts';
import { readBinlogEnd, readCoordinates } from '../answer/coordinates.ts';
import { readFailoverLists } from '../answer/failover-list-rows.ts';
import { readGroup } from '../answer/group-rows.ts';
import { reportedAddress, serverId } from '../answer/identity.ts';
import { cellsOf, type Kept } from '../answer/kept.ts';
import { type FactsReading, failedReading, type ProbeInput } from '../answer/query-set.ts';
import { maxRows, type Row, RowReader, rowsUnexpected } from '../answer/row.ts';
import { parseVersion } from '../answer/version.ts';
import { readSwitches, type SwitchRules } from '../answer/write-switches.ts';

/** What differs between versions with the same column names. */
interface MysqlVersion {
  readonly timed: boolean;
  readonly rules: SwitchRules;
}

/** What each row says about the server itself, without its GTIDs. */
const basicColumns: readonly string[] = [
  'server_uuid',
  'version',
  'version_comment',
  'hostname',
  'port',
  'read_only',
  'super_read_only',
  'offline_mode',
  'innodb_read_only',
  'innodb_force_recovery',
  'read_only_transactions',
  'gtid_mode',
  'performance_schema',
  'group_members',
];

export function readMysql(input: ProbeInput, { timed, rules }: MysqlVersion): FactsReading {
  const { server, session, uptimeSeconds, answers, kept } = input;
  const rows = answers['server'] ?? [];
  const first = rows[0];
  if (first === undefined || rows.length > maxRows)
    return failedReading(rowsUnexpected(server, 'server_uuid'));
  const basics = kept.of('server', cellsOf(first, basicColumns), () => readBasics(first, rules));
  const reader = new RowReader(first);
  const gtids = readExecuted(reader, basics.gtidMode, kept);
  const binlogEnd = readBinlogEnd(answers['binlog']);
  const sets = { executed: gtids.executed, complete: basics.gtidMode === 'ON' };
  const { channels, notes, groupLag, oddColumn } = readChannels(
    input,
    basics.performanceSchema && timed,
    sets,
  );
  const group = readGroup(answers['group'], groupLag);
  const odd = basics.oddColumn ?? reader.oddColumn ?? oddColumn ?? group.oddColumn;
  if (odd !== undefined || basics.version === undefined)
    return failedReading(rowsUnexpected(server, odd ?? 'version'));
  // This runs for every answer: a literal that spreads another record would be written key by key.
  const facts: ServerFacts = {
    id: basics.id,
    flavour: 'mysql',
    version: basics.version,
    session,
    uptimeSeconds,
    home: basics.home,
    readOnly: basics.readOnly,
    superReadOnly: basics.superReadOnly,
    offlineMode: basics.offlineMode,
    switches: basics.switches,
    channels,
    gtidExecuted: gtids.executed,
    gtidReplicated: gtids.replicated,
    gtidMode: basics.gtidMode,
    binlogEnd,
    group: group.group,
  };
  return { kind: 'facts', facts, notes };
}

function readBasics(row: Row, rules: SwitchRules) {
  const reader = new RowReader(row);
  const home = reportedAddress(row, 'hostname', 'port');
  const gtidMode = reader.oneOf('gtid_mode', gtidModes);
  reader.text('version_comment');
  reader.number('group_members');
  return {
    id: serverId(reader, 'server_uuid'),
    readOnly: reader.flag('read_only'),
    superReadOnly: reader.flag('super_read_only'),
    offlineMode: reader.flag('offline_mode'),
    switches: readSwitches(reader, rules),
    home,
    gtidMode,
    version: reader.parsed('version', parseVersion),
    performanceSchema: reader.flag('performance_schema'),
    oddColumn: reader.oddColumn,
  };
}

/** In OFF_PERMISSIVE the set lacks the server's own transactions; in OFF it is a rest of an earlier mode. */
function readExecuted(
  reader: RowReader,
  mode: GtidMode,
  kept: Kept,
): { readonly executed: GtidSet | undefined; readonly replicated: GtidSet | undefined } {
  if (mode === 'OFF') return { executed: undefined, replicated: undefined };
  const set = reader.parsed('gtid_executed', (text) =>
    kept.of('gtid_executed', [text], () => parseGtidSet(text)),
  );
  const isReplicated = mode === 'OFF_PERMISSIVE';
  return { executed: isReplicated ? undefined : set, replicated: isReplicated ? set : undefined };
}

interface ChannelsReading {
  readonly channels: readonly Channel[];
  readonly notes: ReadonlyMap<string, ChannelNote>;
  readonly groupLag: number | undefined;
  readonly oddColumn: string | undefined;
}

function readChannels(input: ProbeInput, timed: boolean, sets: ExecutedSet): ChannelsReading {
  const channels: Channel[] = [];
  const notes = new Map<string, ChannelNote>();
  const coordinates = readCoordinates(input.answers['status']);
  let groupLag: number | undefined;
  const listsOf = readFailoverLists(input.answers);
  for (const row of input.answers['server'] ?? []) {
    const reader = new RowReader(row);
    const name = reader.optionalText('channel');
    if (reader.oddColumn !== undefined)
      return { channels: [], notes, groupLag: undefined, oddColumn: reader.oddColumn };
    groupLag ??= readGroupLag(row, sets.executed, input.kept);
    if (name === undefined || isGroupChannel(name)) continue;
    const { channel, note, oddColumn } = readChannel(row, {
      executed: sets.executed,
      complete: sets.complete,
      coordinates: coordinates.get(name),
      timed,
      at: input.at,
      note: input.notes.get(name),
      kept: input.kept,
    });
    if (oddColumn !== undefined) return { channels: [], notes, groupLag: undefined, oddColumn };
    channels.push(channel.autoFailover ? { ...channel, ...listsOf(name) } : channel);
    notes.set(name, note);
  }
  return { channels, notes, groupLag, oddColumn: undefined };
}
