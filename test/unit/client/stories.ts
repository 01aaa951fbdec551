/** What a following pool promises, as stories: each rejects if a build breaks the promise. */

import { once } from 'node:events';
import { expect, vi } from 'vitest';
import { falseDns, ledgerOf } from '../../support/false-source.ts';
import type { Stage } from '../../support/following-pool.ts';

type Story = (stage: Stage) => Promise<void>;

const moved = (pool: { readonly source: object }) => once(pool.source as NodeJS.EventEmitter, 'moved');

/** A nameserver that is a day behind leads nobody back. */
export const laggingNameserver: Story = async (stage) => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(two, 7));
  dns.say(ledgerOf(one, 6), '192.0.2.2');
  const pool = stage.pool(dns, { nameservers: ['192.0.2.1', '192.0.2.2'] });
  await pool.query('SELECT 1');
  for (let round = 0; round < 5; round++) {
    const asked = dns.asked('192.0.2.2');
    await vi.waitFor(() => expect(dns.asked('192.0.2.2')).toBeGreaterThan(asked), 3_000);
    await pool.query(`INSERT ${round}`);
  }
  expect(one.accepted()).toBe(0);
  expect(two.statements).toHaveLength(6);
};

/** A transaction that met a read-only server gives its connection back: the next caller does not get it. */
export const demotedSource: Story = async (stage) => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns);
  const connection = await pool.getConnection();
  one.isReadOnly = true;
  await expect(connection.query('INSERT 1')).rejects.toMatchObject({ errno: 1290, refused: true });
  connection.release();
  const next = pool.getConnection();
  await vi.waitFor(() => expect(one.verified).toBeGreaterThan(1), 3_000);
  dns.say(ledgerOf(two, 2));
  await (await next).query('INSERT 2');
  expect(two.statements).toEqual(['INSERT 2']);
};

/** A statement on a source that hangs ends when the source has moved. */
export const hungSource: Story = async (stage) => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns);
  const busy = pool.query('SLEEP').then(
    () => 'answered',
    ({ code }) => code,
  );
  await vi.waitFor(() => expect(one.statements).toContain('SLEEP'), 3_000);
  one.hang();
  const move = moved(pool);
  dns.say(ledgerOf(two, 2));
  await move;
  await pool.query('SELECT 2');
  await pool.query('SELECT 3');
  expect(await Promise.race([busy, pool.query('SELECT 4').then(() => 'waits for ever')])).toBe(
    'SOURCE_MOVED',
  );
};

/** With `drain` a busy connection may go on, and ends as soon as it comes back; an idle one ends at once. */
export const drainedConnection: Story = async (stage) => {
  const [one, two] = [await stage.start(1), await stage.start(2)];
  const dns = falseDns(ledgerOf(one, 1));
  const pool = stage.pool(dns, { drain: '1m' });
  const [busy, idle] = [await pool.getConnection(), await pool.getConnection()];
  idle.release();
  const move = moved(pool);
  dns.say(ledgerOf(two, 2));
  await move;
  await vi.waitFor(() => expect(one.open()).toBe(1), 3_000);
  await busy.query('SELECT 1');
  busy.release();
  await vi.waitFor(() => expect(one.open()).toBe(0), 3_000);
  await pool.query('SELECT 2');
  expect([one.statements, two.statements]).toEqual([['SELECT 1'], ['SELECT 2']]);
};
