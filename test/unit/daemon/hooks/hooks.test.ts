/** All hooks of a configuration: who is called, what a new configuration changes, and the end. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { HistoryEntry } from '../../../../src/core/model/events.ts';
import { describeEntry } from '../../../../src/daemon/entry-text.ts';
import { alarmOf, hookWorld, moveOf, script, urlHook } from '../../../support/hook-world.ts';
import { until } from '../../../support/small-world.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-hooks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const written = async (name: string): Promise<string> => {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim();
    if (performance.now() > deadline) throw new Error(`nobody wrote ${name}`);
  }
};

/** Says that it runs, and goes on. */
const endless = () => script(`echo $$ >> ${join(folder, 'up')}; sleep 1000`);

test('each hook of the list is called, and a bad one does not keep the others from it', async () => {
  const { hooks, record, records } = hookWorld({
    afterMove: [endless(), script('exit 1'), script('echo fine')],
  });
  hooks.take(moveOf());
  await record(2);
  expect(records.map(({ place, outcome }) => [place, outcome]).toSorted()).toEqual([
    ['after_move[1]', 'failed'],
    ['after_move[2]', 'done'],
  ]);
});

test('only our own moves and alarms call hooks: not the moves of others, and not what hooks answer', async () => {
  const { hooks, record, records } = hookWorld({
    afterMove: [script('exit 1')],
    onAlarm: [script('exit 1')],
  });
  const common = { at: moveOf().at, cluster: 'shop', nameserver: 'ns1' } as const;
  const { server: source, uuid } = moveOf().to;
  hooks.take({
    ...common,
    kind: 'moved-elsewhere',
    epoch: 8,
    source,
    uuid,
    by: 'watcher-2',
    why: 'failover',
  });
  hooks.take(alarmOf());
  hooks.take(await record());
  await hooks.finished(1000);
  expect(records).toHaveLength(1);
});

test('an alarm that gets worse calls nobody a second time; after its end, or with a new cluster, it does', async () => {
  const { hooks, records } = hookWorld({ onAlarm: [script('echo "$SOURCE_DNS_RAISED"')] });
  for (const raised of [true, true, false, false, true]) hooks.take(alarmOf('stale-source', raised));
  await until(() => records.length === 3);
  hooks.replace({
    instance: 'watcher-1',
    clusters: [],
    hooks: { afterMove: [], onAlarm: [script('echo new')] },
  });
  hooks.take(alarmOf());
  await until(() => records.length === 4);
  expect(records.map(({ output }) => output)).toEqual(['true', 'false', 'true', 'new']);
});

test('a record reads as a sentence, in the log and in the history', async () => {
  const { hooks, record } = hookWorld({
    afterMove: [script('echo no route; exit 7')],
    onAlarm: [script('true')],
  });
  hooks.take(moveOf());
  const failed = describeEntry(await record());
  for (const raised of [true, false]) hooks.take(alarmOf('stale-source', raised));
  const done = describeEntry(await record(3));
  expect([failed, done]).toEqual([
    {
      level: 'warn',
      code: 'hook-failed',
      sentence: 'after_move[0] /bin/sh for epoch 7: exit code 7; output: no route',
    },
    {
      level: 'info',
      code: 'hook-done',
      sentence: 'on_alarm[0] /bin/sh for alarm stale-source of db1:3306 is over: exit code 0',
    },
  ]);
});

test('a new configuration is for the next call: an unchanged hook keeps what waits, a removed one drops it', async () => {
  const kept = endless();
  const { hooks, record, records } = hookWorld({ afterMove: [script(`exec sleep 1001`), kept] });
  hooks.take(moveOf(1));
  hooks.take(moveOf(2));
  const first = Number(await written('up'));
  hooks.replace({
    instance: 'watcher-2',
    clusters: [],
    hooks: { afterMove: [kept, script('echo $SOURCE_DNS_INSTANCE')], onAlarm: [] },
  });
  hooks.take(moveOf(3));
  expect(await record()).toMatchObject({ place: 'after_move[1]', outcome: 'done', output: 'watcher-2' });
  process.kill(-first, 'SIGKILL');
  await until(() => records.some(({ about }) => about.kind === 'move' && about.epoch === 1));
  // The unchanged hook is at another place of the list now.
  expect(records[1]).toMatchObject({ place: 'after_move[0]', signal: 'SIGKILL' });
  await hooks.stop();
  const dropped = (): readonly string[] =>
    records.flatMap(({ outcome, sentence }) => (outcome === 'dropped' ? [sentence] : [])).toSorted();
  await until(() => dropped().length === 2);
  expect(dropped()).toEqual([
    '1 call was dropped, the last one for shop: the hook was changed or removed',
    // The second call of the other hook may have begun.
    expect.stringMatching(/^(?:1 call was|2 calls were) dropped, the last one for shop: source-dns stops$/),
  ]);
});

test('at the stop a running program has its time; then it is killed, and what waits is dropped', async () => {
  const { hooks, clock, records } = hookWorld({ afterMove: [endless()] }, { stopMs: 60_002 });
  hooks.take(moveOf(1));
  hooks.take(moveOf(2));
  const pid = Number(await written('up'));
  const stopped = hooks.stop();
  await until(() => clock.waits().includes(60_002));
  expect(() => process.kill(pid, 0)).not.toThrow();
  // The first long wait is the time-out of the program.
  expect(clock.waits()).toEqual([60_000, 60_002]);
  await clock.releaseLast();
  await stopped;
  expect(records.map(({ outcome, sentence }) => [outcome, sentence])).toEqual([
    ['failed', 'was killed because source-dns stops'],
    ['dropped', '1 call was dropped, the last one for shop: source-dns stops'],
  ]);
});

test('at the stop a URL that does not answer is broken off', async () => {
  let asked = 0;
  const server = createServer(() => {
    asked += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { hooks, records } = hookWorld({ onAlarm: [urlHook(`http://127.0.0.1:${port}/`)] });
  hooks.take(alarmOf());
  await until(() => asked === 1);
  await hooks.stop();
  expect(records).toMatchObject([{ outcome: 'failed', sentence: 'was broken off because source-dns stops' }]);
});

test('after each start there is a pause: a thousand moves at once do not stop the event loop', async () => {
  const { hooks, clock, record, records } = hookWorld(
    { afterMove: [script('true')] },
    { betweenStartsMs: 60_003 },
  );
  for (const cluster of ['shop', 'blog']) hooks.take(moveOf(1, { cluster }));
  await record();
  expect(clock.waits()).toEqual([expect.toSatisfy((ms: number) => ms > 60_000)]);
  expect(records).toHaveLength(1);
  await clock.release();
  expect((await record(2)).cluster).toBe('blog');
});

test('nothing is started within the call: what the move still needs comes first', () => {
  const { hooks } = hookWorld({ afterMove: [script(`echo > ${join(folder, 'up')}`)] });
  const entry: HistoryEntry = moveOf();
  const before = process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;
  hooks.take(entry);
  expect(process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap')).toHaveLength(before);
});
