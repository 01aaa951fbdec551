/** A command that waited behind others is not begun when its client waits no longer. */

import { expect, test } from 'vitest';
import type { Command, Effect } from '../../../src/core/model/events.ts';
import type { WallMs } from '../../../src/core/model/units.ts';
import { step } from '../../../src/core/step.ts';
import { address, at, factsOf, ledgerOf, seen, stateOf } from '../../support/given.ts';

const state = stateOf({ servers: { db1: seen(factsOf('db1')) }, ledger: ledgerOf('db1') });
const follow = (patienceMs: number): Command => ({
  kind: 'follow',
  server: address('db2'),
  force: true,
  dryRun: false,
  by: 'eve',
  notAfter: (at(10).wall + patienceMs) as WallMs,
});

const codesOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'reply' ? [[effect.id, effect.answer.results[0]?.code]] : []));

test('it is answered at once, and the next one begins', () => {
  const [none, answers] = step(state, { kind: 'command', id: 'a', command: follow(-1) }, at(10));
  expect(codesOf(answers)).toEqual([['a', 'too-late']]);
  expect(none.commands).toEqual([]);
  const [begun] = step(state, { kind: 'command', id: 'b', command: follow(0) }, at(10));
  expect(begun.commands).toMatchObject([{ id: 'b', since: at(10).mono }]);
  // Behind the first one, until nobody waits for the second one any more.
  const [queued] = step(begun, { kind: 'command', id: 'c', command: follow(1000) }, at(11));
  const [ended, effects] = step(queued, { kind: 'tick' }, at(60_000));
  expect(codesOf(effects)).toContainEqual(['c', 'too-late']);
  expect(ended.commands).toEqual([]);
});
