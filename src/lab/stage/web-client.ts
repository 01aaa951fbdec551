/** A web application: it knows one host name, a port and a password, and always writes numbered rows. */

import { Resolver } from 'node:dns/promises';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool, type Pool } from 'mysql2/promise';
import { followSource } from '../../client/source-dns-mysql2.ts';

export interface WebClientOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** `address:port` of the resolver, the lab's own BIND. */
  readonly resolver: string;
  /** The pool follows the source, as these nameservers (`address:port`) say. Absent: mysql2's pool as it is. */
  readonly nameservers?: readonly string[];
  /** The pause after each write; default: 5 ms. */
  readonly pauseMs?: number;
}

const pauseBetweenMs = 5;
const queryTimeoutMs = 3000;

/** Writes rows 1, 2, 3, …: each number once, acknowledged or not. */
export class WebClient {
  /** The numbers of the acknowledged rows, ascending. */
  readonly acknowledged: number[] = [];
  /** When each of them was acknowledged (performance.now). */
  readonly acknowledgedAt: number[] = [];
  /** Writes that failed, or may have failed. */
  failures = 0;
  lastFailure: string | undefined;
  readonly #pool: Pool;
  readonly #pauseMs: number;
  #next = 1;
  #ended = false;
  #loop: Promise<void> | undefined;

  constructor(options: WebClientOptions) {
    this.#pauseMs = options.pauseMs ?? pauseBetweenMs;
    this.#pool = openPool(options);
  }

  async createTable(): Promise<void> {
    await this.#pool.query('CREATE DATABASE IF NOT EXISTS shop');
    await this.#pool.query(
      'CREATE TABLE IF NOT EXISTS shop.orders (n INT PRIMARY KEY, at TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3), server_id INT)',
    );
  }

  start(): void {
    this.#loop ??= this.#writeAll();
  }

  /** Ends after the current write, and closes the connections. */
  async stop(): Promise<void> {
    this.#ended = true;
    await this.#loop;
    await this.#pool.end().catch(() => undefined);
  }

  async #writeAll(): Promise<void> {
    while (!this.#ended) {
      const number = this.#next++;
      if (await this.#write(number)) {
        this.acknowledged.push(number);
        this.acknowledgedAt.push(performance.now());
      } else this.failures++;
      await delay(this.#pauseMs);
    }
  }

  async #write(number: number): Promise<boolean> {
    const connection = await this.#pool.getConnection().catch((error: unknown) => this.#note(error));
    if (connection === undefined) return false;
    try {
      await connection.query({
        sql: 'INSERT INTO shop.orders (n, server_id) VALUES (?, @@server_id)',
        values: [number],
        timeout: queryTimeoutMs,
      });
      connection.release();
      return true;
    } catch (error) {
      this.#note(error);
      // A server that refuses a write (1290: read-only) is no longer the source.
      connection.destroy();
      return false;
    }
  }

  #note(error: unknown): undefined {
    this.lastFailure = error instanceof Error ? error.message : String(error);
    return undefined;
  }
}

function openPool(options: WebClientOptions): Pool {
  const { host, port, user, password, nameservers } = options;
  const common = { user, password, connectionLimit: 4, connectTimeout: 2000 };
  if (nameservers !== undefined)
    return followSource(createPool({ ...common, host, port }), { nameservers, acquireTimeout: '3s' });
  const resolver = new Resolver({ timeout: 500, tries: 2 });
  resolver.setServers([options.resolver]);
  return createPool({
    ...common,
    // Below the limit: otherwise mysql2 keeps idle connections to the old source.
    maxIdle: 2,
    idleTimeout: 2000,
    // Every new connection resolves the name again.
    stream: () => connectByName(options, resolver),
  });
}

function connectByName({ host, port }: WebClientOptions, resolver: Resolver): Socket {
  const lookup: LookupFunction = (name, _options, callback) => {
    resolver.resolve4(name).then(
      (addresses) =>
        callback(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        ),
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
  return connect({ host, port, lookup, noDelay: true });
}
