/** Reads Group Replication: the group and its members, as one member sees them. */

import type { Group, GroupMember } from '../../core/model/observation.ts';
import { reportedAddress, serverId } from './identity.ts';
import type { Answers, Statement } from './query-set.ts';
import { type Row, RowReader } from './row.ts';

export const hasGroup = (answers: Answers): boolean =>
  Number(answers['server']?.[0]?.['group_members'] ?? 0) > 0;

/** ER_UNKNOWN_SYSTEM_VARIABLE: the plugin and its variables went away between the two queries. */
export const pluginGone = 1193;

export const groupStatement: Statement = {
  name: 'group',
  spellings: [
    `SELECT @@global.group_replication_group_name AS group_name, @@global.group_replication_single_primary_mode AS single_primary,
 MEMBER_ID AS member_id, MEMBER_STATE AS member_state, MEMBER_ROLE AS member_role,
 MEMBER_HOST AS member_host, MEMBER_PORT AS member_port FROM performance_schema.replication_group_members`,
  ],
  when: hasGroup,
  absentOn: [pluginGone],
};

/** No rows: no group. `lagSeconds`: the lag of this member. */
export function readGroup(
  rows: readonly Row[] = [],
  lagSeconds?: number,
): { group?: Group; oddColumn?: string } {
  const members: GroupMember[] = [];
  let name = '';
  let singlePrimary = false;
  for (const row of rows) {
    const reader = new RowReader(row);
    // The plugin may be loaded without a configured group.
    name = reader.optionalText('group_name') ?? '';
    singlePrimary = reader.flag('single_primary');
    // A server that was not started as a member has no id here and the state OFFLINE: it is not a member of
    // the group.
    if (reader.text('member_id') !== '') members.push(readMember(reader, row));
    if (reader.oddColumn !== undefined) return { oddColumn: reader.oddColumn };
  }
  return name === ''
    ? {}
    : { group: { name, singlePrimary, members, ...(lagSeconds !== undefined && { lagSeconds }) } };
}

function readMember(reader: RowReader, row: Row): GroupMember {
  const address = reportedAddress(row, 'member_host', 'member_port');
  return {
    id: serverId(reader, 'member_id'),
    state: reader.oneOf('member_state', ['OFFLINE', 'ONLINE', 'RECOVERING', 'ERROR', 'UNREACHABLE']),
    role: reader.oneOf('member_role', ['', 'PRIMARY', 'SECONDARY']),
    ...(address && { address }),
  };
}
