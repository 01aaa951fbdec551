/** Reads the recorded and the damaged rows of MySQL 8 and later. */

import { describe, expect, test } from 'vitest';
import { formatGtidSet } from '../../../../src/core/gtid/gtid.ts';
import type { Channel, ServerFacts } from '../../../../src/core/model/observation.ts';
import { hasGroup } from '../../../../src/mysql/answer/group-rows.ts';
import type { Answers } from '../../../../src/mysql/answer/query-set.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import {
  changed as changedAnswers,
  readAnswers,
  factsOf as readFacts,
  recording,
  server,
} from '../../../support/recorded.ts';

const { cases } = recording('mysql-9.7');
const recorded = (name: string): Answers => cases[name] ?? {};
const factsOf = (answers: Answers): ServerFacts => readFacts(mysql8, answers);

/** The recorded rows with other cells in the first row; undefined removes the column. */
const changed = (name: string, cells: Record<string, unknown>): Answers =>
  changedAnswers(recorded(name), 'server', cells);

function failureOf(rows: Answers): { code: string; message: string } {
  const reading = readAnswers(mysql8, rows);
  if (reading.kind === 'facts') throw new Error('facts, but a failure was expected');
  return reading.failure;
}

const channelOf = (rows: Answers): Channel => {
  const [channel] = factsOf(rows).channels;
  if (!channel) throw new Error('no channel');
  return channel;
};
const sourceUuid = recorded('source')['server']![0]!['server_uuid'] as string;

