/** Reads the rows of MySQL 5.7 and of early versions of MySQL 8. */

import { describe, expect, test } from 'vitest';
import { formatGtidSet } from '../../../../src/core/gtid/gtid.ts';
import type { Answers } from '../../../../src/mysql/answer/query-set.ts';
import { mysql57 } from '../../../../src/mysql/flavour/mysql-5.7.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { changed, factsOf, notesOf, readAnswers, recording } from '../../../support/recorded.ts';

const [a, b] = ['3e11fa47-71ca-11e1-9e33-c80aa9429562', '4e11fa47-71ca-11e1-9e33-c80aa9429563'];

describe('rows of MySQL 5.7 (read, not run)', () => {
  const { origin, cases } = recording('mysql-5.7');
  const facts = (name: string) => factsOf(mysql57, cases[name]!);
  const channel = (name: string) => facts(name).channels[0]!;

  test('of a source', () => {
    expect(origin).toBe('read');
    expect(facts('source')).toMatchObject({
      id: a,
      flavour: 'mysql',
      version: { major: 5, minor: 7, patch: 44 },
      readOnly: false,
      channels: [],
    });
    expect(formatGtidSet(facts('source').gtidExecuted!)).toBe(`${a}:1-20`);
  });

  test('of a replica: a heartbeat, or a growing set, shows that something was heard', () => {
    expect(channel('replica-on')).toMatchObject({
      sourceId: a,
      receiver: 'on',
      heardAgoMs: 12_000,
      heartbeatMs: 30_000,
      lagSeconds: 0,
      autoFailover: false,
    });
    const first = readAnswers(mysql57, cases['replica-on']!, 1000);
    const busy = changed(cases['replica-on']!, 'server', { retrieved: `${a}:5-21` });
    const second = readAnswers(mysql57, busy, 2000, { notes: notesOf(first) });
    expect(second).toMatchObject({ kind: 'facts', facts: { channels: [{ heardAgoMs: 0 }] } });
  });

  test('of a replica that is behind: the lag is not known', () => {
    expect(channel('replica-behind').lagSeconds).toBeUndefined();
  });

  test('of a replica with a silent source', () => {
    expect(channel('replica-connecting')).toMatchObject({
      receiver: 'connecting',
      sourceId: a,
      lastError: expect.stringMatching(/^error connecting/),
    });
    expect(channel('replica-connecting').heardAgoMs).toBeUndefined();
  });

  test('of a replica without GTIDs: coordinates, and the lag that the server reports', () => {
    expect(facts('replica-without-gtids')).toMatchObject({
      binlogEnd: { file: 'binlog.000007', position: 4711 },
      channels: [
        {
          received: { file: 'binlog.000003', position: 1540 },
          applied: { file: 'binlog.000003', position: 1230 },
          lagSeconds: 4,
        },
      ],
    });
    expect(facts('replica-without-gtids').gtidExecuted).toBeUndefined();
  });

  test('of a replica without GTIDs that hides its coordinates: no lag is known either', () => {
    expect(facts('replica-without-gtids-and-rights').binlogEnd).toBeUndefined();
    for (const absent of ['received', 'applied', 'lagSeconds'] as const)
      expect(channel('replica-without-gtids-and-rights')[absent]).toBeUndefined();
  });

  test('of a member of a group', () => {
    expect(facts('group-primary').group).toMatchObject({
      singlePrimary: true,
      members: [
        { id: a, state: 'ONLINE', role: 'PRIMARY' },
        { id: b, state: 'ONLINE', role: 'SECONDARY' },
        { state: 'RECOVERING', role: '' },
      ],
    });
    expect(facts('group-primary').channels).toEqual([]);
  });
});

describe.each([
  ['8.0', { major: 8, minor: 0, patch: 21 }, false],
  ['8.4', { major: 8, minor: 4, patch: 3 }, false],
  ['26.1', { major: 26, minor: 1, patch: 0 }, true],
] as const)('rows of MySQL %s (read, not run)', (name, version, autoFailover) => {
  const { origin, cases } = recording(`mysql-${name}`);
  const facts = (recorded: string) => factsOf(mysql8, cases[recorded]!);

  test('of a source and of its replica', () => {
    expect(origin).toBe('read');
    expect(facts('source')).toMatchObject({ id: a, version, channels: [] });
    expect(facts('replica-on')).toMatchObject({
      id: b,
      readOnly: true,
      channels: [{ sourceId: a, receiver: 'on', lagSeconds: 0, autoFailover }],
    });
    expect(facts('replica-on').channels[0]!.heardAgoMs).toBeLessThan(1000);
  });

  test('of a replica with the Performance Schema off: the tables exist, but note no receiving time', () => {
    const answers: Answers = cases['replica-performance-schema-off']!;
    expect(factsOf(mysql8, answers).channels[0]).toMatchObject({
      sourceId: a,
      receiver: 'on',
      heardAgoMs: 510,
      lagSeconds: 0,
    });
    const first = readAnswers(mysql8, changed(answers, 'server', { heartbeat_age_us: '9000000' }), 1000);
    const busy = changed(answers, 'server', { heartbeat_age_us: '10000000', retrieved: `${a}:5-21` });
    const second = readAnswers(mysql8, busy, 2000, { notes: notesOf(first) });
    expect(second).toMatchObject({ kind: 'facts', facts: { channels: [{ heardAgoMs: 0 }] } });
  });

  test('of a replica without GTIDs, with the old and the new column names', () => {
    expect(facts('replica-without-gtids')).toMatchObject({
      binlogEnd: { file: 'binlog.000007', position: 4711 },
      channels: [{ received: { position: 1540 }, applied: { position: 1230 } }],
    });
  });

  test('of a secondary of a group', () => {
    expect(facts('group-secondary').group?.members).toEqual([
      { id: a, state: 'ONLINE', role: 'PRIMARY' },
      { id: b, state: 'ONLINE', role: 'SECONDARY' },
    ]);
  });
});
