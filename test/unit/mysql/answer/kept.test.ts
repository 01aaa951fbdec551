/** What need not be read again: the second reading of a connection says what a first reading would say. */

import { expect, test } from 'vitest';
import { Kept } from '../../../../src/mysql/answer/kept.ts';
import type { FactsReading, ProbeInput, QuerySet } from '../../../../src/mysql/answer/query-set.ts';
import { mariadb } from '../../../../src/mysql/flavour/mariadb.ts';
import { mysql57 } from '../../../../src/mysql/flavour/mysql-5.7.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { readAnswers, recording } from '../../../support/recorded.ts';

const flavours: readonly (readonly [string, QuerySet])[] = [
  ['mysql-5.7', mysql57],
  ['mysql-8.0', mysql8],
  ['mysql-9.7', mysql8],
  ['mysql-9.7-permissive', mysql8],
  ['mysql-9.7-failover-lists', mysql8],
  ['mariadb-10.11', mariadb({ major: 10, minor: 11, patch: 6, text: '10.11.6' })],
  ['mariadb-11.8', mariadb({ major: 11, minor: 8, patch: 2, text: '11.8.2' })],
];

/** Reads these answers in turn, as the probes of one connection; returns the last reading. */
function lastOf(set: QuerySet, all: readonly ProbeInput['answers'][], kept: () => Kept): FactsReading {
  let notes: ProbeInput['notes'] = new Map();
  let reading: FactsReading | undefined;
  for (const [index, answers] of all.entries()) {
    const now = kept();
    now.beginProbe();
    // Copies: as strings that come from the network anew.
    reading = readAnswers(set, structuredClone(answers), 1000 * index, { notes, kept: now });
    if (reading.kind === 'facts') notes = reading.notes;
  }
  if (reading === undefined) throw new Error('nothing was read');
  return reading;
}

test.each(flavours)('%s: each case after each other case, with one cell changed too', (name, set) => {
  const cases = Object.values(recording(name).cases);
  for (const before of cases) {
    for (const after of cases) {
      const kept = new Kept();
      const all = [before, after, after];
      expect(lastOf(set, all, () => kept)).toEqual(lastOf(set, all, () => new Kept()));
    }
    for (const [statement, rows] of Object.entries(before)) {
      for (const column of Object.keys(rows[0] ?? {})) {
        for (const cell of [null, '1', 'ON', '']) {
          const changed = { ...before, [statement]: [{ ...rows[0], [column]: cell }, ...rows.slice(1)] };
          const kept = new Kept();
          expect(lastOf(set, [before, changed], () => kept)).toEqual(
            lastOf(set, [before, changed], () => new Kept()),
          );
        }
      }
    }
  }
});

test.each(flavours)('%s: an unchanged text is the same GTID set', (name, set) => {
  for (const answers of Object.values(recording(name).cases)) {
    const kept = new Kept();
    const first = lastOf(set, [answers], () => kept);
    const second = lastOf(set, [answers], () => kept);
    if (first.kind === 'failed' || second.kind === 'failed') continue;
    expect(second.facts.gtidExecuted).toBe(first.facts.gtidExecuted);
    expect(second.facts.gtidReplicated).toBe(first.facts.gtidReplicated);
    for (const [index, channel] of first.facts.channels.entries())
      expect(second.facts.channels[index]?.retrieved).toBe(channel.retrieved);
  }
});

test('what was kept for the probe before the last one is forgotten', () => {
  const kept = new Kept();
  const cell = ['a'];
  const read = (): object => kept.of('name', cell, () => ({}));
  kept.beginProbe();
  const first = read();
  kept.beginProbe();
  expect(read()).toBe(first);
  kept.beginProbe();
  kept.beginProbe();
  expect(read()).not.toBe(first);
});
