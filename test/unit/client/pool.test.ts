/** The following pool on false servers: the driver is the real one. */

import { once } from 'node:events';
import mysql from 'mysql2/promise';
import { afterEach, expect, test, vi } from 'vitest';
import { followPool } from '../../../src/client/follow.ts';
import type { FollowOptions } from '../../../src/client/options.ts';
import {
  type FalseDns,
  type FalseSource,
  falseDns,
  ledgerOf,
  startFalseSource,
} from '../../support/false-source.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end().catch(() => {});
});

async function start(index: number): Promise<FalseSource> {
  const source = await startFalseSource(index);
  ends.push(source.kill);
  return source;
}

function openPool(dns: FalseDns, options: FollowOptions = {}, pool: mysql.PoolOptions = {}) {
  const plain = mysql.createPool({ host: 'source.example.com', user: 'app', connectionLimit: 4, ...pool });
  const given = { nameservers: ['192.0.2.1'], interval: '100ms', suspectInterval: '10ms', ...options };
  const following = followPool(plain, given, dns.open);
  ends.push(() => following.end());
  return following;
}

test('a pool asks the server that the ledger names, and verifies each connection once', async () => {
  const one = await start(1);
  const pool = openPool(falseDns(ledgerOf(one, 1)));
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

test('when the source moves, idle and busy connections are cut, and the next statement goes to the new one', async () => {
  const [one, two] = [await start(1), await start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = openPool(dns);
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
  const [one, two] = [await start(1), await start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = openPool(dns, { acquireTimeout: '20s' });
  await pool.query('SELECT 1');
  await one.kill();
  const waiting = Promise.allSettled(Array.from({ length: 50 }, (_, index) => pool.query(`INSERT ${index}`)));
  await vi.waitFor(() => expect(dns.asked()).toBeGreaterThan(5));
  dns.say(ledgerOf(two, 2));
  const results = await waiting;
  expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(49);
  expect(new Set(two.statements).size).toBe(two.statements.length);
});

test('a demoted source gets no more writers, although the ledger did not move yet', async () => {
  const [one, two] = [await start(1), await start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = openPool(dns);
  const connection = await pool.getConnection();
  one.isReadOnly = true;
  await expect(connection.query('INSERT 1')).rejects.toMatchObject({ errno: 1290, refused: true });
  connection.release();
  const next = pool.getConnection();
  await vi.waitFor(() => expect(one.verified).toBeGreaterThan(1));
  dns.say(ledgerOf(two, 2));
  await (await next).query('INSERT 2');
  expect(two.statements).toEqual(['INSERT 2']);
});

test('after acquireTimeout a caller is told why', async () => {
  const one = await start(1);
  one.isReadOnly = true;
  const options = { acquireTimeout: '200ms' };
  await expect(openPool(falseDns('refused'), options).query('SELECT 1')).rejects.toMatchObject({
    code: 'SOURCE_UNKNOWN',
    refused: true,
    cause: { code: 'EREFUSED' },
  });
  await expect(openPool(falseDns(ledgerOf(one, 1)), options).query('SELECT 1')).rejects.toMatchObject({
    code: 'SOURCE_NOT_WRITABLE',
  });
  one.isReadOnly = false;
  const pool = openPool(falseDns(ledgerOf(one, 1)), options, { connectionLimit: 1 });
  const held = await pool.getConnection();
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'SOURCE_BUSY' });
  held.release();
  await pool.query('SELECT 2');
});
