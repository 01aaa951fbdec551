/** The following pool on false servers: the driver is the real one. The stories are in stories.ts. */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createPool, createPoolCluster } from 'mysql2';
import { createPool as createPromisePool } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followName, followPool } from '../../../src/client/follow.ts';
import { falseDns, ledgerOf } from '../../support/false-source.ts';
import { callbackPool, openStage, type Stage } from '../../support/following-pool.ts';

let stage: Stage;
beforeEach(() => {
  stage = openStage({ followPool });
});
afterEach(() => stage.end());

test('a pool asks the server that the ledger names, and verifies each connection once', async () => {
  const one = await stage.start(1);
  const pool = stage.pool(falseDns(ledgerOf(one, 1)));
  for (const _ of [1, 2, 3]) await pool.query('SELECT 1');
  expect(one.verified).toBe(1);
  expect(one.statements).toHaveLength(3);
  expect(await pool.source.ready()).toMatchObject({
    epoch: 1,
    uuid: one.uuid,
    address: one.address,
    port: one.port,
  });
});

test('the end of a pool is no suspicion', async () => {
  const one = await stage.start(1);
  const pool = stage.pool(falseDns(ledgerOf(one, 1)));
  const suspicions: string[] = [];
  pool.source.on('suspect', (why) => suspicions.push(why));
  await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 2')]);
  await pool.end();
  await vi.waitFor(() => expect(one.open()).toBe(0));
  await setImmediate();
  expect(suspicions).toEqual([]);
});

test('when the source moves, idle and busy connections are cut, and the next statement goes to the new one', async () => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns);
  const moved = once(pool.source as never, 'moved');
  await pool.query('SELECT 1');
  const busy = pool.query('SLEEP');
  await vi.waitFor(() => expect(one.statements).toContain('SLEEP'));
  dns.say(ledgerOf(two, 2));
  await expect(busy).rejects.toMatchObject({ code: 'SOURCE_MOVED', refused: false });
  await moved;
  await pool.query('SELECT 2');
  expect(two.statements).toEqual(['SELECT 2']);
  expect(one.statements).toEqual(['SELECT 1', 'SLEEP']);
  await vi.waitFor(() => expect(one.open()).toBe(0));
});

test('callers wait while the source is dead, and are served by the new one', async () => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns, { acquireTimeout: '20s' });
  await pool.query('SELECT 1');
  await one.kill();
  const waiting = Promise.allSettled(Array.from({ length: 50 }, (_, index) => pool.query(`INSERT ${index}`)));
  await vi.waitFor(() => expect(dns.asked()).toBeGreaterThan(5));
  dns.say(ledgerOf(two, 2));
  const results = await waiting;
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(49);
  expect(new Set(two.statements).size).toBe(two.statements.length);
});

test('after acquireTimeout a caller is told why', async () => {
  const one = await stage.start(1);
  one.isReadOnly = true;
  const options = { acquireTimeout: '2s' };
  await expect(stage.pool(falseDns('refused'), options).query('SELECT 1')).rejects.toMatchObject({
    code: 'SOURCE_UNKNOWN',
    refused: true,
    cause: { code: 'EREFUSED' },
  });
  await expect(stage.pool(falseDns(ledgerOf(one, 1)), options).query('SELECT 1')).rejects.toMatchObject({
    code: 'SOURCE_NOT_WRITABLE',
  });
  one.isReadOnly = false;
  const pool = stage.pool(falseDns(ledgerOf(one, 1)), options, { connectionLimit: 1 });
  const held = await pool.getConnection();
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'SOURCE_BUSY' });
  held.release();
  await pool.query('SELECT 2');
});

test('a pool with callbacks follows, too', async () => {
  const one = await stage.start(1);
  const pool = followPool(callbackPool(), { nameservers: ['192.0.2.1'] }, falseDns(ledgerOf(one, 1)).open);
  const rows = await new Promise((resolve, reject) =>
    pool.query('SELECT 1', (error, answer) => (error ? reject(error) : resolve(answer))),
  );
  expect(rows).toHaveLength(1);
  expect(pool.source.current?.uuid).toBe(one.uuid);
  await new Promise((resolve) => pool.end(resolve));
});

test('a connection in the middle of its handshake is cut, and its caller is served by the new source', async () => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  one.hang();
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns);
  const waiting = Promise.all(Array.from({ length: 10 }, (_, index) => pool.query(`INSERT ${index}`)));
  await vi.waitFor(() => expect(one.accepted()).toBe(4));
  dns.say(ledgerOf(two, 2));
  await waiting;
  expect(new Set(two.statements).size).toBe(10);
});

