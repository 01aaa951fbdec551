import { expect, it } from 'vitest';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import { sameDecision } from '../../src/core/decision.ts';
import type { HistoryEntry, Move } from '../../src/core/events.ts';
import type { ServerId } from '../../src/core/units.ts';
import { describeEntry } from '../../src/daemon/entry-text.ts';
import { address, factsOf, fqdn, type Given, given, ledgerOf, seen, silent } from '../core/given.ts';

const common = { at: '2026-11-22T11:30:00.100Z', cluster: 'shop', nameserver: 'ns1' };
const levelOf = (decision: Decision): string => describeEntry({ ...common, kind: 'decision', decision }).level;
const decisionOf = (world: Given): Decision => decide(given(world));

it('a start is no warning: a hold that ends with the first answers is information, and the doubt that may come of it is another decision', () => {
  const asking = decisionOf({ servers: { db1: undefined, db2: undefined, db3: undefined } });
  const few = decisionOf({ servers: { db1: seen(factsOf('db1')), db2: silent, db3: silent } });
  expect([asking.reason, few.reason]).toEqual(['minority-view', 'minority-view']);
  expect([levelOf(asking), levelOf(few)]).toEqual(['info', 'warn']);
  expect(sameDecision(asking, few)).toBe(false);
  const again = decisionOf({ servers: { db1: undefined, db2: seen(factsOf('db2', { readOnly: true })) }, ledger: ledgerOf('db1') });
  expect([again.reason, levelOf(again)]).toEqual(['minority-view', 'info']);
});

it('an alarm and a failed update say what to do, too', () => {
  const alarm = { code: 'update-refused', subject: 'ns1', sentence: 'ns1 refuses it.', hint: 'Grant it.' } as const;
  const failure = { code: 'update-refused', message: 'ns1 refuses it.', hint: 'Grant it.' };
  const entries: readonly HistoryEntry[] = [
    { ...common, kind: 'alarm', alarm, raised: true },
    { ...common, kind: 'update-failed', what: 'move', outcome: 'refused', failure },
  ];
  expect(entries.map((entry) => describeEntry(entry).sentence)).toEqual([
    'ns1 refuses it.; Grant it.',
    'move: the update is refused: ns1 refuses it.; Grant it.',
  ]);
});

it('a move says from where to where, and of the same server that it is published anew', () => {
  const move = (from: string | undefined, to: string): HistoryEntry => {
    const server = (name: string) => ({ server: address(name), uuid: name as ServerId });
    const times = { seenAt: common.at, decidedAt: common.at, sentAt: common.at, appliedAt: common.at };
    const what: Omit<Move, 'from'> = {
      epoch: 7,
      to: server(to),
      reason: 'commanded',
      sentence: 'It was named.',
      name: fqdn('x.example.'),
      ...times,
    };
    return { ...common, kind: 'move', ...what, ...(from === undefined ? {} : { from: server(from) }) };
  };
  expect([move(undefined, 'db1'), move('db1', 'db2'), move('db1', 'db1')].map((entry) => describeEntry(entry).sentence)).toEqual([
    'x.example. moved to db1:3306, epoch 7 (commanded): It was named.',
    'x.example. moved from db1:3306 to db2:3306, epoch 7 (commanded): It was named.',
    'x.example. is published anew for db1:3306, epoch 7 (commanded): It was named.',
  ]);
});
