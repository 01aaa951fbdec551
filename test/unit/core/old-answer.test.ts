/** Shows that an answer is no evidence if it waited in a stopped process, or began before a sleep. */

import { expect, test } from 'vitest';
import { lateAnswerMs } from '../../../src/core/model/limits.ts';
import type { WallMs } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import { address, at, factsOf, seen } from '../../support/given.ts';
import { rehearse } from '../../support/rehearsal.ts';

const db1 = address('db1');

/** What counts after an answer so long after its deadline. The wall clock jumps by so much. */
function taken(afterMs: number, jumpMs: number) {
  const cluster = rehearse(3, () => ({}));
  cluster.play(10_000);
  const { state } = cluster;
  const memory = state.servers.get(db1)!;
  const deadlineMs = state.clocks.mono + state.settings.watch.probeTimeoutMs;
  const asked = new Map(state.servers).set(db1, { ...memory, probing: at(deadlineMs).mono });
  const now = at(deadlineMs + afterMs);
  const probe = seen(factsOf('db1'));
  const event = { kind: 'observed', server: db1, probe } as const;
  const [after] = step({ ...state, servers: asked }, event, { ...now, wall: (now.wall + jumpMs) as WallMs });
  const latest = after.servers.get(db1)?.latest;
  return { isTaken: latest?.probe === probe, isKnown: latest !== undefined };
}

test('an answer counts until a moment after the deadline of its probe', () => {
  expect(taken(lateAnswerMs, 0)).toMatchObject({ isTaken: true });
});

const unknown = { isTaken: false, isKnown: false };

test('an answer that waited longer makes the server unknown', () => {
  expect(taken(lateAnswerMs + 1, 0)).toMatchObject(unknown);
});

test('an answer to a probe from before a sleep makes the server unknown', () => {
  expect(taken(-1, 60_000)).toMatchObject(unknown);
});
