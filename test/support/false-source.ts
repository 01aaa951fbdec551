/**
 * MySQL servers on loopback that say whether they are writable, count what they are asked, and can hang; and
 * a resolver that answers what the test says. Both for the following pool.
 */

import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import mysql from 'mysql2';
import type { OpenResolver } from '../../src/client/asker.ts';

export interface FalseSource {
  readonly uuid: string;
  readonly address: string;
  readonly port: number;
  isReadOnly: boolean;
  /** Statements that are neither verification nor answered yet, in order. */
  readonly statements: string[];
  /** How often it was asked whether it is writable. */
  verified: number;
  /** As a stopped process: its kernel accepts connections, and nothing is read, not even their ends. */
  hang(): void;
  /** Connections open now. */
  open(): number;
  /** Connections accepted, ever. */
  accepted(): number;
  /** Ends the listener and all connections, as a killed process. */
  kill(): Promise<void>;
}

const uuidOf = (index: number) => `00000000-0000-4000-8000-00000000000${index}`;

/**
 * Server `index` listens at 127.0.0.`20 + index`. The statement `SLEEP` is never answered, others at once.
 */
export async function startFalseSource(index: number, port = 0): Promise<FalseSource> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let isHung = false;
  const server = mysql.createServer(() => {});
  // Not by the driver's own listener: it greets at once.
  const listener = (server as unknown as { _server: import('node:net').Server })._server;
  listener.removeAllListeners('connection');
  const source: FalseSource = {
    uuid: uuidOf(index),
    address: `127.0.0.${20 + index}`,
    port: 0,
    isReadOnly: false,
    statements: [],
    verified: 0,
    hang: () => {
      isHung = true;
      for (const socket of sockets) socket.pause();
    },
    open: () => sockets.size,
    accepted: () => accepted,
    kill: async () => {
      const closed = once(listener, 'close');
      listener.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  listener.on('connection', (socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (isHung) socket.pause();
    else serve(socket, source);
  });
  listener.listen(port, source.address);
  await once(listener, 'listening');
  return Object.assign(source, { port: (listener.address() as AddressInfo).port });
}

let lastThread = 0;

/** One connection, by the server's side of mysql2. */
function serve(socket: Socket, source: FalseSource): void {
  const create = mysql as unknown as {
    createConnection(
      options: object,
    ): import('mysql2').Connection & Record<string, (...given: unknown[]) => void>;
  };
  const connection = create.createConnection({ stream: socket, isServer: true });
  connection.on('error', () => {});
  lastThread += 1;
  // The driver's server goes on counting packets; a client begins again.
  const nextCommand = () => Object.assign(connection, { sequenceId: 0 });
  connection['serverHandshake']?.({
    protocolVersion: 10,
    serverVersion: '9.7.0',
    connectionId: lastThread,
    statusFlags: 2,
    characterSet: 45,
    capabilityFlags: 0xffffff ^ 0x800 ^ 0x20,
    authCallback: (_login: unknown, done: () => void) => {
      done();
      nextCommand();
    },
  });
  connection.on('query', (sql: string) => {
    if (sql.includes('@@global.server_uuid')) {
      source.verified += 1;
      answer(connection, [source.uuid, ...Array(3).fill(source.isReadOnly ? '1' : '0')]);
      nextCommand();
      return;
    }
    source.statements.push(sql);
    if (sql.startsWith('SLEEP')) return;
    if (source.isReadOnly && /^(?:INSERT|COMMIT)/.test(sql))
      connection['writeError']?.({ code: 1290, message: 'The server is read-only' });
    else answer(connection, [source.uuid]);
    nextCommand();
  });
  connection.on('quit', () => connection.end());
}

function answer(connection: Record<string, unknown>, cells: readonly string[]): void {
  const column = (name: string) => ({
    catalog: 'def',
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: name,
    characterSet: 45,
    columnLength: 255,
    columnType: 253,
    flags: 0,
    decimals: 0,
  });
  const row = Object.fromEntries(cells.map((cell, index) => [`c${index}`, cell]));
  (connection as { writeTextResult(rows: object[], columns: object[]): void }).writeTextResult(
    [row],
    Object.keys(row).map(column),
  );
}

/** The character-strings of a ledger that names this server. */
export const ledgerOf = (
  { uuid, address, port }: Pick<FalseSource, 'uuid' | 'address' | 'port'>,
  epoch: number,
  changes: Readonly<Record<string, string>> = {},
): string[] => {
  const fields = {
    v: '1',
    cluster: 'shop',
    epoch: String(epoch),
    source: `db${uuid.at(-1)}.example.com:${port}`,
    uuid,
    by: 'watcher-1',
    at: `2026-11-22T11:30:${String(epoch % 60).padStart(2, '0')}.000Z`,
    why: 'failover',
    try: `try${epoch}`,
    form: `address/5/${address}`,
    ...changes,
  };
  return Object.entries(fields).map(([name, value]) => `${name}=${value}`);
};

/** What one nameserver answers: a ledger's strings, no TXT, a failure, or nothing at all. */
export type Said = readonly string[] | 'absent' | 'refused' | 'silent';

/** Nameservers by their addresses. */
export interface FalseDns {
  readonly open: OpenResolver;
  /** The nameserver `ns`, or all. */
  say(said: Said, ns?: string): void;
  /** Questions so far. */
  asked(ns?: string): number;
}

export function falseDns(first: Said = 'absent'): FalseDns {
  let usual = first;
  const own = new Map<string, Said>();
  const asked = new Map<string, number>();
  const failed = (code: string) => Object.assign(new Error(`queryTxt ${code}`), { code });
  return {
    open: (ns) => {
      const waiting = new Set<(error: Error) => void>();
      return {
        resolveTxt: async () => {
          asked.set(ns, (asked.get(ns) ?? 0) + 1);
          const said = own.get(ns) ?? usual;
          if (said === 'absent') throw failed('ENODATA');
          if (said === 'refused') throw failed('EREFUSED');
          if (said === 'silent') return new Promise((_, reject) => void waiting.add(reject));
          return [[...said]];
        },
        cancel: () => {
          for (const reject of waiting) reject(failed('ECANCELLED'));
          waiting.clear();
        },
      };
    },
    say: (said, ns) => {
      if (ns === undefined) usual = said;
      else own.set(ns, said);
    },
    asked: (ns) => (ns === undefined ? [...asked.values()].reduce((a, b) => a + b, 0) : (asked.get(ns) ?? 0)),
  };
}
