/** False MySQL servers on loopback, for what no real one does: each test says what they send. All are closed after each test. */

import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createMysqlServer } from 'mysql2';
import { afterEach } from 'vitest';
import type { MonoMs, ServerAddress } from '../../src/core/units.ts';
import { systemClock as clock } from '../../src/daemon/clock.ts';
import { createProber, type ProberOptions } from '../../src/mysql/probe.ts';
import type { ServerProber } from '../../src/ports.ts';

export { clock };
export const deadline = (ms = 2000): MonoMs => (clock.mono() + ms) as MonoMs;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  // Clients first: a server waits for its connections.
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that does to each new connection what the test says. */
export async function fake(onConnection: (socket: Socket) => void): Promise<{ address: ServerAddress; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  );
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}` as ServerAddress, sockets };
}

export function proberOf(address: ServerAddress, options: Partial<ProberOptions> = {}): ServerProber {
  const limits = { connectTimeoutMs: 500, queryTimeoutMs: 500 };
  const prober = createProber({
    cluster: 'shop',
    servers: [{ address }],
    user: 'source_dns',
    password: 'geheim',
    tls: 'disabled',
    ...limits,
    clock,
    ...options,
  });
  closers.push(() => prober.close());
  return prober;
}

/** One packet of the MySQL protocol. */
export const packet = (sequence: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([body.length, 0, 0, sequence]), body]);

export const errorPacket = (errno: number, text: string): Buffer =>
  packet(0, Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), Buffer.from(text)]));

export type TextRow = Readonly<Record<string, string>>;

/** What an ERR packet says. */
export interface Refusal {
  readonly errno: number;
  readonly text: string;
}

/** A server that lets everybody in, and answers with these rows, or refuses; undefined: never. */
export async function answering(
  rowsFor: (sql: string) => readonly TextRow[] | Refusal | undefined,
): Promise<{ address: ServerAddress; asked: string[] }> {
  const asked: string[] = [];
  const text = {
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    characterSet: 33,
    columnLength: 999,
    columnType: 253,
    flags: 0,
    decimals: 0,
  };
  const server = createMysqlServer((connection) => {
    // Its types know none of these.
    const inside = connection as unknown as {
      sequenceId: number;
      writeTextResult(rows: unknown, columns: unknown): void;
      writeOk(): void;
      writeError(error: { code: number; message: string }): void;
      serverHandshake(handshake: object): void;
    };
    connection.on('error', () => undefined);
    connection.on('query', (sql: string) => {
      asked.push(sql);
      const rows = rowsFor(sql);
      if (rows === undefined) return;
      inside.sequenceId = 1;
      if ('errno' in rows) {
        inside.writeError({ code: rows.errno, message: rows.text });
        inside.sequenceId = 0;
        return;
      }
      const columns = Object.keys(rows[0] ?? { none: '' }).map((name) => ({ ...text, name, orgName: name }));
      // The question was packet 0; the server's side of mysql2 counts on from the handshake.
      inside.writeTextResult(rows, columns);
      inside.sequenceId = 0;
    });
    // What mysql2 calls every SET.
    connection.on('stmt_prepare', (sql: string) => {
      asked.push(sql);
      inside.sequenceId = 1;
      inside.writeOk();
      inside.sequenceId = 0;
    });
    inside.serverHandshake({
      protocolVersion: 10,
      serverVersion: '9.7.4',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 8,
      capabilityFlags: 0xff_f7_ff,
      authCallback: (_: unknown, done: (error: null) => void) => {
        done(null);
        setImmediate(() => {
          inside.sequenceId = 0;
        });
      },
    });
  });
  await new Promise<void>((resolve) => {
    (server as unknown as { listen(port: number, host: string, done: () => void): void }).listen(0, '127.0.0.1', resolve);
  });
  const inner = (server as unknown as { _server: Server })._server;
  closers.push(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  return { address: `127.0.0.1:${(inner.address() as { port: number }).port}` as ServerAddress, asked };
}
