/**
 * The result of the first statement of mysql-8.ts from a fake server: every cell is text or null, as the
 * connection delivers rows.
 */

import { contains, formatGtidSet } from '../../../src/core/gtid/gtid.ts';
import type { GtidSet } from '../../../src/core/gtid/gtid-set.ts';
import { splitAddress } from '../../../src/core/model/observation.ts';
import type { Row } from '../../../src/mysql/answer/row.ts';
import type { FakeChannel, FakeServer } from '../../support/fake-mysql.ts';

const flag = (value: boolean): string => (value ? '1' : '0');

interface Told {
  /** Milliseconds, the same clock as the channel's `heardAt`. */
  readonly now: number;
  readonly groupMembers: number;
  /** The transactions of a set that have a GTID. */
  readonly named: (set: GtidSet) => GtidSet;
}

/** The rows of one server at this time: one for each channel, and at least one. */
export function probeRows(server: FakeServer, channels: readonly FakeChannel[], told: Told): readonly Row[] {
  const cells = {
    server_uuid: server.uuid,
    version: server.version,
    version_comment: 'MySQL Community Server - GPL',
    hostname: server.address.replace(/:\d+$/, ''),
    port: server.address.replace(/^.*:/, ''),
    read_only: flag(server.readOnly || server.superReadOnly),
    super_read_only: flag(server.superReadOnly),
    offline_mode: flag(server.offlineMode),
    innodb_read_only: flag(server.innodbReadOnly),
    innodb_force_recovery: String(server.forceRecovery),
    read_only_transactions: flag(server.readOnlyTransactions),
    gtid_mode: server.gtidMode,
    gtid_executed: formatGtidSet(told.named(server.executed)),
    performance_schema: '1',
    group_members: String(told.groupMembers),
  };
  return channels.length > 0
    ? channels.map((channel) => withChannel(cells, server, channel, told))
    : [{ ...cells, ...noChannel }];
}

/** What was received is applied so many milliseconds later. */
const applyingForMs = 50;

// Every probe of every test comes here. To name all columns is much quicker than to merge objects.
function withChannel(cells: Row, { executed }: FakeServer, channel: FakeChannel, { now, named }: Told): Row {
  const { host, port } = splitAddress(channel.host);
  const [waiting] = channel.waiting;
  return {
    ...cells,
    channel: channel.name,
    source_host: host,
    source_port: String(port),
    source_uuid: channel.sourceUuid,
    receiver: channel.receiver,
    applier: channel.applier,
    heartbeat_s: (channel.heartbeatMs / 1000).toFixed(3),
    auto_failover: '0',
    heartbeat_age_us: channel.heardAt === undefined ? null : String((now - channel.heardAt) * 1000),
    queued_age_us: null,
    queueing_age_us: null,
    queued_commit_age_us: null,
    retrieved: formatGtidSet(named(channel.retrieved)),
    applying_commit_age_us:
      waiting || contains(executed, channel.retrieved) ? null : String(applyingForMs * 1000),
    processing_commit_age_us: null,
    delay_s: String(channel.delayMs / 1000),
    remaining_delay_s: waiting ? String(Math.ceil((waiting.until - now) / 1000)) : null,
    receiver_errno: '0',
    receiver_error: '',
    coordinator_errno: null,
    coordinator_error: null,
    worker_error: null,
  };
}

const noChannel: Row = Object.fromEntries(
  'channel source_host source_port source_uuid receiver applier heartbeat_s auto_failover heartbeat_age_us queued_age_us queueing_age_us queued_commit_age_us retrieved applying_commit_age_us processing_commit_age_us delay_s remaining_delay_s receiver_errno receiver_error coordinator_errno coordinator_error worker_error'
    .split(' ')
    .map((column) => [column, null]),
);
