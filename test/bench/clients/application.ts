/**
 * A web application as a process: writers on one pool that knows a host name. It notes each write, sends its
 * notes when it is told to stop, ends the pool, and then has to exit by itself.
 */

import { Resolver } from 'node:dns/promises';
import { connect, type LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise';
import { followSource } from '../../../src/client/source-dns-mysql2.ts';
import { monotonicMs } from '../harness/monotonic.ts';

export interface ApplicationOrder {
  readonly pool: PoolKind;
  readonly writing: Writing;
  readonly host: string;
  readonly port: number;
  readonly password: string;
  /** `address:port` each. */
  readonly nameservers: readonly string[];
  readonly writers: number;
  readonly connections: number;
}

/** mysql2's pool as it is, whose name goes through a cache as long as its TTL; or the pool that follows. */
export type PoolKind = 'default' | 'following';
/** `transactions`: getConnection, BEGIN, INSERT, COMMIT, release: as an object-relational mapper does. */
export type Writing = 'autocommit' | 'transactions';

/** One write: `n` is unique, and never written again. */
export interface Attempt {
  readonly writer: number;
  readonly n: number;
  /** When its result came (monotonicMs). */
  readonly at: number;
  /** Absent: acknowledged. */
  readonly failure?: string;
}

export type ApplicationNews =
  /** Every writer has written once. */
  { readonly kind: 'ready' } | { readonly kind: 'notes'; readonly attempts: readonly Attempt[] };

/** The pause of a writer after each write. */
const pauseMs = 10;
/** How long the last results are awaited. */
const lastResultsMs = 200;
const insert = 'INSERT INTO shop.orders (n, writer, server) VALUES (?, ?, @@server_uuid)';

const order = JSON.parse(process.argv[2] ?? '') as ApplicationOrder;
const attempts: Attempt[] = [];
const pool = openPool();
let stopped = false;
let next = 1;
let unready = order.writers;

const tell = (news: ApplicationNews, told?: () => void): void =>
  void process.send?.(news, undefined, undefined, told);

process.once('message', async () => {
  stopped = true;
  // A write that the server has done may have no result here yet. One to a server that hangs never has one.
  await Promise.race([Promise.all(writing), delay(lastResultsMs)]);
  // Thousands of notes are more than a pipe takes at once: to disconnect before they have left would drop them.
  tell({ kind: 'notes', attempts }, () => process.disconnect());
  // A connection to a server that hangs never ends: that is for the process which waits for our exit.
  void pool.end().catch(() => undefined);
});
const writing = Array.from({ length: order.writers }, (_, writer) => write(writer));

async function write(writer: number): Promise<void> {
  let written = false;
  while (!stopped) {
    const n = next++;
    const failure = await (order.writing === 'autocommit' ? alone(writer, n) : inTransaction(writer, n)).then(
      () => undefined,
      (error: unknown) => codeOf(error),
    );
    attempts.push({ writer, n, at: monotonicMs(), ...(failure === undefined ? {} : { failure }) });
    if (failure === undefined && !written) {
      written = true;
      unready -= 1;
      if (unready === 0) tell({ kind: 'ready' });
    }
    await delay(pauseMs);
  }
}

async function alone(writer: number, n: number): Promise<void> {
  await pool.query(insert, [n, writer]);
}

async function inTransaction(writer: number, n: number): Promise<void> {
  const connection: PoolConnection = await pool.getConnection();
  try {
    await connection.beginTransaction();
    await connection.query(insert, [n, writer]);
    await connection.commit();
  } catch (error) {
    await connection.rollback().catch(() => undefined);
    throw error;
  } finally {
    connection.release();
  }
}

function openPool(): Pool {
  const { host, port, password, nameservers, connections } = order;
  const options = { host, port, user: 'web', password, connectionLimit: connections };
  if (order.pool === 'default')
    return createPool({ ...options, stream: connectByName(nameservers[0] ?? '') });
  return followSource(createPool(options), { nameservers: [...nameservers] });
}

function connectByName(nameserver: string) {
  const resolver = new Resolver({ timeout: 500, tries: 2 });
  resolver.setServers([nameserver]);
  let known:
    | { readonly addresses: readonly { readonly address: string }[]; readonly until: number }
    | undefined;
  const resolve = async (name: string) => {
    if (known !== undefined && performance.now() < known.until) return known.addresses;
    const addresses = await resolver.resolve4(name, { ttl: true });
    known = { addresses, until: performance.now() + 1000 * (addresses[0]?.ttl ?? 0) };
    return addresses;
  };
  const lookup: LookupFunction = (name, _options, callback) => {
    resolve(name).then(
      (addresses) =>
        callback(
          null,
          addresses.map(({ address }) => ({ address, family: 4 })),
        ),
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
  return () => connect({ host: order.host, port: order.port, lookup, noDelay: true, keepAlive: true });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? error);
}
