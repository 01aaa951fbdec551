/** Servers that send without end, in answer to the statement of a probe. */

import type { FalseConnection, Script } from './false-mysqld.ts';
import * as wire from './wire.ts';

const head = Buffer.concat(
  [wire.encodedInteger(1), wire.column('gtid_executed'), wire.eof].map((payload, index) =>
    wire.packet(index + 1, payload),
  ),
);
const mostBytes = 2 ** 30;

/** Sends as fast as the client reads, until it hangs up or got a gigabyte. */
function pump({ socket }: FalseConnection, next: (count: number) => Buffer): void {
  let sent = 0;
  let count = 0;
  const more = (): void => {
    while (!socket.destroyed && sent < mostBytes) {
      const bytes = next(count);
      count += 1;
      sent += bytes.length;
      if (!socket.write(bytes)) return;
    }
  };
  socket.on('drain', more);
  more();
}

const millionIntervals = (): Buffer => {
  const numbers = Array.from({ length: 1_000_000 }, (_, index) => 10_000_000 + 2 * index).join(':');
  return wire.packet(4, wire.row([`4b2c5541-e681-11f1-9635-02fc00000001:${numbers}`]));
};

const sixteenMb = Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 4), Buffer.alloc(0xff_ff_ff, 0xfd)]);
const rows = Buffer.concat(
  Array.from({ length: 256 }, (_, index) => wire.packet((index + 4) % 256, wire.row(['x'.repeat(200)]))),
);
const columns = Buffer.concat(
  Array.from({ length: 256 }, (_, index) => wire.packet((index + 2) % 256, wire.column(`c${index}`))),
);

/** What each of them sends. */
export const floods: Readonly<Record<string, (connection: FalseConnection) => void>> = {
  'a refusal, for comparison': (connection) =>
    connection.write(wire.packet(1, wire.error(1227, 'Access denied'))),
  'rows without end': (connection) => {
    connection.write(head);
    pump(connection, () => rows);
  },
  'packets of 16 MB without end': (connection) => {
    connection.write(head);
    pump(connection, () => sixteenMb);
  },
  'a set of a million intervals': (connection) => {
    connection.write(head);
    connection.write(millionIntervals());
  },
  'columns without end': (connection) => {
    connection.write(wire.packet(1, wire.encodedInteger(65_535)));
    pump(connection, () => columns);
  },
  'one byte at a time': (connection) => {
    connection.write(head);
    const row = wire.packet(4, wire.row(['x'.repeat(2_000_000)]));
    let at = 0;
    // Other servers of this process get their turn after each byte.
    const more = (): void => {
      connection.write(row.subarray(at, at + 1));
      at += 1;
      if (!connection.socket.destroyed && at < row.length) setImmediate(more);
    };
    more();
  },
  'packets with wrong numbers without end': (connection) => pump(connection, () => rows),
};

/** An honest server until it is asked for its state. */
export const flooding = (honest: Script, flood: (connection: FalseConnection) => void): Script => ({
  ...honest,
  tamper: (message, connection) =>
    message.sql?.includes('@@server_uuid')
      ? flood(connection)
      : connection.write(Buffer.concat(message.packets)),
});
