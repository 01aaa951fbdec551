/** Fencers and clients for the tests that fence real servers. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { FenceResult } from '../../../src/core/model/fence.ts';
import type { ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { createFencer, type FencerOptions } from '../../../src/mysql/fence/fencer.ts';
import { clock, deadline, until } from '../lab/probing.ts';

export const fencer = 'source_dns_fence';

type Row = Readonly<Record<string, unknown>>;

/** Fences this server, with the account `source_dns_fence`. */
export async function fence(
  server: ServerAddress,
  uuid: string,
  options: Partial<FencerOptions> & Pick<FencerOptions, 'password'>,
  finishes = false,
): Promise<FenceResult> {
  const all = {
    cluster: 'shop',
    servers: [{ address: server }],
    user: fencer,
    watcher: 'source_dns',
    kill: 'clients',
    spare: [],
    // Nothing here depends on the time, and the machine may be busy.
    timeoutMs: 30_000,
    tls: 'preferred',
    connectTimeoutMs: 10_000,
    queryTimeoutMs: 10_000,
    clock,
    ...options,
  } satisfies FencerOptions;
  return await createFencer(all).fence({
    server,
    uuid: uuid as ServerId,
    finishes,
    deadline: deadline(all.timeoutMs),
  });
}

export async function uuidOf(server: SqlServer): Promise<string> {
  const [row] = await server.sql('SELECT @@server_uuid AS uuid');
  return String(row?.['uuid']);
}

export async function numberOf(connection: { query(sql: string): Promise<unknown> }): Promise<string> {
  const [[row]] = (await connection.query('SELECT CONNECTION_ID() AS id')) as [Row[]];
  return String(row?.['id']);
}

/** 'done', or the number of the error: of what the server may end. */
export const ended = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code?: string; errno?: number }) => String(error.errno ?? error.code),
  );

/** The connections of a server, by its own list, as a condition of SQL chooses them. */
export function connectionsOf(
  sql: (statement: string) => Promise<readonly Row[]>,
  table: `${'performance' | 'information'}_schema.processlist`,
) {
  const rowsOf = (where: string) => sql(`SELECT ID AS id FROM ${table} WHERE ${where}`);
  return {
    rowsOf,
    /** Resolves when there is such a connection. */
    stands: (where: string) =>
      until(
        () => rowsOf(where),
        (rows) => rows.length > 0,
      ),
    /** Resolves when there is no such connection any more. */
    gone: (where: string) =>
      until(
        () => rowsOf(where),
        (rows) => rows.length === 0,
      ),
  };
}

/** Passes bytes on to a server until it is told to stop. */
export interface Wire {
  readonly address: ServerAddress;
  /** Keeps back what the client sends from the first chunk on that has this text. Resolves when it came. */
  holdFrom(text: string): Promise<void>;
  /** Gives the server what was kept back, whatever has become of the client. */
  release(): void;
  /** Ends both sides, as a network that is cut off resets them. */
  cut(): void;
  close(): Promise<void>;
}

export async function openWire({ address, port }: SqlServer): Promise<Wire> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  const kept: (() => void)[] = [];
  let hold: { readonly text: string; readonly came: () => void } | undefined;
  let holding = false;
  const listener = createServer((client) => {
    const server = connect(port, address);
    const pair = [client, server] as const;
    pairs.add(pair);
    client.on('data', (chunk) => {
      if (hold !== undefined && chunk.includes(hold.text)) {
        holding = true;
        hold.came();
        hold = undefined;
      }
      if (holding) kept.push(() => server.write(chunk));
      else server.write(chunk);
    });
    server.on('data', (chunk) => client.write(chunk));
    for (const side of pair) side.on('error', () => {});
    client.on('close', () => {
      // What a host has received is read, also after its peer has gone.
      if (!holding) server.destroy();
    });
    server.on('close', () => client.destroy());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const bound = listener.address();
  const end = () => {
    for (const pair of pairs) for (const side of pair) side.destroy();
    pairs.clear();
  };
  return {
    address: `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}` as ServerAddress,
    holdFrom: (text) =>
      new Promise((came) => {
        hold = { text, came };
      }),
    release: () => {
      for (const pass of kept.splice(0)) pass();
    },
    cut: end,
    close: async () => {
      end();
      listener.close();
      await once(listener, 'close');
    },
  };
}
