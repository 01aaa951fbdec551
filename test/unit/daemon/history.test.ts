/** The history, in its file and in memory. */

import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Failure } from '../../../src/core/model/observation.ts';
import type { Fqdn, ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import {
  historyFile,
  openHistory,
  readHistory,
  recentLimit,
  rememberedFrom,
} from '../../../src/daemon/history.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-history-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = '2026-11-22T11:30:00.123Z';
const move = (epoch: number, cluster = 'shop', nameserver = 'ns1'): HistoryEntry => ({
  at,
  cluster,
  nameserver,
  kind: 'move',
  epoch,
  to: { server: `db${epoch}:3306` as ServerAddress, uuid: `uuid-${epoch}` as ServerId },
  reason: 'failover',
  sentence: 'It moved.',
  name: 'source.shop.db.example.com.' as Fqdn,
  seenAt: at,
  decidedAt: at,
  sentAt: at,
  appliedAt: at,
});
const written = (epoch: number): HistoryEntry => ({
  at,
  cluster: 'shop',
  nameserver: 'ns1',
  kind: 'written',
  what: 'repair',
  sentence: 'x',
  epoch,
});

function open(stateDir = folder, rotateAtBytes?: number) {
  const failures: (Failure | undefined)[] = [];
  const history = openHistory({
    stateDir,
    ...(rotateAtBytes === undefined ? {} : { rotateAtBytes }),
    onFailure: (failure) => failures.push(failure),
  });
  return { failures, history };
}

describe('the history', () => {
  test('survives a restart, and its files have the right modes', async () => {
    const stateDir = join(folder, 'deep', 'state');
    const first = await open(stateDir).history;
    for (const epoch of [1, 2]) first.append(move(epoch));
    await first.close();
    expect((await stat(stateDir)).mode & 0o777).toBe(0o750);
    expect((await stat(historyFile(stateDir))).mode & 0o777 & ~0o640).toBe(0);
    const second = await open(stateDir).history;
    expect(second.recent('shop')).toEqual([move(1), move(2)]);
    expect(second.recent('other')).toEqual([]);
    expect(second.remembered('shop')).toEqual([
      { nameserver: 'ns1', epoch: 2, source: 'db2:3306', uuid: 'uuid-2', at: Date.parse(at) },
    ]);
    await second.close();
  });

  test('ends a torn line, and reads the others', async () => {
    await writeFile(historyFile(folder), `${JSON.stringify(move(1))}\n{"at":"2026","clus`);
    const { history, failures } = open();
    (await history).append(move(2));
    await (await history).close();
    const read = await readHistory(folder);
    expect(read.entries).toEqual([move(1), move(2)]);
    expect(read.broken).toBe(1);
    expect(failures).toEqual([]);
  });

  test('ignores a line with the wrong shape', async () => {
    const lines = [
      'null',
      '[]',
      '"x"',
      '{}',
      JSON.stringify({ ...move(1), to: null }),
      JSON.stringify({ ...move(1), epoch: 'x' }),
      JSON.stringify({ ...move(1), kind: 'constructor' }),
    ];
    await writeFile(historyFile(folder), `${lines.join('\n')}\n`);
    expect(await readHistory(folder)).toEqual({ entries: [], broken: lines.length });
  });

  test('is bounded: it rotates once, and copies what must be remembered', async () => {
    const limit = 4000;
    const history = await open(folder, limit).history;
    history.append(move(7, 'quiet'));
    for (let epoch = 1; epoch <= 100; epoch++) {
      history.append(written(epoch));
      // Each entry in its own write.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await history.close();
    for (const file of [historyFile(folder), `${historyFile(folder)}.1`])
      expect((await stat(file)).size).toBeLessThan(2 * limit);
    const read = await readHistory(folder);
    expect(rememberedFrom(read.entries, 'quiet')).toMatchObject([{ epoch: 7, source: 'db7:3306' }]);
    expect(read.entries.filter((entry) => entry.cluster === 'quiet')).toHaveLength(1);
    expect(read.entries.at(-1)).toEqual(written(100));
  });

  test('remembers the highest epoch of each nameserver, including moves by others', async () => {
    const elsewhere: HistoryEntry = {
      at,
      cluster: 'shop',
      nameserver: 'ns2',
      kind: 'moved-elsewhere',
      epoch: 9,
      source: 'db9:3306' as ServerAddress,
      uuid: 'uuid-9' as ServerId,
      by: 'b',
      why: 'failover',
    };
    const remembered = rememberedFrom(
      [move(3), move(2), move(5, 'other'), move(1, 'shop', 'ns2'), elsewhere],
      'shop',
    );
    expect(remembered).toMatchObject([
      { nameserver: 'ns1', epoch: 3, uuid: 'uuid-3' },
      { nameserver: 'ns2', epoch: 9, source: 'db9:3306', uuid: 'uuid-9' },
    ]);
  });

  test('keeps the newest entries in memory, and reports a failing disk once', async () => {
    // A file in place of the folder: it can neither be created nor written.
    const stateDir = join(folder, 'file');
    await appendFile(stateDir, '');
    const { history, failures } = open(stateDir);
    const opened = await history;
    for (let epoch = 1; epoch <= recentLimit + 5; epoch++) opened.append(move(epoch));
    await opened.close();
    expect(opened.recent('shop')).toHaveLength(recentLimit);
    expect(opened.recent('shop').at(-1)).toEqual(move(recentLimit + 5));
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ code: expect.stringMatching(/^history-un/) });
  });

  test('reports when it can be written again', async () => {
    const { history, failures } = open();
    const opened = await history;
    await rm(folder, { recursive: true });
    await writeFile(folder, '');
    opened.append(move(1));
    await until(() => failures.length === 1);
    await rm(folder);
    await (await open(folder).history).close();
    opened.append(move(2));
    await opened.close();
    expect(failures.map((failure) => failure?.code)).toEqual(['history-unwritable', undefined]);
    expect(await readFile(historyFile(folder), 'utf8')).toBe(`${JSON.stringify(move(2))}\n`);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen within 5 s');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
