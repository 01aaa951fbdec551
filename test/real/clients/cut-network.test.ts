/**
 * The following pool when packets vanish: no socket ends, and the ledger alone says that the source has
 * moved.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { probeCapabilities } from '../chaos/capabilities.ts';
import { type Application, CutStand } from './cut-stand.ts';
import { waiting } from './pools.ts';
import type { Which } from './stand.ts';

const writers = 20;
const connections = 10;
const perWriter = 1_000_000;
/** Each test has numbers of its own. */
const perTest = writers * perWriter;
let first = 0;

/** Where a machine has no namespaces, somebody must confirm it with this variable. */
const mayBeAbsent = process.env['CHAOS_MAY_BE_ABSENT'] === '1';
const isAbsent = mayBeAbsent && typeof (await probeCapabilities()) === 'string';

describe.skipIf(isAbsent)('packets vanish', () => {
  let stand: CutStand;

  beforeAll(async () => {
    stand = await CutStand.start();
  });
  afterEach(async () => {
    for (const which of ['a', 'b', 'nameserver'] as const) await stand.mend(which);
    first += perTest;
  });
  afterAll(async () => {
    await stand?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  const said = ({ lines }: Application, line: string) =>
    vi.waitFor(() => expect(lines).toContain(line), waiting);
  const orders = (which: Which) => stand.orders(which, first, first + perTest - 1);
  const writersOf = (numbers: readonly number[]) =>
    new Set(numbers.map((n) => Math.floor((n - first) / perWriter))).size;

  /** Resolves when every writer has written to this server, later than the numbers before. */
  async function allWrite(which: Which, before: readonly number[] = []): Promise<void> {
    const known = new Set(before);
    await vi.waitFor(async () => {
      expect(writersOf((await orders(which)).filter((n) => !known.has(n)))).toBe(writers);
    }, waiting);
  }

  /** Every number is on one server at most, and once; what was acknowledged is there. */
  async function outcome({ lines }: Application) {
    const numbers = (kind: string) =>
      lines.flatMap((line) => (line.startsWith(`${kind} `) ? [Number(line.split(' ')[1])] : []));
    const [a, b] = [await orders('a'), await orders('b')];
    const all = [...a, ...b];
    expect(all.length).toBe(new Set(all).size);
    const there = new Set(all);
    expect(numbers('done').filter((n) => !there.has(n))).toEqual([]);
    const failed = new Set(numbers('failed'));
    // Nothing that failed was tried elsewhere.
    expect(b.filter((n) => failed.has(n))).toEqual([]);
    return { failed, failures: lines.filter((line) => line.startsWith('failed ')), a };
  }

  test('to the old source, after the logins: every writer goes on at the new one, and one statement a connection fails', async () => {
    await stand.publish('a');
    const application = stand.application({ writers, first });
    await allWrite('a');
    await stand.cut('a', 'both');
    await stand.publish('b');
    await allWrite('b');
    await application.end();
    const { failures } = await outcome(application);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(connections);
    for (const failure of failures) expect(failure).toMatch(/^failed \d+ SOURCE_MOVED false$/);
    expect(application.lines.at(-1)).toBe('over');
  });

  test('on their way back alone: what the old source has done, no other server gets', async () => {
    await stand.publish('a');
    const application = stand.application({ writers, first });
    await allWrite('a');
    await stand.cut('a', 'answers');
    await stand.publish('b');
    await allWrite('b');
    await application.end();
    const { failed, failures, a } = await outcome(application);
    expect(failures.length).toBeLessThanOrEqual(connections);
    expect(a.filter((n) => failed.has(n)).length).toBeGreaterThan(0);
  });

  test('during the logins: they end with the move', async () => {
    await stand.publish('a');
    await stand.cut('a', 'both');
    const application = stand.application({ writers, first });
    await said(application, 'known');
    await stand.publish('b');
    await allWrite('b');
    await application.end();
    expect((await outcome(application)).failures).toEqual([]);
  });

  test('to the nameserver, too: the writers move when it can be reached again', async () => {
    await stand.publish('a');
    const application = stand.application({ writers, first });
    await allWrite('a');
    await stand.cut('nameserver', 'both');
    await stand.cut('a', 'both');
    await stand.publish('b');
    await stand.mend('nameserver');
    await allWrite('b');
    await application.end();
    expect((await outcome(application)).failures.length).toBeLessThanOrEqual(connections);
  });

  test('for a moment, without a move: the same connections go on, and no statement fails', async () => {
    await stand.publish('a');
    const application = stand.application({ writers, first });
    await allWrite('a');
    await stand.cut('a', 'both');
    const before = await orders('a');
    await stand.mend('a');
    await allWrite('a', before);
    await application.end();
    const { failures } = await outcome(application);
    expect(failures).toEqual([]);
    expect(application.lines).not.toContain('moved');
  });

  test('under an idle pool that ends: nothing keeps the process, also without a move', async () => {
    await stand.publish('a');
    const application = stand.application({ writers: 0, first });
    await said(application, 'ready');
    await stand.cut('a', 'both');
    await application.end();
    expect(application.lines).toEqual(['known', 'ready', 'over']);
  });
});
