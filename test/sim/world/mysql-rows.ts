/**
 * The result of the first statement of mysql-8.ts from a fake server: every cell is text or null, as the
 * connection delivers rows.
 */

import { contains, formatGtidSet } from '../../../src/core/gtid/gtid.ts';
import type { GtidSet } from '../../../src/core/gtid/gtid-set.ts';
import { splitAddress } from '../../../src/core/model/observation.ts';
import type { Row } from '../../../src/mysql/answer/row.ts';
import type { FakeChannel, FakeServer } from '../../support/fake-mysql.ts';

/** A set is asked for far more often than it changes. */
const texts = new WeakMap<GtidSet, string>();

function textOf(set: GtidSet): string {
  const known = texts.get(set);
  if (known !== undefined) return known;
  const text = formatGtidSet(set);
  texts.set(set, text);
  return text;
}

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
  const executed = textOf(told.named(server.executed));
  if (channels.length === 0) return [row(server, executed, undefined, told)];
  return channels.map((channel) => row(server, executed, channel, told));
}

/** What was received is applied in the next moment. Milliseconds. */
const applyingForMs = 50;

// Every probe of every test builds rows. One literal with all columns is much quicker than one object laid
// over another.
function row(
  server: FakeServer,
  executed: string,
  channel: FakeChannel | undefined,
  { now, groupMembers, named }: Told,
): Row {
  const { host, port } = splitAddress(server.address);
  const source = channel && splitAddress(channel.host);
  const waiting = channel?.waiting[0];
  const isApplying =
    channel !== undefined && waiting === undefined && !contains(server.executed, channel.retrieved);
  return {
    server_uuid: server.uuid,
    version: server.version,
    version_comment: 'MySQL Community Server - GPL',
    hostname: host,
    port: String(port),
    read_only: flag(server.readOnly || server.superReadOnly),
    super_read_only: flag(server.superReadOnly),
    offline_mode: flag(server.offlineMode),
    innodb_read_only: flag(server.innodbReadOnly),
    innodb_force_recovery: String(server.forceRecovery),
    read_only_transactions: flag(server.readOnlyTransactions),
    gtid_mode: server.gtidMode,
    gtid_executed: executed,
    performance_schema: '1',
    group_members: String(groupMembers),
    channel: channel ? channel.name : null,
    source_host: source ? source.host : null,
    source_port: source ? String(source.port) : null,
    source_uuid: channel ? channel.sourceUuid : null,
    receiver: channel ? channel.receiver : null,
    applier: channel ? channel.applier : null,
    heartbeat_s: channel ? (channel.heartbeatMs / 1000).toFixed(3) : null,
    auto_failover: channel ? '0' : null,
    heartbeat_age_us: channel?.heardAt === undefined ? null : String((now - channel.heardAt) * 1000),
    queued_age_us: null,
    queueing_age_us: null,
    queued_commit_age_us: null,
    retrieved: channel ? textOf(named(channel.retrieved)) : null,
    applying_commit_age_us: isApplying ? String(applyingForMs * 1000) : null,
    processing_commit_age_us: null,
    delay_s: channel ? String(channel.delayMs / 1000) : null,
    remaining_delay_s: waiting ? String(Math.ceil((waiting.until - now) / 1000)) : null,
    receiver_errno: channel ? '0' : null,
    receiver_error: channel ? '' : null,
    coordinator_errno: null,
    coordinator_error: null,
    worker_error: null,
  };
}
