/** Reads MariaDB's SHOW ALL SLAVES STATUS (MariaDB manual, "SHOW REPLICA STATUS"). */

import { parseMariadbGtids } from '../../core/gtid/mariadb-gtid.ts';
import type { Channel } from '../../core/model/observation.ts';
import { type ChannelNote, type ChannelNotes, heardAgoOf, noteOf } from './channel-notes.ts';
import { coordinatesOf } from './coordinates.ts';
import { sourceAddress } from './identity.ts';
import type { Kept } from './kept.ts';
import type { ProbeInput } from './query-set.ts';
import { maxRows, type Row, RowReader } from './row.ts';

/** `oddColumn`: the first cell that could not be read. */
export function readMariadbChannels({ answers, notes, at, kept }: ProbeInput): {
  channels: readonly Channel[];
  notes: ChannelNotes;
  oddColumn?: string;
} {
  const channels: Channel[] = [];
  const after = new Map<string, ChannelNote>();
  for (const row of (answers['channels'] ?? []).slice(0, maxRows)) {
    const { channel, note, oddColumn } = readChannel(row, notes, at, kept);
    if (oddColumn !== undefined) return { channels: [], notes: after, oddColumn };
    channels.push(channel);
    after.set(channel.name, note);
  }
  return { channels, notes: after };
}

/** Preparing: the thread has started, and does not connect yet. */
const receiverStates = { Yes: 'on', No: 'off', Connecting: 'connecting', Preparing: 'connecting' } as const;

function readChannel(row: Row, notes: ChannelNotes, at: ProbeInput['at'], kept: Kept) {
  const reader = new RowReader(row);
  const name = reader.text('Connection_name');
  const receiver = receiverStates[reader.oneOf('Slave_IO_Running', ['No', 'Yes', 'Connecting', 'Preparing'])];
  const applier = reader.oneOf('Slave_SQL_Running', ['No', 'Yes']) === 'Yes' ? 'on' : 'off';
  const address = sourceAddress(reader.text('Master_Host'), reader.port('Master_Port'));
  const note = noteOf(notes.get(name), {
    at,
    sourceAddress: address,
    receiverOn: receiver === 'on',
    mark: ['Slave_received_heartbeats', 'Master_Log_File', 'Read_Master_Log_Pos', 'Gtid_IO_Pos']
      .map((column) => reader.whole(column))
      .join(' '),
    // 0 until the first connect. A change of host or port does NOT clear it (seen on 10.11 and 11.8): only a
    // receiver that is on says who is there.
    sourceServerId: reader.number('Master_Server_Id'),
  });
  const behind = reader.optionalNumber('Seconds_Behind_Master');
  const delaySeconds = reader.number('SQL_Delay');
  const usesGtids = reader.oneOf('Using_Gtid', ['No', 'Current_Pos', 'Slave_Pos']) !== 'No';
  const retrieved = usesGtids
    ? reader.parsed('Gtid_IO_Pos', (text) =>
        kept.of(`channel ${name}`, [text], () => parseMariadbGtids(text)),
      )
    : undefined;
  const { lastError, applierError } = readErrors(reader, applier === 'off');
  const channel: Channel = {
    name,
    sourceServerId: (note.sourceServerId ?? 0) > 0 ? note.sourceServerId : undefined,
    sourceAddress: address,
    user: reader.textIfTold('Master_User'),
    receiver,
    heardAgoMs: heardAgoOf(note, at),
    heartbeatMs: Math.round(reader.number('Slave_heartbeat_period') * 1000),
    applier,
    lagSeconds: applier === 'on' ? behind : undefined,
    delaySeconds: delaySeconds > 0 ? delaySeconds : undefined,
    retrieved,
    received: coordinatesOf(row, 'Master_Log_File', 'Read_Master_Log_Pos'),
    applied: coordinatesOf(row, 'Relay_Master_Log_File', 'Exec_Master_Log_Pos'),
    autoFailover: false,
    lastError,
    applierError,
  };
  return { channel, note, oddColumn: reader.oddColumn };
}

/** A stopped applier matters more than a receiver that tries again. */
function readErrors(
  reader: RowReader,
  applierStopped: boolean,
): { lastError: string | undefined; applierError: string | undefined } {
  const receiverError = errorOf(reader.number('Last_IO_Errno'), reader.words('Last_IO_Error'));
  const applierError = errorOf(reader.number('Last_SQL_Errno'), reader.words('Last_SQL_Error'));
  return applierStopped
    ? { lastError: applierError ?? receiverError, applierError }
    : { lastError: receiverError ?? applierError, applierError: undefined };
}

const errorOf = (errno: number, text: string): string | undefined => (errno === 0 ? undefined : text);
