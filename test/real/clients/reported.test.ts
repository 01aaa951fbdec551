/**
 * What users of other pools and drivers have reported about failovers, tried on the following pool. The
 * numbers are those of public reports.
 */

import { createPool } from 'mysql2';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { followSource } from '../../../src/client/source-dns-mysql2.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { busy, moved, open, optionsOf, order, serverOf, waiting } from './pools.ts';
import { Stand } from './stand.ts';

let stand: Stand;

beforeAll(async () => {
  stand = await Stand.start();
});
afterAll(async () => {
  await stand?.stop();
  expect(livingProcesses()).toEqual([]);
});

/** The name of a test follows `a`. */
async function published(label: string): Promise<string> {
  const name = `source.${label}.lab.test`;
  await stand.publish(name, { epoch: 1, source: 'a' });
  return name;
}

// mozilla/fxa-auth-db-mysql 108: after a failover every call ended with "Queue limit reached", for ever.
test('a queue that was full during the outage serves again after the move', async () => {
  const name = await published('queue-limit');
  const pool = open(stand, name, { pool: { connectionLimit: 1, queueLimit: 2 } });
  const connection = await pool.getConnection();
  const { ended } = await busy(stand, connection, 'a');
  const calls = Array.from({ length: 5 }, (_, index) => pool.query(order, [700 + index]));
  const outcomes = Promise.allSettled(calls);
  await stand.publish(name, { epoch: 2, source: 'b' });
  await ended;
  connection.release();
  const full = (await outcomes).filter(({ status }) => status === 'rejected');
  expect(full).toMatchObject(full.map(() => ({ reason: { message: 'Queue limit reached.' } })));
  expect(full).toHaveLength(3);
  for (let n = 710; n < 720; n += 1) await pool.query(order, [n]);
  expect(await stand.orders('b', 700, 719)).toHaveLength(12);
});

// sidorares/node-mysql2 805, 3726: "Unknown prepared statement handler" after another server took over.
test('prepared statements are prepared anew at the new source', async () => {
  const name = await published('prepared');
  const pool = open(stand, name);
  const connection = await pool.getConnection();
  const statement = await connection.prepare(order);
  await statement.execute([720]);
  await pool.execute(order, [721]);
  const now = moved(pool.source);
  await stand.publish(name, { epoch: 2, source: 'b' });
  await now;
  await expect(statement.execute([722])).rejects.toThrow();
  connection.release();
  const [{ affectedRows }] = await pool.execute<ResultSetHeader>(order, [723]);
  expect(affectedRows).toBe(1);
  expect(await stand.orders('a', 720, 729)).toEqual([720, 721]);
  expect(await stand.orders('b', 720, 729)).toEqual([723]);
});

// sidorares/node-mysql2 3082 and 1847: a stream of rows neither ends nor fails when its connection is lost.
test('a stream of rows fails when its connection is cut', async () => {
  const name = await published('stream');
  const { pool: options, follow } = optionsOf(stand, name);
  const pool = followSource(createPool(options), follow);
  onTestFinished(() => pool.promise().end());
  // The first row is larger than the server's buffer: so it comes before the second one.
  const sql = "SELECT REPEAT('x', 100000) UNION ALL SELECT SLEEP(1000)";
  let rows = 0;
  const read = async (): Promise<void> => {
    for await (const _row of pool.query(sql).stream()) {
      rows += 1;
      await stand.publish(name, { epoch: 2, source: 'b' });
    }
  };
  await expect(read()).rejects.toMatchObject({ code: 'SOURCE_MOVED' });
  expect(rows).toBe(1);
});