describe('recorded rows', () => {
  test('of a source', () => {
    const { gtidExecuted, ...facts } = factsOf(recorded('source'));
    expect(facts).toEqual({
      id: sourceUuid,
      flavour: 'mysql',
      version: { major: 9, minor: 7, patch: 4, text: '9.7.4-2' },
      session: 7,
      uptimeSeconds: 60,
      readOnly: false,
      superReadOnly: false,
      offlineMode: false,
      gtidMode: 'ON',
      channels: [],
    });
    expect(formatGtidSet(gtidExecuted!)).toBe(`${sourceUuid}:1-20`);
  });

  test('of a replica that streams', () => {
    const facts = factsOf(recorded('replica-on'));
    expect(facts).toMatchObject({ readOnly: true, superReadOnly: true });
    expect(facts.channels).toEqual([
      {
        name: '',
        sourceId: sourceUuid,
        sourceAddress: '127.0.0.21:13399',
        receiver: 'on',
        heardAgoMs: expect.any(Number),
        heartbeatMs: 1000,
        applier: 'on',
        lagSeconds: 0,
        retrieved: new Map([[sourceUuid, [[20, 20]]]]),
        autoFailover: false,
      },
    ]);
    expect(facts.channels[0]!.heardAgoMs).toBeLessThan(1100);
  });

  test('of a stopped replica: no lag is known', () => {
    const channel = channelOf(recorded('replica-stopped'));
    expect(channel).toMatchObject({ receiver: 'off', applier: 'off', sourceId: sourceUuid });
    expect(channel.lagSeconds).toBeUndefined();
  });

  test('of a replica that tells its account: it is no secret; the password is not asked for', () => {
    expect(channelOf(changed('replica-on', { source_user: 'repl' })).user).toBe('repl');
    expect(channelOf(changed('replica-on', { source_user: '' })).user).toBeUndefined();
  });

  test('of a replica with a silent new source: no identity, nothing heard, no known lag', () => {
    const channel = channelOf(recorded('replica-connecting-new'));
    expect(channel).toMatchObject({
      receiver: 'connecting',
      applier: 'on',
      sourceAddress: '127.0.0.21:13390',
    });
    expect(channel.lastError).toMatch(/^Error connecting to source 'repl@127\.0\.0\.21:13390'/);
    expect(channel.applierError).toBeUndefined();
    for (const absent of ['sourceId', 'heardAgoMs', 'lagSeconds'] as const)
      expect(channel[absent]).toBeUndefined();
  });

  test('of a replica that tries its other sources: the shown UUID is of the last source, and does not count', () => {
    const trying = { receiver: 'CONNECTING', source_host: '127.0.0.23' };
    expect(channelOf(changed('replica-on', { ...trying, auto_failover: '1' })).sourceId).toBeUndefined();
    expect(channelOf(changed('replica-on', { ...trying, auto_failover: '0' })).sourceId).toBe(sourceUuid);
    expect(channelOf(changed('replica-on', { auto_failover: '1' })).sourceId).toBe(sourceUuid);
  });

  test('of a late replica: the lag is by the transaction being applied', () => {
    expect(channelOf(recorded('replica-behind')).lagSeconds).toBeCloseTo(1.3, 1);
  });

  test('of a delayed replica: the lag is by the oldest waiting transaction', () => {
    expect(channelOf(recorded('replica-delayed'))).toMatchObject({
      lagSeconds: 2,
      delaySeconds: expect.any(Number),
    });
  });

  test("of a replica whose applier was stopped by hand: the receiver's error is not the applier's", () => {
    const channel = channelOf(changed('replica-connecting-new', { applier: 'OFF' }));
    expect(channel.lastError).toMatch(/^Error connecting to source/);
    expect(channel.applierError).toBeUndefined();
  });

  test('of a replica with a failed applier: the worker names the error', () => {
    const channel = channelOf(recorded('replica-applier-error'));
    expect(channel).toMatchObject({ receiver: 'on', applier: 'off' });
    expect(channel.lastError).toMatch(/^Worker 1 failed executing transaction .* Duplicate entry '103'/);
    expect(channel.applierError).toBe(channel.lastError);
    expect(channel.lastError!.length).toBeLessThanOrEqual(200);
    expect(channel.lagSeconds).toBeUndefined();
  });

  test('of a replica of two sources', () => {
    const [first, second] = factsOf(recorded('replica-two-channels')).channels;
    expect(first).toMatchObject({ name: '', receiver: 'on', autoFailover: false });
    expect(second).toMatchObject({
      name: 'second',
      receiver: 'off',
      autoFailover: true,
      sourceAddress: '[::1]:3306',
    });
  });

  test('of a group member: the channels of the group are no replication channels', () => {
    const rows = recorded('group-primary');
    expect(hasGroup(rows)).toBe(true);
    expect(rows['server']!.map((row) => row['channel'])).toContain('group_replication_applier');
    expect(factsOf(rows)).toMatchObject({
      channels: [],
      group: {
        name: 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa',
        singlePrimary: true,
        members: [{ id: sourceUuid, state: 'ONLINE', role: 'PRIMARY' }],
        lagSeconds: 0,
      },
    });
  });

  test('of a member behind its group: the lag is by its oldest unapplied transaction', () => {
    const rows = recorded('group-primary');
    const late = { retrieved: `${sourceUuid}:1-30`, applying_commit_age_us: '2500000' };
    const server = rows['server']!.map((row) =>
      row['channel'] === 'group_replication_applier' ? { ...row, ...late } : row,
    );
    expect(factsOf({ ...rows, server }).group?.lagSeconds).toBe(2.5);
    const odd = server.map((row) => ({
      ...row,
      retrieved: row['channel'] === 'group_replication_applier' ? null : row['retrieved'],
    }));
    expect(factsOf({ ...rows, server: odd }).group).not.toHaveProperty('lagSeconds');
  });

  test('of a server with the plugin but no group, and of a server that left its group', () => {
    expect(factsOf(recorded('group-loaded')).group).toBeUndefined();
    expect(factsOf(recorded('group-stopped')).group?.members).toEqual([
      { id: sourceUuid, state: 'OFFLINE', role: '' },
    ]);
  });
});

