/** A command that waited behind others is not begun when its client waits no longer. */

import { expect, test } from 'vitest';
import type { Command } from '../../../src/core/model/events.ts';
import type { WallMs } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import { address, at, ledgerOf, seen, factsOf, stateOf } from '../../support/given.ts';

const state = stateOf({ servers: { db1: seen(factsOf('db1')) }, ledger: ledgerOf('db1') });
const follow = (patienceMs: number): Command => ({
  kind: 'follow',
  server: address('db2'),
  force: true,
  dryRun: false,
  by: 'eve',
  notAfter: (at(10).wall + patienceMs) as WallMs,
});

test('it is answered at once, and the next one begins', () => {
  const late = step(state, { kind: 'command', id: 'a', command: follow(-1) }, at(10));
  expect(late.effects.find(({ kind }) => kind === 'reply')).toMatchObject({
    id: 'a',
    answer: { results: [{ kind: 'unreachable', code: 'too-late' }] },
  });
  expect(late.state.commands).toEqual([]);
  const good = step(state, { kind: 'command', id: 'b', command: follow(0) }, at(10));
  expect(good.state.commands).toMatchObject([{ id: 'b', since: at(10).mono }]);
  // Behind the first one, until nobody waits for the second one any more.
  const queued = step(good.state, { kind: 'command', id: 'c', command: follow(1000) }, at(11));
  const ended = step(queued.state, { kind: 'tick' }, at(60_000));
  const codes = ended.effects.flatMap((effect) =>
    effect.kind === 'reply' ? [[effect.id, effect.answer.results[0]?.code]] : [],
  );
  expect(codes).toContainEqual(['c', 'too-late']);
  expect(ended.state.commands).toEqual([]);
});
