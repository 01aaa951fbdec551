/** An application that knows one server by its address: it writes there for as long as the server lets it. */

import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { ChaosServer } from './cluster.ts';

export const clingingUser = 'clinging';
const pauseMs = 25;
/** ER_OPTION_PREVENTS_STATEMENT. */
const readOnly = 1290;
const connectTimeoutMs = 2000;

/**
 * It comes by the unix socket, so no cut link keeps it from its server: a source that we cannot reach still
 * has its clients.
 */
export class ClingingClient {
  /** performance.now() of the last write that the server acknowledged. */
  lastWriteAt: number | undefined;
  /** performance.now() of the first write that the server refused because it is read-only. */
  refusedAt: number | undefined;
  readonly #server: ChaosServer;
  readonly #password: string;
  #socket: Socket | undefined;
  #ended = false;
  readonly #loop: Promise<void>;

  constructor(server: ChaosServer, password: string) {
    this.#server = server;
    this.#password = password;
    this.#loop = this.#run();
  }

  /** Ends also a statement that waits for its answer. */
  async stop(): Promise<void> {
    this.#ended = true;
    this.#drop();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      await this.#writeAll().catch((error: { errno?: number }) => {
        if (error.errno === readOnly) this.refusedAt ??= performance.now();
      });
      this.#drop();
      await delay(pauseMs);
    }
  }

  async #writeAll(): Promise<void> {
    const { socketPath } = this.#server.mysqld;
    const socket = connect(socketPath);
    this.#socket = socket;
    const connection = await createConnection({
      stream: socket,
      // The driver sends the password as it is, because nobody can listen.
      socketPath,
      user: clingingUser,
      password: this.#password,
      connectTimeout: connectTimeoutMs,
    });
    connection.on('error', () => undefined);
    while (!this.#ended) {
      await connection.query('INSERT INTO shop.clinging (at) VALUES (?)', [performance.now()]);
      this.lastWriteAt = performance.now();
      await delay(pauseMs);
    }
  }

  /** The error ends the statement; `destroy` of the driver would not. */
  #drop(): void {
    this.#socket?.destroy(new Error('the client leaves'));
    this.#socket = undefined;
  }
}
