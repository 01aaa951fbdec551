/** The following pool on real servers: connections, callers and statements when the name moves. */

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { forAnother } from '../../support/certificates.ts';
import { busy, moved, open, optionsOf, order, serverOf, stale, waiting } from './pools.ts';
import { Stand } from './stand.ts';

let stand: Stand;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(cert, forAnother.cert);
  await writeFile(key, forAnother.key, { mode: 0o600 });
  stand = await Stand.start((index) => [
    `--ssl-cert=${cert}`,
    `--ssl-key=${key}`,
    // `localhost` is the one host name that resolves everywhere.
    ...(index === 0 ? ['--bind-address=127.0.0.11,127.0.0.1'] : []),
  ]);
});
afterAll(async () => {
  await stand?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(livingProcesses()).toEqual([]);
});

describe('a move', () => {
  test('ends a transaction: its next statement fails, and nothing of it is committed anywhere', async () => {
    const name = 'source.transaction.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query(order, [101]);
    const now = moved(pool.source);
    await stand.publish(name, { epoch: 2, source: 'b' });
    await now;
    await expect(connection.query(order, [102])).rejects.toThrow();
    await expect(connection.commit()).rejects.toThrow();
    connection.release();
    await pool.query(order, [103]);
    await vi.waitFor(async () => expect(await stand.connected('a')).toBe(0), waiting);
    expect(await stand.orders('a', 101, 103)).toEqual([]);
    expect(await stand.orders('b', 101, 103)).toEqual([103]);
  });

  test('lets the callers of a saturated pool wait, and gives all of them the new source', async () => {
    const name = 'source.saturated.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name);
    const held = [await pool.getConnection(), await pool.getConnection()];
    const statements = await Promise.all(held.map((connection) => busy(stand, connection, 'a')));
    const writes = Array.from({ length: 20 }, (_, index) => pool.query(order, [200 + index]));
    await stand.publish(name, { epoch: 2, source: 'b' });
    for (const { ended } of statements) expect(await ended).toMatchObject({ code: 'SOURCE_MOVED' });
    for (const connection of held) connection.release();
    await Promise.all(writes);
    expect(await stand.orders('a', 200, 219)).toEqual([]);
    expect(await stand.orders('b', 200, 219)).toEqual(Array.from({ length: 20 }, (_, index) => 200 + index));
  });

  test('leaves an old source that stays writable: after it nothing is written there', async () => {
    const name = 'source.unfenced.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name);
    let n = 1000;
    let failures = 0;
    const write = async () => {
      n += 1;
      await pool.query(order, [n]).catch(() => {
        failures += 1;
      });
    };
    await Promise.all([write(), write()]);
    const now = moved(pool.source);
    await stand.publish(name, { epoch: 2, source: 'b' });
    let isOver = false;
    void now.then(() => {
      isOver = true;
    });
    while (!isOver) await Promise.all([write(), write()]);
    await vi.waitFor(async () => expect(await stand.connected('a')).toBe(0), waiting);
    const before = await stand.orders('a', 1000, 99_999);
    for (let times = 0; times < 20; times += 1) await write();
    expect(await stand.orders('a', 1000, 99_999)).toEqual(before);
    expect(failures).toBeLessThanOrEqual(2);
    const all = [...before, ...(await stand.orders('b', 1000, 99_999))];
    expect(all).toEqual([...new Set(all)]);
  });

  test('lets a busy connection go on for `drain`, and cuts it when it is given back', async () => {
    const name = 'source.drain.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name, { follow: { drain: '10m' } });
    const connection = await pool.getConnection();
    const now = moved(pool.source);
    await stand.publish(name, { epoch: 2, source: 'b' });
    await now;
    expect(await serverOf(stand, connection)).toBe('a');
    connection.release();
    await vi.waitFor(async () => expect(await stand.connected('a')).toBe(0), waiting);
    expect(await serverOf(stand, pool)).toBe('b');
  });

  test('there and back between two questions cuts nothing', async () => {
    const name = 'source.back.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name, { follow: { interval: '1h' } });
    const [kept, other] = [await pool.getConnection(), await pool.getConnection()];
    const { threadId } = kept;
    await stand.publish(name, { epoch: 2, source: 'b' });
    await stand.publish(name, { epoch: 3, source: 'a' });
    // Evidence: so it asks.
    await stand.server('a').sql(`KILL ${other.threadId}`);
    await vi.waitFor(() => expect(pool.source.current?.epoch).toBe(3), waiting);
    const [rows] = await kept.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id');
    expect(rows[0]?.['id']).toBe(threadId);
    for (const connection of [kept, other]) connection.release();
  });

  test('is not undone by a ledger of a lower epoch', async () => {
    const name = 'source.lower.lab.test';
    await stand.publish(name, { epoch: 7, source: 'a' });
    const pool = open(stand, name);
    const connection = await pool.getConnection();
    const why = stale(pool.source);
    await stand.publish(name, { epoch: 6, source: 'b' });
    expect(await why).toContain('6');
    expect(await serverOf(stand, connection)).toBe('a');
    connection.release();
    expect(await serverOf(stand, pool)).toBe('a');
    expect(pool.source.current?.epoch).toBe(7);
  });
});

