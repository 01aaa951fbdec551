/** Turns the answers of a MySQL server into facts. */

import { parseGtidSet } from '../../core/gtid/gtid.ts';
import { type Channel, type GtidMode, gtidModes, type ServerFacts } from '../../core/model/observation.ts';
import type { ChannelNote } from '../answer/channel-notes.ts';
import { type ExecutedSet, isGroupChannel, readChannel, readGroupLag } from '../answer/channel-rows.ts';
import { readBinlogEnd, readCoordinates } from '../answer/coordinates.ts';
import { readFailoverLists } from '../answer/failover-list-rows.ts';
import { readGroup } from '../answer/group-rows.ts';
import { reportedAddress, serverId } from '../answer/identity.ts';
import { type FactsReading, failedReading, type ProbeInput } from '../answer/query-set.ts';
import { maxRows, RowReader, rowsUnexpected } from '../answer/row.ts';
import { parseVersion } from '../answer/version.ts';
import { readSwitches, type SwitchRules } from '../answer/write-switches.ts';

/** What differs between versions with the same column names. */
interface MysqlVersion {
  readonly timed: boolean;
  readonly rules: SwitchRules;
}

export function readMysql(input: ProbeInput, { timed, rules }: MysqlVersion): FactsReading {
  const { server, session, uptimeSeconds, answers } = input;
  const rows = answers['server'] ?? [];
  const first = rows[0];
  if (first === undefined || rows.length > maxRows)
    return failedReading(rowsUnexpected(server, 'server_uuid'));
  const reader = new RowReader(first);
  const version = reader.parsed('version', parseVersion);
  const gtidMode = reader.oneOf('gtid_mode', gtidModes);
  const gtids = readExecuted(reader, gtidMode);
  const home = reportedAddress(first, 'hostname', 'port');
  const binlogEnd = readBinlogEnd(answers['binlog']);
  reader.text('version_comment');
  reader.number('group_members');
  const facts = {
    id: serverId(reader, 'server_uuid'),
    flavour: 'mysql' as const,
    session,
    uptimeSeconds,
    readOnly: reader.flag('read_only'),
    superReadOnly: reader.flag('super_read_only'),
    offlineMode: reader.flag('offline_mode'),
    ...readSwitches(reader, rules),
    ...(home && { home }),
    gtidMode,
    ...gtids,
    ...(binlogEnd && { binlogEnd }),
  };
  const sets = { executed: gtids.gtidExecuted, complete: gtidMode === 'ON' };
  const { channels, notes, groupLag, oddColumn } = readChannels(
    input,
    reader.flag('performance_schema') && timed,
    sets,
  );
  const group = readGroup(answers['group'], groupLag);
  const odd = reader.oddColumn ?? oddColumn ?? group.oddColumn;
  if (odd !== undefined || version === undefined)
    return failedReading(rowsUnexpected(server, odd ?? 'version'));
  return {
    kind: 'facts',
    facts: { ...facts, version, channels, ...(group.group && { group: group.group }) },
    notes,
  };
}

/** In OFF_PERMISSIVE the set lacks the server's own transactions; in OFF it is a rest of an earlier mode. */
function readExecuted(
  reader: RowReader,
  mode: GtidMode,
): Pick<ServerFacts, 'gtidExecuted' | 'gtidReplicated'> {
  if (mode === 'OFF') return {};
  const executed = reader.parsed('gtid_executed', parseGtidSet);
  if (executed === undefined) return {};
  return mode === 'OFF_PERMISSIVE' ? { gtidReplicated: executed } : { gtidExecuted: executed };
}

interface ChannelsReading {
  readonly channels: readonly Channel[];
  readonly notes: ReadonlyMap<string, ChannelNote>;
  readonly groupLag?: number;
  readonly oddColumn?: string;
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
    groupLag ??= readGroupLag(row, sets.executed);
    if (name !== undefined && !isGroupChannel(name)) {
      const { channel, note } = readChannel(reader, {
        ...sets,
        coordinates: coordinates.get(name),
        timed,
        at: input.at,
        note: input.notes.get(name),
      });
      channels.push(channel.autoFailover ? { ...channel, ...listsOf(name) } : channel);
      notes.set(name, note);
    }
    if (reader.oddColumn !== undefined) return { channels: [], notes, oddColumn: reader.oddColumn };
  }
  return { channels, notes, ...(groupLag !== undefined && { groupLag }) };
}
