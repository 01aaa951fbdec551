import { type GtidSet, parseGtidSet } from '../core/gtid.ts';
import type { Channel } from '../core/observation.ts';
import type { ServerAddress, ServerId } from '../core/units.ts';
import { serverId } from './identity.ts';
import { lagSeconds } from './lag.ts';
import type { RowReader } from './row.ts';
import { boundedLine } from './text.ts';

/** Group Replication's own channels: what they carry is told by the group, and they have no source. */
const groupChannels: ReadonlySet<string> = new Set(['group_replication_applier', 'group_replication_recovery']);

export const isGroupChannel = (name: string): boolean => groupChannels.has(name);

/** Reads one channel of the probe's row. `executed` is absent without GTIDs. */
export function readChannel(row: RowReader, executed: GtidSet | undefined): Channel {
  const receiver = receiverStates[row.oneOf('receiver', ['OFF', 'ON', 'CONNECTING'])];
  const applier = row.oneOf('applier', ['OFF', 'ON']) === 'ON' ? 'on' : 'off';
  const sourceId = readSourceId(row, receiver);
  const retrieved = executed && row.parsed('retrieved', parseGtidSet);
  const heardAgoMs = newestAgeMs(row, ['heartbeat_age_us', 'queued_age_us', 'queueing_age_us']);
  const lag = lagSeconds(row, { receiverOn: receiver === 'on', applierOn: applier === 'on', retrieved, executed });
  const lastError = readError(row, applier === 'off');
  return {
    name: row.text('channel'),
    ...(sourceId !== undefined && { sourceId }),
    sourceAddress: sourceAddress(row),
    receiver,
    ...(heardAgoMs !== undefined && { heardAgoMs }),
    heartbeatMs: Math.round(row.number('heartbeat_s') * 1000),
    applier,
    ...(lag !== undefined && { lagSeconds: lag }),
    ...(retrieved && { retrieved }),
    autoFailover: row.flag('auto_failover'),
    ...(lastError !== undefined && { lastError }),
  };
}

const receiverStates = { ON: 'on', CONNECTING: 'connecting', OFF: 'off' } as const;

/**
 * Empty until the receiver was connected once; the server forgets it when its host or port is changed by hand. But when it goes to another source by itself
 * (SOURCE_CONNECTION_AUTO_FAILOVER), it shows the new host beside the UUID of the last server that it was connected to (seen on 9.7): then the UUID says nothing.
 */
function readSourceId(row: RowReader, receiver: Channel['receiver']): ServerId | undefined {
  if (row.text('source_uuid') === '') return undefined;
  const id = serverId(row, 'source_uuid');
  return receiver === 'connecting' && row.flag('auto_failover') ? undefined : id;
}

/** IPv6 in brackets, lower case: as the configuration writes it. A host that was never set is empty. */
function sourceAddress(row: RowReader): ServerAddress {
  const host = row.text('source_host').toLowerCase();
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `${bracketed}:${row.number('source_port')}` as ServerAddress;
}

/** A clock that was set back between two events would give a negative age. */
function newestAgeMs(row: RowReader, columns: readonly string[]): number | undefined {
  const ages = columns.map((column) => row.optionalNumber(column)).filter((age) => age !== undefined);
  return ages.length === 0 ? undefined : Math.max(0, Math.floor(Math.min(...ages) / 1000));
}

/** A worker says what went wrong, its coordinator only that something did. A stopped applier matters more than a receiver that is trying again. */
function readError(row: RowReader, applierStopped: boolean): string | undefined {
  const receiverError = errorOf(row.number('receiver_errno'), row.text('receiver_error'));
  const coordinatorError = errorOf(row.optionalNumber('coordinator_errno'), row.optionalText('coordinator_error'));
  const applierError = row.optionalText('worker_error') ?? coordinatorError;
  const error = applierStopped ? (applierError ?? receiverError) : (receiverError ?? applierError);
  return error === undefined ? undefined : boundedLine(error);
}

const errorOf = (errno: number | undefined, text: string | undefined): string | undefined => (errno === 0 ? undefined : text);