describe('a connection is lent', () => {
  test('only after the server said that it is writable, also where it was lent before', async () => {
    const name = 'source.demoted.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name, { pool: { connectionLimit: 1 } });
    const connection = await pool.getConnection();
    const next = pool.getConnection();
    await stand.server('a').sql('SET GLOBAL read_only = ON');
    try {
      await expect(connection.query(order, [401])).rejects.toMatchObject({ errno: 1290, refused: true });
      // The driver itself would hand it to the caller who waits.
      connection.release();
      await stand.publish(name, { epoch: 2, source: 'b' });
      const lent = await next;
      expect(await serverOf(stand, lent)).toBe('b');
      lent.release();
    } finally {
      await stand.server('a').sql('SET GLOBAL read_only = OFF');
    }
  });

  test('never, while the server that the ledger names is read-only: acquireTimeout ends the wait', async () => {
    const name = 'source.read-only.lab.test';
    await stand.server('b').sql('SET GLOBAL read_only = ON');
    try {
      await stand.publish(name, { epoch: 1, source: 'b' });
      const pool = open(stand, name, { follow: { acquireTimeout: '500ms' } });
      await expect(pool.query(order, [402])).rejects.toMatchObject({
        code: 'SOURCE_NOT_WRITABLE',
        refused: true,
      });
    } finally {
      await stand.server('b').sql('SET GLOBAL read_only = OFF');
    }
  });

  test('never, where another server answers at the address', async () => {
    const name = 'source.rebuilt.lab.test';
    await stand.publish(name, { epoch: 1, source: 'b', uuid: '5b0c0d1e-0000-4000-8000-000000000000' });
    const pool = open(stand, name, { follow: { acquireTimeout: '500ms' } });
    await expect(pool.query(order, [403])).rejects.toMatchObject({ code: 'SOURCE_NOT_WRITABLE' });
    expect(await stand.orders('b', 403, 403)).toEqual([]);
  });

  test('after the first ledger is there', async () => {
    const name = 'source.later.lab.test';
    const pool = open(stand, name);
    const written = pool.query(order, [404]);
    await stand.publish(name, { epoch: 1, source: 'b' });
    await written;
    expect(await stand.orders('b', 404, 404)).toEqual([404]);
  });
});

describe('the way to the source', () => {
  test('is a host name where the name is a CNAME', async () => {
    const name = 'source.alias.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a', form: { type: 'cname', targets: ['localhost.'] } });
    const pool = open(stand, name);
    expect(await serverOf(stand, pool)).toBe('a');
    expect(pool.source.current?.address).toBe('localhost');
  });

  test('is verified by TLS with the certificate of the published name, before and after a move', async () => {
    const name = 'db9.example.com';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name, { pool: { ssl: { ca: forAnother.cert, verifyIdentity: true } } });
    expect(await serverOf(stand, pool)).toBe('a');
    const now = moved(pool.source);
    await stand.publish(name, { epoch: 2, source: 'b' });
    await now;
    expect(await serverOf(stand, pool)).toBe('b');
  });

  test('is refused by TLS where the certificate has another name', async () => {
    const name = 'source.certificate.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name, { pool: { ssl: { ca: forAnother.cert, verifyIdentity: true } } });
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'HANDSHAKE_SSL_ERROR' });
  });

  test('stays while no nameserver answers', async () => {
    const name = 'source.silent.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name);
    await pool.source.ready();
    const why = stale(pool.source);
    await stand.named.named.suspend();
    try {
      expect(await why).toContain('nameserver');
      expect(await serverOf(stand, pool)).toBe('a');
    } finally {
      stand.named.named.resume();
    }
  });
});

