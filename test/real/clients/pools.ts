/** Pools that follow a name of the stand, and what their tests wait for. */

import { createPool, type PoolConnection, type PoolOptions, type RowDataPacket } from 'mysql2/promise';
import { expect, onTestFinished, vi } from 'vitest';
import { type FollowOptions, followSource, type Source } from '../../../src/client/source-dns-mysql2.ts';
import type { Stand, Which } from './stand.ts';

/** The port is that of the ledger: this one leads nowhere. */
const nowhere = 1;
export const waiting = { timeout: 30_000, interval: 10 };
export const order = 'INSERT INTO shop.orders VALUES (?)';

export interface Differing {
  readonly pool?: PoolOptions;
  readonly follow?: FollowOptions;
}

/** Of a pool of two connections that follows the name, but for what differs. */
export const optionsOf = ({ password, nameserver }: Stand, host: string, differing: Differing = {}) => ({
  pool: { host, port: nowhere, user: 'web', password, connectionLimit: 2, ...differing.pool },
  follow: {
    nameservers: [nameserver],
    interval: '100ms',
    suspectInterval: '20ms',
    acquireTimeout: '1m',
    ...differing.follow,
  },
});

/** It ends with the test. */
export function open(stand: Stand, name: string, differing: Differing = {}) {
  const { pool, follow } = optionsOf(stand, name, differing);
  const opened = followSource(createPool(pool), follow);
  onTestFinished(() => opened.end());
  return opened;
}

export const moved = (source: Source): Promise<unknown> =>
  new Promise((resolve) => source.once('moved', resolve));
export const stale = (source: Source): Promise<string> =>
  new Promise((resolve) => source.once('stale', resolve));

/** Which server answers. */
export async function serverOf(
  stand: Stand,
  connection: Pick<PoolConnection, 'query'>,
): Promise<Which | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT @@server_uuid AS uuid');
  return (['a', 'b'] as const).find((which) => stand.uuid(which) === rows[0]?.['uuid']);
}

/** The statement sleeps on the server until the connection ends. */
export async function busy(
  stand: Stand,
  connection: PoolConnection,
  which: Which,
): Promise<{ readonly ended: Promise<unknown> }> {
  const ended = connection.query('SELECT SLEEP(1000)').then(
    () => 'it ended',
    (error: unknown) => error,
  );
  const id = connection.threadId;
  await vi.waitFor(async () => {
    const sleeping = `id = ${id} AND info LIKE 'SELECT SLEEP%'`;
    const sql = `SELECT id FROM performance_schema.processlist WHERE ${sleeping}`;
    expect(await stand.server(which).sql(sql)).toHaveLength(1);
  }, waiting);
  return { ended };
}
