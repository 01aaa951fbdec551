/** Reads the replication channels of MySQL from the rows of a probe. */

import { parseGtidSet, subtract } from '../../core/gtid/gtid.ts';
import type { GtidSet } from '../../core/gtid/gtid-set.ts';
import { changedChannel } from '../../core/model/changed-observation.ts';
import type { Channel } from '../../core/model/observation.ts';
import type { MonoMs, ServerId } from '../../core/model/units.ts';
import { type ChannelNote, heardAgoOf, noteOf } from './channel-notes.ts';
import type { ChannelCoordinates } from './coordinates.ts';
import { serverId, sourceAddress } from './identity.ts';
import { cellsOf, type Kept } from './kept.ts';
import { type LagInput, lagSeconds } from './lag.ts';
import { type Row, RowReader } from './row.ts';

/** Group Replication's own channels. They have no source; the group tells what they carry. */
const groupChannels: ReadonlySet<string> = new Set([
  'group_replication_applier',
  'group_replication_recovery',
]);

export const isGroupChannel = (name: string): boolean => groupChannels.has(name);

/** From the row of the applier channel; undefined for other channels, and where the lag is not known. */
export function readGroupLag(cells: Row, executed: GtidSet | undefined, kept: Kept): number | undefined {
  if (cells['channel'] !== 'group_replication_applier') return undefined;
  const row = new RowReader(cells);
  const applierOn = row.oneOf('applier', ['OFF', 'ON']) === 'ON';
  const pending = executed && isPending(kept, 'group', readRetrieved(row, 'group', kept), executed);
  // The list of members tells whether the group works, not the receiver of this channel.
  const lag = lagSeconds(row, { receiverOn: true, applierOn, pending });
  return row.oddColumn === undefined ? lag : undefined;
}

export interface ExecutedSet {
  /** Absent where the server's own transactions have no GTID. */
  readonly executed: GtidSet | undefined;
  /** Whether each transaction has a GTID. If not, a transaction may wait that no set shows. */
  readonly complete: boolean;
}

interface ChannelSurroundings extends ExecutedSet {
  /** Absent where each transaction has a GTID, and where our account may not see the coordinates. */
  readonly coordinates: ChannelCoordinates | undefined;
  /** Whether the server notes when it receives: from 8.0, with Performance Schema (manual 29.12.11.11). */
  readonly timed: boolean;
  readonly at: MonoMs;
  readonly note: ChannelNote | undefined;
  readonly kept: Kept;
}

/** All columns of a channel but the set of what it received, and the ages, which change in each probe. */
const steadyColumns: readonly string[] = [
  'channel',
  'source_host',
  'source_port',
  'source_user',
  'source_uuid',
  'receiver',
  'applier',
  'heartbeat_s',
  'auto_failover',
  'delay_s',
  'receiver_errno',
  'receiver_error',
  'coordinator_errno',
  'coordinator_error',
  'worker_error',
];

/** `cells`: a row with a channel. `oddColumn`: the first cell that could not be read. */
export function readChannel(
  cells: Row,
  around: ChannelSurroundings,
): { readonly channel: Channel; readonly note: ChannelNote; readonly oddColumn: string | undefined } {
  const { executed, coordinates, timed, at, kept } = around;
  const name = `channel ${String(cells['channel'])}`;
  const steady = kept.of(name, cellsOf(cells, steadyColumns), () => readSteady(new RowReader(cells)));
  const { sourceAddress: address, receiver, applier } = steady.channel;
  const row = new RowReader(cells);
  const retrieved = executed && readRetrieved(row, name, kept);
  const mark = [
    executed && row.whole('retrieved'),
    coordinates?.received?.file,
    coordinates?.received?.position,
  ].join(' ');
  const note = noteOf(around.note, { at, sourceAddress: address, receiverOn: receiver === 'on', mark });
  const heardAgoMs = newestAgeMs(
    row,
    ['heartbeat_age_us', 'queued_age_us', 'queueing_age_us'],
    timed ? undefined : heardAgoOf(note, at),
  );
  const pending =
    around.complete && executed && retrieved ? isPending(kept, name, retrieved, executed) : undefined;
  const lag = readLag(row, { receiverOn: receiver === 'on', applierOn: applier === 'on', pending }, around);
  const channel = changedChannel(steady.channel, {
    heardAgoMs,
    lagSeconds: lag,
    retrieved,
    received: coordinates?.received,
    applied: coordinates?.applied,
  });
  return { channel, note, oddColumn: steady.oddColumn ?? row.oddColumn };
}