// knex/knex 1382 and 2266: a connection that comes after its caller has given up belongs to nobody for ever.
test('a connection that comes too late for its caller serves the next one', async () => {
  const name = await published('too-late');
  const pool = open(stand, name, { pool: { connectionLimit: 1 }, follow: { acquireTimeout: '300ms' } });
  await pool.source.ready();
  await stand.server('a').suspend();
  const given = await Promise.allSettled([pool.getConnection(), pool.getConnection()]);
  stand.server('a').resume();
  expect(given.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect.poll(() => serverOf(stand, pool).catch(() => undefined), { timeout: 30_000 }).toBe('a');
});

// sequelize/sequelize 6344: the end of a pool waits for a server that hangs ("Quit inactivity timeout").
test('the end of a pool whose server hangs comes with the move at the latest', async () => {
  const name = await published('end-hangs');
  const pool = open(stand, name);
  const connection = await pool.getConnection();
  await stand.server('a').suspend();
  try {
    const statement = connection.query(order, [740]).catch((error: unknown) => error);
    const ended = pool.end();
    await stand.publish(name, { epoch: 2, source: 'b' });
    await ended;
    expect(await statement).toMatchObject({ code: 'SOURCE_MOVED' });
  } finally {
    stand.server('a').resume();
  }
});

// mysqljs/mysql 821: the pool does not recover from a failover.
test('connections that were cut count no more: waitForConnections false', async () => {
  const name = await published('no-queue');
  const pool = open(stand, name, { pool: { waitForConnections: false } });
  const held = [await pool.getConnection(), await pool.getConnection()];
  const now = moved(pool.source);
  await stand.publish(name, { epoch: 2, source: 'b' });
  await now;
  for (const connection of held) connection.release();
  await Promise.all([pool.query(order, [750]), pool.query(order, [751])]);
  expect(await stand.orders('b', 750, 759)).toEqual([750, 751]);
});

test('a connection that is reset at each release is cut like any other', async () => {
  const name = await published('reset');
  const pool = open(stand, name, { pool: { connectionLimit: 1, ...{ resetOnRelease: true } } });
  for (let n = 760; n < 763; n += 1) await pool.query(order, [n]);
  const now = moved(pool.source);
  await stand.publish(name, { epoch: 2, source: 'b' });
  await now;
  for (let n = 763; n < 766; n += 1) await pool.query(order, [n]);
  expect(await stand.orders('b', 760, 769)).toEqual([763, 764, 765]);
});

// go-sql-driver/mysql 634: error 1290 names other options, too: a driver took each for a read-only server.
test('a refusal that is not about the server moves nothing, and the connection goes on', async () => {
  const name = await published('other-option');
  const pool = open(stand, name, { pool: { connectionLimit: 1 } });
  const first = await pool.getConnection();
  await expect(first.query("SELECT 1 INTO OUTFILE '/nowhere/x'")).rejects.toMatchObject({
    errno: 1290,
    refused: true,
    message: expect.stringContaining('--secure-file-priv'),
  });
  first.release();
  const second = await pool.getConnection();
  expect(second.threadId).toBe(first.threadId);
  second.release();
  await pool.query(order, [770]);
  expect(await stand.orders('a', 770, 779)).toEqual([770]);
  expect(pool.source.current).toMatchObject({ epoch: 1 });
});

// sysown/proxysql 3469: one session is read-only (1792), and the server is not.
test('a session that was left read-only is dropped by the first statement of the pool that is refused', async () => {
  const name = await published('session-read-only');
  const pool = open(stand, name, { pool: { connectionLimit: 1 } });
  const connection = await pool.getConnection();
  await connection.query('SET SESSION TRANSACTION READ ONLY');
  connection.release();
  await expect(pool.query(order, [780])).rejects.toMatchObject({ errno: 1792, refused: true });
  await pool.query(order, [780]);
  expect(await stand.orders('a', 780, 789)).toEqual([780]);
  expect(pool.source.current).toMatchObject({ epoch: 1 });
});

// The same, with a connection that the application holds: the driver would lend it again for ever.
test('a session that was left read-only is not lent again after a statement of it was refused', async () => {
  const name = await published('session-held');
  const pool = open(stand, name, { pool: { connectionLimit: 1 } });
  const first = await pool.getConnection();
  await first.query('SET SESSION TRANSACTION READ ONLY');
  first.release();
  const held = await pool.getConnection();
  await expect(held.query(order, [785])).rejects.toMatchObject({ errno: 1792, refused: true });
  held.release();
  const next = await pool.getConnection();
  await next.query(order, [785]);
  next.release();
  expect(await stand.orders('a', 780, 789)).toEqual([780, 785]);
  expect(pool.source.current).toMatchObject({ epoch: 1 });
});

// sidorares/node-mysql2 1925: the server ends idle connections (4031), and the pool lends them all the same.
test('connections that the server ended for inactivity are not lent', async () => {
  const name = await published('inactive');
  const pool = open(stand, name);
  for (const connection of [await pool.getConnection(), await pool.getConnection()]) {
    await connection.query('SET SESSION wait_timeout = 1');
    connection.release();
  }
  await expect.poll(() => stand.connected('a'), waiting).toBe(0);
  for (let n = 790; n < 794; n += 1) await pool.query(order, [n]);
  expect(await stand.orders('a', 790, 799)).toEqual([790, 791, 792, 793]);
});

// mysqljs/mysql 924: settings of a session are lost with its connection.
test('what the event `connection` sets is there for the first statement at the new source', async () => {
  const name = await published('settings');
  const pool = open(stand, name);
  pool.on('connection', (connection) => {
    connection.query("SET time_zone = '+05:30'");
  });
  const zone = async () => (await pool.query<RowDataPacket[]>('SELECT @@time_zone AS zone'))[0][0]?.['zone'];
  const before = await zone();
  const now = moved(pool.source);
  await stand.publish(name, { epoch: 2, source: 'b' });
  await now;
  const after = await Promise.all([zone(), zone(), zone()]);
  expect(await serverOf(stand, pool)).toBe('b');
  expect([before, ...after]).toEqual(['+05:30', '+05:30', '+05:30', '+05:30']);
});
