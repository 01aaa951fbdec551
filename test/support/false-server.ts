/** False MySQL servers on loopback, for what no real server does. All are closed after each test. */

import { createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import type { MonoMs, ServerAddress } from '../../src/core/model/units.ts';
import { systemClock as clock } from '../../src/daemon/clock.ts';
import { createProber, type ProberOptions } from '../../src/mysql/probe.ts';
import type { ServerProber } from '../../src/ports.ts';
import {
  type FalseMysqld,
  type Refusal,
  type Script,
  startFalseMysqld,
  type TextRow,
} from './false-mysqld.ts';
import * as wire from './wire.ts';

export type { Refusal, TextRow };
export { clock };
export const deadline = (ms = 2000): MonoMs => (clock.mono() + ms) as MonoMs;
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  // Clients first: a server waits for its connections.
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that treats each new connection as the test says. */
export async function fake(
  onConnection: (socket: Socket) => void,
): Promise<{ address: ServerAddress; sockets: Socket[] }> {
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

export const packet = wire.packet;

export const errorPacket = (errno: number, text: string): Buffer =>
  packet(0, Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), Buffer.from(text)]));

/** A server that speaks the protocol, by a script. */
export async function falseMysqld(script: Script): Promise<FalseMysqld> {
  const server = await startFalseMysqld(script);
  closers.push(() => server.close());
  return server;
}

/** A server that accepts every login, and answers with these rows or a refusal; undefined: never. */
export const answering = (
  rowsFor: (sql: string) => readonly TextRow[] | Refusal | undefined,
): Promise<FalseMysqld> => falseMysqld({ reply: rowsFor });
