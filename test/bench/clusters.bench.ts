/**
 * Measures a thousand clusters (`CLUSTERS=200` sets another number) in one zone of a real BIND: all
 * published, at rest, and all moved at once. Reports, and asserts no times.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/daemon/clock.ts';
import { openAt } from '../real/contract/bind-subject.ts';
import { clusterName, type ManyClusters, manyClusters } from '../support/many-clusters.ts';
import { startBind } from '../support/servers/bind-fixture.ts';

const count = Number(process.env['CLUSTERS'] ?? 1000);
/** Suspicion is over, and the reads are spread. */
const calmAfterMs = 15_000;
const restMs = 10_000;
const limitMs = 120_000;

test(`${count} clusters`, async () => {
  const bind = await startBind({ clusters: Array.from({ length: count }, (_, index) => clusterName(index)) });
  const client = await openAt(bind, { timeoutMs: 2000 });
  const clusters = manyClusters({ count, zone: `${bind.zone}.`, client });
  try {
    await measured('published', clusters, async () => {
      clusters.start();
      await clusters.awaitEpoch(1, limitMs);
    });
    await delay(calmAfterMs);
    await measured('at rest', clusters, () => delay(restMs));
    await measured('moved', clusters, async () => {
      clusters.switchAll();
      await clusters.awaitEpoch(2, limitMs);
    });
    expect(clusters.history.filter(({ kind }) => kind === 'move')).toHaveLength(2 * count);
  } finally {
    await clusters.stop();
    await client.close();
    await bind.stop();
  }
});

async function measured(what: string, clusters: ManyClusters, work: () => Promise<unknown>): Promise<void> {
  const [cpu, begin, before] = [process.cpuUsage(), systemClock.mono(), clusters.history.length];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  const ms = systemClock.mono() - begin;
  const kinds = new Map<string, number>();
  for (const entry of clusters.history.slice(before)) {
    const kind =
      entry.kind === 'update-failed'
        ? `failed ${entry.failure.code}`
        : entry.kind === 'alarm'
          ? entry.alarm.code
          : entry.kind;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const share = Math.round((user + system) / 10 / ms);
  const lines = [...kinds].map(([kind, times]) => `${times} ${kind}`).join(', ') || 'nothing';
  process.stdout.write(`${what.padEnd(10)} ${Math.round(ms)} ms, ${share} % of a core; recorded: ${lines}\n`);
}
