/** History entries as sentences. */

import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide/table.ts';
import { type Decision, sameDecision } from '../../../src/core/model/decision.ts';
import type { HistoryEntry, Move, NameserverTime } from '../../../src/core/model/events.ts';
import type { ServerId } from '../../../src/core/model/units.ts';
import { describeEntry } from '../../../src/daemon/entry-text.ts';
import { address, factsOf, fqdn, type Given, given, ledgerOf, seen, silent } from '../../support/given.ts';

const common = { at: '2026-11-22T11:30:00.100Z', cluster: 'shop', nameserver: 'ns1' };
const levelOf = (decision: Decision): string =>
  describeEntry({ ...common, kind: 'decision', decision }).level;
const decisionOf = (world: Given): Decision => decide(given(world));

test('a start is no warning: a hold until the first answers is information, and a later doubt is another decision', () => {
  const asking = decisionOf({ servers: { db1: undefined, db2: undefined, db3: undefined } });
  const few = decisionOf({ servers: { db1: seen(factsOf('db1')), db2: silent, db3: silent } });
  expect([asking.reason, few.reason]).toEqual(['minority-view', 'minority-view']);
  expect([levelOf(asking), levelOf(few)]).toEqual(['info', 'warn']);
  expect(sameDecision(asking, few)).toBe(false);
  const again = decisionOf({
    servers: { db1: undefined, db2: seen(factsOf('db2', { readOnly: true })) },
    ledger: ledgerOf('db1'),
  });
  expect([again.reason, levelOf(again)]).toEqual(['minority-view', 'info']);
});

test('an alarm and a failed update also say what to do', () => {
  const alarm = {
    code: 'update-refused',
    subject: 'ns1',
    sentence: 'ns1 refuses it.',
    hint: 'Grant it.',
  } as const;
  const failure = { code: 'update-refused', message: 'ns1 refuses it.', hint: 'Grant it.' };
  const entries: readonly HistoryEntry[] = [
    { ...common, kind: 'alarm', alarm, raised: true },
    { ...common, kind: 'update-failed', what: 'move', outcome: 'refused', failure },
  ];
  expect(entries.map((entry) => describeEntry(entry).sentence)).toEqual([
    'ns1 refuses it. Grant it.',
    'move: the update was refused: ns1 refuses it. Grant it.',
  ]);
});

test('a move names both servers; if they are the same, it is published again', () => {
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
  expect(
    [move(undefined, 'db1'), move('db1', 'db2'), move('db1', 'db1')].map(
      (entry) => describeEntry(entry).sentence,
    ),
  ).toEqual([
    'x.example. moved to db1:3306, epoch 7 (commanded): It was named.',
    'x.example. moved from db1:3306 to db2:3306, epoch 7 (commanded): It was named.',
    'x.example. is published again for db1:3306, epoch 7 (commanded): It was named.',
  ]);
});

describe('the progress of a move names every nameserver', () => {
  const entry = (nameservers: readonly NameserverTime[], among?: 'resolvers'): HistoryEntry => ({
    ...common,
    kind: 'propagated',
    epoch: 1,
    nameservers,
    complete: nameservers.length > 0 && nameservers.every(({ at }) => at !== undefined),
    ...(among ? { among } : {}),
  });
  const has = (nameserver: string): NameserverTime => ({ nameserver, at: common.at });
  const lacks = (nameserver: string): NameserverTime => ({ nameserver });

  test.each([
    [[has('ns1')], 'info', 'epoch 1 is answered by ns1'],
    [[has('ns1'), has('ns2')], 'info', 'epoch 1 is answered by ns1, ns2'],
    [[has('ns1'), lacks('ns2'), lacks('ns3')], 'warn', 'epoch 1 is answered by ns1, not yet by ns2, ns3'],
    [[lacks('ns2')], 'warn', 'epoch 1 is not yet answered by ns2'],
    [[], 'warn', 'epoch 1 is not known to be answered: no nameserver could be asked yet'],
  ] as const)('%j', (nameservers, level, sentence) => {
    expect(describeEntry(entry(nameservers))).toMatchObject({ level, sentence });
  });

  test('the sentence says that resolvers are meant, and cuts a long list', () => {
    expect(describeEntry(entry([has('192.0.2.7')], 'resolvers')).sentence).toBe(
      'resolvers: epoch 1 is answered by 192.0.2.7',
    );
    const many = Array.from({ length: 30 }, (_, index) => lacks(`ns${index}`));
    expect(describeEntry(entry(many)).sentence).toBe(
      'epoch 1 is not yet answered by ns0, ns1, ns2, ns3, ns4, ns5, ns6, ns7 and 22 more',
    );
  });
});

test('a lost race is no error; a refused update is one', () => {
  const failed = (code: string): HistoryEntry => ({
    ...common,
    kind: 'update-failed',
    what: 'move',
    outcome: 'refused',
    failure: { code, message: 'The zone is not as it was read. Nothing was changed.' },
  });
  expect(describeEntry(failed('prerequisite-failed'))).toEqual({
    level: 'info',
    code: 'prerequisite-failed',
    sentence: 'move: another instance was faster: The zone is not as it was read. Nothing was changed.',
  });
  expect(describeEntry(failed('recalled')).level).toBe('info');
  expect(describeEntry(failed('update-refused')).level).toBe('error');
});