describe('the end of a pool', () => {
  test('lets the process exit by itself, also in the middle of a move', async () => {
    const name = 'source.end.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const given = JSON.stringify(optionsOf(stand, name));
    const program = execa(process.execPath, [join(import.meta.dirname, 'ends-by-itself.mjs'), given], {
      timeout: 60_000,
    });
    await once(program.stdout, 'data');
    await stand.publish(name, { epoch: 2, source: 'b' });
    expect((await program).stdout.split('\n')).toEqual(['ready', 'SOURCE_MOVED', 'ended', 'over']);
  });

  test('ends those who wait for a source that nobody knows', async () => {
    const pool = open(stand, 'source.nobody.lab.test');
    const ended = expect(pool.query('SELECT 1')).rejects.toThrow('Pool is closed');
    const unready = expect(pool.source.ready()).rejects.toMatchObject({ code: 'SOURCE_UNKNOWN' });
    await pool.end();
    await Promise.all([ended, unready]);
  });
});

describe('the old source', () => {
  test('hangs: its statements end when the name has moved, and those who wait get the new source', async () => {
    const name = 'source.hangs.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name);
    const held = [await pool.getConnection(), await pool.getConnection()];
    await stand.server('a').suspend();
    try {
      const statements = held.map((connection, index) => connection.query(order, [501 + index]));
      const outcomes = Promise.allSettled(statements);
      const waiter = pool.query(order, [503]);
      await stand.publish(name, { epoch: 2, source: 'b' });
      for (const outcome of await outcomes)
        expect(outcome).toMatchObject({
          status: 'rejected',
          reason: { code: 'SOURCE_MOVED', refused: false },
        });
      for (const connection of held) connection.release();
      await waiter;
    } finally {
      stand.server('a').resume();
    }
    // What was sent may still be executed there. It is sent to nobody else.
    expect(await stand.orders('b', 501, 503)).toEqual([503]);
  });

  test('hangs during a login: that ends with the move, too', async () => {
    const name = 'source.login.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    await stand.server('a').suspend();
    try {
      const pool = open(stand, name, { pool: { connectTimeout: 60_000 } });
      const written = pool.query(order, [504]);
      await pool.source.ready();
      await stand.publish(name, { epoch: 2, source: 'b' });
      await written;
    } finally {
      stand.server('a').resume();
    }
    expect(await stand.orders('b', 504, 504)).toEqual([504]);
    expect(await stand.orders('a', 504, 504)).toEqual([]);
  });

  test('is killed: an error for each connection that was in use, and the others wait for the new source', async () => {
    const name = 'source.killed.lab.test';
    await stand.publish(name, { epoch: 1, source: 'a' });
    const pool = open(stand, name);
    const held = [await pool.getConnection(), await pool.getConnection()];
    const statements = await Promise.all(held.map((connection) => busy(stand, connection, 'a')));
    const suspected = new Promise((resolve) => pool.source.once('suspect', resolve));
    await stand.server('a').kill9();
    for (const { ended } of statements)
      expect(await ended).toMatchObject({
        code: expect.stringMatching(/^(ECONNRESET|PROTOCOL_CONNECTION_LOST)$/),
      });
    for (const connection of held) connection.release();
    await suspected;
    const writes = Array.from({ length: 20 }, (_, index) => pool.query(order, [600 + index]));
    await stand.publish(name, { epoch: 2, source: 'b' });
    await Promise.all(writes);
    expect(await stand.orders('b', 600, 619)).toEqual(Array.from({ length: 20 }, (_, index) => 600 + index));
  });
});
