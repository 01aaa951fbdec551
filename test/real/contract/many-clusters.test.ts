/**
 * Publishes a thousand clusters in one zone of a real BIND through one zone client: all are published, all
 * move at once, no cluster fails, and no cluster waits for ever.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/daemon/clock.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { clusterName, manyClusters } from '../../support/many-clusters.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { openAt } from './bind-subject.ts';

const count = 1000;
/** Much longer than the test takes (seconds), for a busy machine with a slow disk. */
const deadlineMs = 100_000;
const readMs = 60_000;

let bind: BindFixture;
beforeAll(async () => {
  bind = await startBind({ clusters: Array.from({ length: count }, (_, index) => clusterName(index)) });
});
afterAll(async () => {
  await bind.stop();
  expect(livingProcesses()).toEqual([]);
});

test(
  `${count} clusters are published at once, then all move at once: each once, in order, everywhere`,
  async () => {
    const client = await openAt(bind);
    const clusters = manyClusters({ count, zone: `${bind.zone}.`, client });
    try {
      clusters.start();
      await clusters.awaitEpoch(1, deadlineMs);
      clusters.switchAll();
      await clusters.awaitEpoch(2, deadlineMs);
      const moves = clusters.history.filter((entry) => entry.kind === 'move');
      expect(moves).toHaveLength(2 * count);
      for (const epoch of [1, 2])
        expect(new Set(moves.filter((move) => move.epoch === epoch).map(({ cluster }) => cluster)).size).toBe(
          count,
        );
      // An update that waited longer than its evidence is fresh was decided again: that is no failure. Any
      // other failure counts.
      const failures = clusters.history.flatMap((entry) =>
        entry.kind === 'update-failed' ? [entry.failure.code] : [],
      );
      expect(failures.filter((code) => code !== 'expired')).toEqual([]);
      const reading = await client.read({
        questions: [{ name: `source.${clusterName(count - 1)}.${bind.zone}.` as never, type: 'A' }],
        deadline: (systemClock.mono() + readMs) as never,
      });
      expect(reading).toMatchObject({ kind: 'read', rrsets: [{ rdata: ['192.0.2.2'] }] });
    } finally {
      await clusters.stop();
      await client.close();
    }
    // Longer than all deadlines inside: a deadline that passes says what was missing.
  },
  2 * deadlineMs + 2 * readMs,
);
