import type { Group, GroupMember } from '../../core/model/observation.ts';
import { reportedAddress, serverId } from './identity.ts';
import type { Answers, Statement } from './query-set.ts';
import { type Row, RowReader } from './row.ts';

/** Whether the server has a group whose members should be asked for. */
export const hasGroup = (answers: Answers): boolean =>
  Number(answers['server']?.[0]?.['group_members'] ?? 0) > 0;

/** ER_UNKNOWN_SYSTEM_VARIABLE: the variables exist only where the plugin is loaded, and it went between the two queries. */
export const pluginGone = 1193;

/** Group Replication by the tables of MySQL 8.0 and later. Only for a server whose row counts group members. */
export const groupStatement: Statement = {
  name: 'group',
  spellings: [
    `SELECT @@global.group_replication_group_name AS group_name, @@global.group_replication_single_primary_mode AS single_primary,
 MEMBER_ID AS member_id, MEMBER_STATE AS member_state, MEMBER_ROLE AS member_role, MEMBER_HOST AS member_host, MEMBER_PORT AS member_port
 FROM performance_schema.replication_group_members`,
  ],
  when: hasGroup,
  absentOn: [pluginGone],
};

/** Reads the answer of the group's statement; no group where there are no rows. `lagSeconds`: of this member. */
export function readGroup(
  rows: readonly Row[] = [],
  lagSeconds?: number,
): { group?: Group; oddColumn?: string } {
  const members: GroupMember[] = [];
  let name = '';
  let singlePrimary = false;
  for (const row of rows) {
    const reader = new RowReader(row);
    // The plugin may be loaded and no group configured.
    name = reader.optionalText('group_name') ?? '';
    singlePrimary = reader.flag('single_primary');
    // A member that was not started since its process began has no identity here, only the state OFFLINE: no member of the group.
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
