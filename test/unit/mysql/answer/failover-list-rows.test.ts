/** Asks for the source lists of channels, and reads them. */

import { describe, expect, test } from 'vitest';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import type { Answer, Answers } from '../../../../src/mysql/answer/query-set.ts';
import { askStatements, noHabits } from '../../../../src/mysql/connection/ask.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { eachAlone } from '../../../support/ask-alone.ts';
import { changed, factsOf, recording } from '../../../support/recorded.ts';

const { origin, cases } = recording('mysql-9.7-failover-lists');
const recorded = (name: string): Answers => cases[name] ?? {};
const channelOf = (answers: Answers): ServerFacts['channels'][number] =>
  factsOf(mysql8, answers).channels[0]!;
const listOf = (answers: Answers) =>
  channelOf(answers).failoverSources?.map(({ address, weight, managed }) => [
    address.replace(/:.*/, ''),
    weight,
    managed,
  ]);

describe('recorded rows', () => {
  test('of a replica with a list, before and after it moved', () => {
    expect(origin).toBe('run');
    const list = [
      ['127.0.0.11', 80, undefined],
      ['127.0.0.12', 60, undefined],
    ];
    expect(listOf(recorded('replica-with-a-list'))).toEqual(list);
    expect(listOf(recorded('replica-that-moved'))).toEqual(list);
    const [before, after] = ['replica-with-a-list', 'replica-that-moved'].map((name) =>
      channelOf(recorded(name)),
    );
    expect(
      [before!.sourceAddress, after!.sourceAddress].map((address) => address.replace(/:.*/, '')),
    ).toEqual(['127.0.0.11', '127.0.0.12']);
    expect(after!.sourceId).not.toBe(before!.sourceId);
  });

  test('of a replica that follows a managed group', () => {
    const group = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';
    expect(listOf(recorded('replica-with-a-managed-group'))).toEqual([
      ['127.0.0.11', 80, undefined],
      ['127.0.0.12', 50, group],
    ]);
    expect(channelOf(recorded('replica-with-a-managed-group')).managedGroups).toEqual([
      { name: group, primaryWeight: 70, secondaryWeight: 50 },
    ]);
  });
});

describe('missing lists', () => {
  const answers = recorded('replica-with-a-list');

  test('of a channel that does not move itself: a leftover list does not count', () => {
    expect(channelOf(changed(answers, 'server', { auto_failover: '0' })).failoverSources).toBeUndefined();
  });

  test('of another channel; an empty list counts as seen', () => {
    expect(listOf(changed(answers, 'server', { channel: 'other' }))).toEqual([]);
    expect(listOf({ ...answers, failover: [] })).toEqual([]);
  });

  test('unreadable cells remove the list, not the server', () => {
    for (const cell of [{ weight: 'heavy' }, { port: null }, { managed: undefined }])
      expect(channelOf(changed(answers, 'failover', cell)).failoverSources).toBeUndefined();
    const group = changed(recorded('replica-with-a-managed-group'), 'failover-managed', {
      primary_weight: null,
    });
    expect(channelOf(group)).toMatchObject({ autoFailover: true });
    expect(channelOf(group).managedGroups).toBeUndefined();
  });
});

describe('the probe asks', () => {
  /** Asks like a probe; `answer` is the server. */
  async function asked(
    answer: (sql: string) => Answer,
  ): Promise<{ readonly sent: readonly string[]; readonly answers: Answers }> {
    const sent: string[] = [];
    const result = await askStatements(
      eachAlone((sql) => {
        sent.push(sql);
        return answer(sql);
      }),
      mysql8,
      noHabits(),
    );
    if (result.kind === 'error') throw result.error;
    return { sent, answers: result.answers };
  }
  const isServer = (sql: string) => sql.startsWith('SELECT @@server_uuid');
  const rows = (name: string, statement: string): Answer => ({
    kind: 'rows',
    rows: recorded(name)[statement] ?? [],
  });
  const error = (errno: number): Answer => ({ kind: 'error', error: { errno } });

  test('for no list where no channel moves itself', async () => {
    const server = changed(recorded('replica-with-a-list'), 'server', { auto_failover: '0' })['server']!;
    expect((await asked(() => ({ kind: 'rows', rows: server }))).sent).toHaveLength(1);
  });

  test('for the list, and for the groups only where the list has one', async () => {
    const ask = (name: string) =>
      asked((sql) =>
        isServer(sql)
          ? rows(name, 'server')
          : rows(name, sql.includes('_managed ') ? 'failover-managed' : 'failover'),
      );
    expect((await ask('replica-with-a-list')).sent).toHaveLength(2);
    expect((await ask('replica-with-a-managed-group')).sent).toHaveLength(3);
    expect(listOf((await ask('replica-with-a-managed-group')).answers)).toHaveLength(2);
  });

  test('8.0.22 without the column MANAGED_NAME', async () => {
    const answer = (sql: string): Answer => {
      if (isServer(sql)) return rows('replica-with-a-list', 'server');
      return sql.includes('MANAGED_NAME') ? error(1054) : rows('replica-with-a-list', 'failover');
    };
    const { sent, answers } = await asked(answer);
    expect(sent).toHaveLength(3);
    expect(listOf(answers)).toHaveLength(2);
  });

  test.each([1142, 1146])('without the list after error %i', async (errno) => {
    const { answers } = await asked((sql) =>
      isServer(sql) ? rows('replica-with-a-list', 'server') : error(errno),
    );
    expect(channelOf(answers)).toMatchObject({ autoFailover: true });
    expect(channelOf(answers).failoverSources).toBeUndefined();
  });
});