describe('cells', () => {
  test('heard: the newest of heartbeat, queued and queueing; never in the future', () => {
    const ages = (heartbeat: string | null, queued: string | null, queueing: string | null) =>
      channelOf(
        changed('replica-on', {
          heartbeat_age_us: heartbeat,
          queued_age_us: queued,
          queueing_age_us: queueing,
        }),
      ).heardAgoMs;
    expect(ages('5000000', '3000', null)).toBe(3);
    expect(ages('5000000', '3000000', '2000')).toBe(2);
    expect(ages('-400', null, null)).toBe(0);
    expect(ages(null, null, null)).toBeUndefined();
  });

  test('lag: a lower bound while nothing is being applied; absent when unknown; never negative', () => {
    const behind = { retrieved: `${sourceUuid}:21-99` };
    const lag = (cells: Record<string, unknown>) =>
      channelOf(changed('replica-on', { ...behind, ...cells })).lagSeconds;
    expect(lag({ applying_commit_age_us: null, queued_commit_age_us: '2500000' })).toBe(2.5);
    expect(lag({ applying_commit_age_us: null, queued_commit_age_us: null })).toBeUndefined();
    expect(lag({ applying_commit_age_us: '-1000', queued_commit_age_us: '0' })).toBe(0);
    expect(lag({ applying_commit_age_us: '1000000', processing_commit_age_us: '9000000' })).toBe(9);
    expect(lag({ receiver: 'CONNECTING', applying_commit_age_us: '1000000' })).toBe(1);
    expect(lag({ retrieved: '', receiver: 'CONNECTING' })).toBeUndefined();
  });

  test('without GTIDs there is no executed set, and a busy applier gives the lag', () => {
    const off = { gtid_mode: 'OFF', gtid_executed: '', retrieved: '' };
    expect(factsOf(changed('replica-on', off)).gtidExecuted).toBeUndefined();
    expect(channelOf(changed('replica-on', off)).retrieved).toBeUndefined();
    expect(channelOf(changed('replica-on', off)).lagSeconds).toBe(0);
    expect(channelOf(changed('replica-on', { ...off, applying_commit_age_us: '4000000' })).lagSeconds).toBe(
      4,
    );
  });

  test('host names and UUIDs become lower case', () => {
    expect(channelOf(changed('replica-on', { source_host: 'DB9.Example.COM' })).sourceAddress).toBe(
      'db9.example.com:13399',
    );
    expect(factsOf(changed('source', { server_uuid: sourceUuid.toUpperCase() })).id).toBe(sourceUuid);
  });

  test("a server's words become one bounded line", () => {
    const { lastError } = channelOf(
      changed('replica-on', { receiver_errno: '2003', receiver_error: `a\u001b[31m\n\tb${'x'.repeat(500)}` }),
    );
    expect(lastError).toMatch(/^a \[31m bx+…$/);
    expect(lastError).toHaveLength(200);
  });
});

describe('unexpected rows', () => {
  test('name the column, for every column that is missing or odd', () => {
    for (const name of ['source', 'replica-on']) {
      for (const column of Object.keys(recorded(name)['server']![0]!)) {
        // The row of a source has NULL in every column of a channel; only the first one is read.
        if (name === 'source' && recorded(name)['server']![0]![column] === null && column !== 'channel')
          continue;
        for (const cell of [undefined, 42]) {
          expect(failureOf(changed(name, { [column]: cell })), `${name} ${column}`).toMatchObject({
            code: 'rows-unexpected',
            message: expect.stringContaining(` ${column} `),
          });
        }
      }
    }
  });

  test.each([
    ['server_uuid', ''],
    ['server_uuid', 'x'],
    ['version', 'nine'],
    ['version', '9.7'],
    ['read_only', 'ON'],
    ['gtid_mode', 'MAYBE'],
    ['gtid_executed', 'garbage'],
    ['source_uuid', 'garbage'],
    ['source_port', 'x'],
    ['receiver', 'PERHAPS'],
    ['heartbeat_s', ''],
    ['heartbeat_age_us', 'NaN'],
    ['retrieved', ':'],
  ])('%s = %j', (column, cell) => {
    expect(failureOf(changed('replica-on', { [column]: cell })).message).toContain(
      `${server}: the column ${column} `,
    );
  });

  test('name a column where there is no row, or too many rows', () => {
    expect(failureOf({ server: [] }).code).toBe('rows-unexpected');
    expect(
      failureOf({ server: Array.from({ length: 301 }, () => recorded('source')['server']![0]!) }).code,
    ).toBe('rows-unexpected');
  });

  test('name the column of a group', () => {
    const rows = recorded('group-primary');
    const odd = rows['group']!.map((row) => ({ ...row, member_state: 'WELL' }));
    expect(failureOf({ ...rows, group: odd }).message).toContain(' member_state ');
    expect(factsOf({ ...rows, group: [] }).group).toBeUndefined();
  });

  test('every recorded case is read', () => {
    for (const answers of Object.values(cases)) factsOf(answers);
  });
});