/** An unchanged text is the same set as before. */
const readRetrieved = (row: RowReader, name: string, kept: Kept): GtidSet | undefined =>
  row.parsed('retrieved', (text) => kept.of(`${name} retrieved`, [text], () => parseGtidSet(text)));

const isPending = (
  kept: Kept,
  name: string,
  retrieved: GtidSet | undefined,
  executed: GtidSet,
): boolean | undefined =>
  retrieved &&
  kept.of(`${name} pending`, [retrieved, executed], () => subtract(retrieved, executed).size > 0);

/** Everything that `steadyColumns` tell. */
function readSteady(row: RowReader): { readonly channel: Channel; readonly oddColumn: string | undefined } {
  const receiver = receiverStates[row.oneOf('receiver', ['OFF', 'ON', 'CONNECTING'])];
  const applier = row.oneOf('applier', ['OFF', 'ON']) === 'ON' ? 'on' : 'off';
  const sourceId = readSourceId(row, receiver);
  const delaySeconds = row.number('delay_s');
  const { lastError, applierError } = readErrors(row, applier === 'off');
  const user = row.textIfTold('source_user');
  const channel: Channel = {
    name: row.text('channel'),
    sourceId,
    sourceAddress: sourceAddress(row.text('source_host'), row.port('source_port')),
    user,
    receiver,
    heartbeatMs: Math.round(row.number('heartbeat_s') * 1000),
    applier,
    delaySeconds: delaySeconds > 0 ? delaySeconds : undefined,
    autoFailover: row.flag('auto_failover'),
    lastError,
    applierError,
  };
  return { channel, oddColumn: row.oddColumn };
}

/** Without GTIDs and times only the server knows: an applier that seems idle may have everything to do. */
function readLag(
  row: RowReader,
  input: LagInput,
  { timed, coordinates }: ChannelSurroundings,
): number | undefined {
  const lag = lagSeconds(row, input);
  if (timed || input.pending !== undefined) return lag;
  return input.applierOn ? coordinates?.behindSeconds : undefined;
}

const receiverStates = { ON: 'on', CONNECTING: 'connecting', OFF: 'off' } as const;

/**
 * The UUID is empty until the receiver was connected once, and again after a person changes host or port. But
 * when the replica itself goes to another source (SOURCE_CONNECTION_AUTO_FAILOVER), it shows the new host
 * beside the UUID of the old source (seen on 9.7): then the UUID says nothing.
 */
function readSourceId(row: RowReader, receiver: Channel['receiver']): ServerId | undefined {
  if (row.text('source_uuid') === '') return undefined;
  const id = serverId(row, 'source_uuid');
  return receiver === 'connecting' && row.flag('auto_failover') ? undefined : id;
}

/** A clock that was set back gives a negative age. `counted`: the age by the counters, in milliseconds. */
function newestAgeMs(
  row: RowReader,
  columns: readonly string[],
  counted: number | undefined,
): number | undefined {
  let newest = counted;
  for (const column of columns) {
    const us = row.optionalNumber(column);
    if (us !== undefined) newest = Math.min(newest ?? Number.POSITIVE_INFINITY, us / 1000);
  }
  return newest === undefined ? undefined : Math.max(0, Math.floor(newest));
}

/** The worker names the error, its coordinator does not. A stopped applier matters more than the receiver. */
function readErrors(
  row: RowReader,
  applierStopped: boolean,
): { lastError: string | undefined; applierError: string | undefined } {
  const receiverError = errorOf(row.number('receiver_errno'), row.words('receiver_error'));
  const coordinatorError = errorOf(
    row.optionalNumber('coordinator_errno'),
    row.optionalWords('coordinator_error'),
  );
  const applierError = row.optionalWords('worker_error') ?? coordinatorError;
  return applierStopped
    ? { lastError: applierError ?? receiverError, applierError }
    : { lastError: receiverError ?? applierError, applierError: undefined };
}

const errorOf = (errno: number | undefined, text: string | undefined): string | undefined =>
  errno === 0 ? undefined : text;