test('a connection that the caller holds in a transaction says that the source moved, and commits nothing', async () => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns);
  const connection = await pool.getConnection();
  await connection.beginTransaction();
  await connection.query('INSERT 1');
  const move = once(pool.source as never, 'moved');
  dns.say(ledgerOf(two, 2));
  await move;
  await expect(connection.query('INSERT 2')).rejects.toMatchObject({ code: 'SOURCE_MOVED', refused: true });
  await expect(connection.commit()).rejects.toMatchObject({ code: 'SOURCE_MOVED', refused: true });
  connection.release();
  await pool.query('SELECT 3');
  expect(one.statements).toEqual(['START TRANSACTION', 'INSERT 1']);
  expect(two.statements).toEqual(['SELECT 3']);
});

test('the error of a ROLLBACK does not say refused where the statement before it has an unknown outcome', async () => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns);
  const connection = await pool.getConnection();
  await connection.beginTransaction();
  const commit = connection.query('SLEEP');
  await vi.waitFor(() => expect(one.statements).toContain('SLEEP'));
  dns.say(ledgerOf(two, 2));
  await expect(commit).rejects.toMatchObject({ code: 'SOURCE_MOVED', refused: false });
  await expect(connection.rollback()).rejects.toMatchObject({ code: 'SOURCE_MOVED', refused: false });
  connection.release();
});

test('after end() a server that hangs keeps no connection open that is idle, or becomes it', async () => {
  const one = await stage.start(1);
  const pool = stage.pool(falseDns(ledgerOf(one, 1)), { verifyTimeout: '500ms' });
  const streams: { readonly destroyed: boolean }[] = [];
  pool.on(
    'connection',
    (connection) => void streams.push((connection as unknown as { stream: Socket }).stream),
  );
  const [idle, busy] = [await pool.getConnection(), await pool.getConnection()];
  idle.release();
  one.hang();
  await pool.end();
  const ended = () => streams.map(({ destroyed }) => destroyed);
  await vi.waitFor(() => expect(ended()).toEqual([true, false]), { timeout: 20_000 });
  busy.release();
  await vi.waitFor(() => expect(ended()).toEqual([true, true]), { timeout: 20_000 });
});

test('from A to B and back to A in one interval: nothing is cut', async () => {
  const one = await stage.start(1);
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns);
  const connection = await pool.getConnection();
  const asked = dns.asked();
  dns.say(ledgerOf(one, 3));
  await vi.waitFor(() => expect(dns.asked()).toBeGreaterThan(asked + 1));
  await connection.query('INSERT 1');
  connection.release();
  await pool.query('INSERT 2');
  expect(pool.source.current?.epoch).toBe(3);
  expect([one.accepted(), one.verified]).toEqual([1, 2]);
});

test('after a kill few connections are tried, however many callers wait', async () => {
  const one = await stage.start(1);
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns, { interval: '100ms', acquireTimeout: '2s' }, { connectionLimit: 10 });
  await pool.query('SELECT 1');
  const suspicion = once(pool.source as never, 'suspect');
  await one.kill();
  await suspicion;
  const opened = vi.fn();
  const config = (
    pool as unknown as { pool: { config: { connectionConfig: { stream: (o: object) => object } } } }
  ).pool.config.connectionConfig;
  const { stream } = config;
  config.stream = (options) => {
    opened();
    return stream(options);
  };
  const results = await Promise.allSettled(Array.from({ length: 200 }, () => pool.query('INSERT')));
  const codes = new Set(
    results.map((result) => (result.status === 'rejected' ? result.reason.code : 'served')),
  );
  expect(codes).toEqual(new Set(['SOURCE_NOT_WRITABLE']));
  expect(opened.mock.calls.length).toBeLessThan(100);
});

test('end() answers everybody who waits: for a ledger, behind a failure, in the queue, in a handshake', async () => {
  const one = await stage.start(1);
  const hung = await stage.start(2);
  hung.hang();
  const dead = await stage.start(3);
  await dead.kill();
  for (const said of ['absent', ledgerOf(one, 1), ledgerOf(hung, 1), ledgerOf(dead, 1)] as const) {
    const dns = falseDns(said);
    const pool = stage.pool(dns, {}, { connectTimeout: 300 });
    const waiting = Promise.allSettled(Array.from({ length: 20 }, () => pool.query('SELECT 1')));
    await vi.waitFor(() => expect(dns.asked()).toBeGreaterThan(1));
    await pool.end().catch(() => {});
    for (const result of await waiting)
      if (result.status === 'rejected')
        expect(result.reason.message).toMatch(/closed|ETIMEDOUT|not followed|Quit/);
    await expect(pool.query('SELECT 1')).rejects.toThrow('Pool is closed.');
    const asked = dns.asked();
    await vi.waitFor(() => expect(dns.asked()).toBeLessThanOrEqual(asked + 1));
  }
});

test('follow gives sockets to programs that pool by themselves, and checks their connections', async () => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const source = followName(
    'source.example.com',
    { nameservers: ['192.0.2.1'], interval: '100ms' },
    dns.open,
  );
  // Opened before the first ledger came.
  const other = createPromisePool({ host: 'source.example.com', stream: source.stream });
  const connection = await other.getConnection();
  await source.check(connection);
  one.isReadOnly = true;
  await expect(source.check(connection)).rejects.toMatchObject({ code: 'SOURCE_NOT_WRITABLE' });
  const move = once(source as never, 'moved');
  const next = await other.getConnection();
  dns.say(ledgerOf(two, 2));
  await move;
  await expect(next.query('SELECT 1')).rejects.toThrow();
  await source.check(await other.getConnection());
  expect(two.verified).toBe(1);
  source.close();
  await other.end();
});

test('the addresses of a ledger are tried in turn', async () => {
  const one = await stage.start(1);
  const pool = stage.pool(falseDns(ledgerOf(one, 1, { form: `address/5/127.0.0.99,${one.address}` })));
  await pool.query('SELECT 1');
  expect(one.statements).toEqual(['SELECT 1']);
});

test('a restored zone strands nobody: the pool tries the lower epoch once its target takes no writes', async () => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(two, 7));
  const pool = stage.pool(dns);
  await pool.query('SELECT 1');
  two.isReadOnly = true;
  one.isReadOnly = true;
  dns.say(ledgerOf(one, 5));
  const stale = once(pool.source as never, 'stale');
  await expect(pool.query('INSERT 1')).rejects.toMatchObject({ errno: 1290 });
  await stale;
  const waiting = pool.query('INSERT 2');
  await vi.waitFor(() => expect(one.verified).toBeGreaterThan(0));
  expect(pool.source.current?.epoch).toBe(7);
  one.isReadOnly = false;
  await waiting;
  expect(pool.source.current?.epoch).toBe(5);
  expect(one.statements).toEqual(['INSERT 2']);
});

test('a forged ledger that leads nowhere is left again, once its server was unreachable for suspectFor', async () => {
  const one = await stage.start(1);
  const dns = falseDns(ledgerOf(one, 5));
  const pool = stage.pool(dns, { suspectFor: '300ms', acquireTimeout: '1m' });
  await pool.query('SELECT 1');
  const move = once(pool.source as never, 'moved');
  dns.say(
    ledgerOf({ ...one, uuid: `${one.uuid.slice(0, -1)}9`, address: '127.0.0.99' }, 999_999_999_999_999),
  );
  await move;
  dns.say(ledgerOf(one, 5));
  await pool.query('SELECT 2');
  expect(pool.source.current?.epoch).toBe(5);
});

test('the queueLimit of the driver counts for those who wait for a source, too', async () => {
  const pool = stage.pool(falseDns(), { acquireTimeout: '100ms' }, { queueLimit: 2 });
  const results = await Promise.allSettled([1, 2, 3].map(() => pool.query('SELECT 1')));
  expect(results.map((result) => result.status === 'rejected' && result.reason.message)).toEqual([
    expect.stringContaining('No ledger'),
    expect.stringContaining('No ledger'),
    'Queue limit reached.',
  ]);
});

test.each<[string, () => unknown, RegExp]>([
  ['a pool cluster', () => createPoolCluster(), /pool cluster/],
  ['an address as the host', () => createPool({ host: '192.0.2.1' }), /published name/],
  ['no host', () => createPool({}), /published name/],
  ['a unix socket', () => createPool({ host: 'a.example.com', socketPath: '/run/m.sock' }), /socketPath/],
  ['a stream of its own', () => createPool({ host: 'a.example.com', stream: () => {} }), /stream/],
  ['something else', () => ({ query: () => {} }), /getConnection is missing/],
  [
    'a pool without the option of connections',
    () => ({ getConnection: () => {}, releaseConnection: () => {}, end: () => {}, config: {} }),
    /connectionConfig is missing/,
  ],
  ['nothing', () => undefined, /needs a pool/],
])('%s is refused', (_what, make, message) => {
  const open = () => expect.unreachable('no resolver is opened');
  expect(() => followPool(make() as object, { nameservers: ['192.0.2.1'] }, open)).toThrow(message);
});

test('a pool follows once', () => {
  const pool = stage.pool(falseDns());
  expect(() => followPool(pool, {}, falseDns().open)).toThrow(/already/);
});

test('no error names the password', async () => {
  const one = await stage.start(1);
  one.isReadOnly = true;
  const pool = stage.pool(falseDns(ledgerOf(one, 1)), { acquireTimeout: '1s' }, { password: 'hunter2' });
  const error: unknown = await pool.query('SELECT 1').catch((reason) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/hunter2|app/);
});
