/** Reads the recorded and the damaged rows of MariaDB. */

import { describe, expect, test } from 'vitest';
import { contains, countGtids, formatGtidSet, subtract } from '../../../../src/core/gtid/gtid.ts';
import type { Channel } from '../../../../src/core/model/observation.ts';
import type { Answers } from '../../../../src/mysql/answer/query-set.ts';
import { parseVersion } from '../../../../src/mysql/answer/version.ts';
import { mariadb } from '../../../../src/mysql/flavour/mariadb.ts';
import { changed, factsOf, notesOf, readAnswers, recording, server } from '../../../support/recorded.ts';

describe.each([
  ['10.11', '10.11.18'],
  ['11.8', '11.8.6'],
])('rows of MariaDB %s', (series, version) => {
  const { origin, cases } = recording(`mariadb-${series}`);
  const set = mariadb(parseVersion(version)!);
  const answers = (name: string): Answers => cases[name]!;
  const facts = (name: string) => factsOf(set, answers(name));
  const channel = (recorded: Answers): Channel => factsOf(set, recorded).channels[0]!;
  const withChannel = (cells: Record<string, unknown>): Answers =>
    changed(answers('replica-on'), 'channels', cells);
  const failure = (recorded: Answers) => {
    const reading = readAnswers(set, recorded);
    return reading.kind === 'failed' ? reading.failure : undefined;
  };

  test('were recorded from a real server', () => expect(origin).toBe('run'));

  test('of a source', () => {
    const { gtidExecuted, positions, ...rest } = facts('source');
    expect(rest).toEqual({
      id: `mariadb:1@${server}`,
      flavour: 'mariadb',
      version: {
        major: Number(version.split('.')[0]),
        minor: Number(version.split('.')[1]),
        patch: expect.any(Number),
        text: expect.stringMatching(/MariaDB/),
      },
      session: 7,
      uptimeSeconds: 60,
      readOnly: false,
      superReadOnly: false,
      offlineMode: false,
      channels: [],
      serverId: 1,
    });
    expect(formatGtidSet(gtidExecuted!)).toMatch(/^0-1-\d+$/);
    expect(positions).toEqual({ replica: new Map(), current: gtidExecuted });
  });

  test('of a streaming replica: the first probe cannot know when it heard last', () => {
    expect(facts('replica-on')).toMatchObject({
      id: `mariadb:2@${server}`,
      readOnly: true,
      superReadOnly: false,
    });
    const { retrieved, ...rest } = channel(answers('replica-on'));
    expect(rest).toEqual({
      name: '',
      sourceServerId: 1,
      sourceAddress: expect.stringMatching(/^127\.0\.0\.21:\d+$/),
      user: 'repl',
      receiver: 'on',
      heartbeatMs: 200,
      applier: 'on',
      lagSeconds: 0,
      received: { file: 'binlog.000001', position: expect.any(Number) },
      applied: rest.received,
      autoFailover: false,
    });
    expect(retrieved).toEqual(facts('replica-on').gtidExecuted);
  });

  test('of a stopped replica with an errant transaction', () => {
    expect(channel(answers('replica-stopped-errant'))).toMatchObject({ receiver: 'off', applier: 'off' });
    const [own, theirs] = [facts('replica-stopped-errant').gtidExecuted!, facts('source').gtidExecuted!];
    expect([...subtract(own, theirs).keys()]).toEqual(['0-2']);
    expect(countGtids(subtract(own, theirs))).toBe(1);
  });

  test('of a replica that is late', () => {
    const late = channel(answers('replica-behind'));
    expect(late.lagSeconds).toBeGreaterThanOrEqual(1);
    expect(late.received!.position).toBeGreaterThan(late.applied!.position);
    expect(contains(late.retrieved!, facts('replica-behind').gtidExecuted!)).toBe(true);
  });

  test('of a replica with a silent source: the shown server_id may be of an earlier source', () => {
    for (const name of ['replica-connecting', 'replica-connecting-elsewhere']) {
      expect(answers(name)['channels']![0]!['Master_Server_Id']).toBe('1');
      expect(channel(answers(name))).toMatchObject({ receiver: 'connecting', applier: 'on' });
      for (const absent of ['sourceServerId', 'heardAgoMs', 'lagSeconds'] as const)
        expect(channel(answers(name))[absent]).toBeUndefined();
    }
    expect(channel(answers('replica-connecting')).applierError).toBeUndefined();
    expect(channel(answers('replica-connecting')).lastError).toMatch(
      /^error reconnecting to \w+ 'repl@127\.0\.0\.21/,
    );
  });

  test('of a replica with two channels', () => {
    const [first, second] = facts('replica-two-channels').channels;
    expect(first).toMatchObject({ name: '', receiver: 'on' });
    expect(second).toMatchObject({
      name: 'second',
      receiver: 'off',
      sourceAddress: 'db9.example.com:3306',
      heartbeatMs: 0,
    });
    for (const absent of ['sourceServerId', 'received', 'applied'] as const)
      expect(second?.[absent]).toBeUndefined();
  });

  test('of a promoted replica: its executed set has both servers of the domain', () => {
    const promoted = facts('promoted');
    expect(promoted).toMatchObject({ readOnly: false, channels: [] });
    expect([...promoted.gtidExecuted!.keys()].toSorted()).toEqual(['0-1', '0-2']);
  });

  test('an event between two probes counts as heard at the second probe, and ages from there', () => {
    let at = 1000;
    let notes = readAnswers(set, answers('replica-on'), at);
    const next = (cells: Record<string, unknown>): number | undefined => {
      at += 1000;
      notes = readAnswers(set, withChannel(cells), at, { notes: notesOf(notes) });
      return notes.kind === 'facts' ? notes.facts.channels[0]!.heardAgoMs : undefined;
    };
    expect(next({})).toBeUndefined();
    expect(next({ Slave_received_heartbeats: '99' })).toBe(0);
    expect(next({ Slave_received_heartbeats: '99' })).toBe(1000);
    expect(next({ Slave_received_heartbeats: '99', Read_Master_Log_Pos: '99999' })).toBe(0);
    // START REPLICA counts anew, and another address is another source: both are no sign of an event.
    expect(next({ Slave_IO_Running: 'Connecting' })).toBeUndefined();
    expect(next({})).toBeUndefined();
    expect(next({ Master_Port: '7', Slave_received_heartbeats: '100' })).toBeUndefined();
    expect(next({ Master_Port: '7', Slave_received_heartbeats: '101' })).toBe(0);
  });

  test('a reconnecting receiver keeps the server_id that was at this address', () => {
    let notes = readAnswers(set, answers('replica-on'));
    const next = (cells: Record<string, unknown>): number | undefined => {
      notes = readAnswers(set, withChannel(cells), 1, { notes: notesOf(notes) });
      return notes.kind === 'facts' ? notes.facts.channels[0]!.sourceServerId : undefined;
    };
    expect(next({ Slave_IO_Running: 'Connecting' })).toBe(1);
    expect(next({ Slave_IO_Running: 'No' })).toBe(1);
    expect(next({ Slave_IO_Running: 'Connecting', Master_Port: '7' })).toBeUndefined();
    expect(next({ Slave_IO_Running: 'Connecting' })).toBeUndefined();
    expect(next({ Slave_IO_Running: 'Yes', Master_Server_Id: '5' })).toBe(5);
  });

  test.each([
    ['0', false, false],
    ['OFF', false, false],
    ['1', true, false],
    ['ON', true, false],
    ['NO_LOCK', true, false],
    ['NO_LOCK_NO_ADMIN', true, true],
  ])('read_only = %s', (cell, readOnly, superReadOnly) => {
    expect(factsOf(set, changed(answers('source'), 'server', { read_only: cell }))).toMatchObject({
      readOnly,
      superReadOnly,
    });
  });

  test('without a binary log and a position the executed set is not known', () => {
    const none = { log_bin: '0', gtid_binlog_state: '', gtid_current_pos: '' };
    expect(factsOf(set, changed(answers('source'), 'server', none)).gtidExecuted).toBeUndefined();
    const replica = changed(answers('replica-on'), 'server', { ...none, gtid_replica_pos: '0-1-5' });
    // Its own writes leave no trace.
    expect(factsOf(set, replica).gtidExecuted).toBeUndefined();
    expect(formatGtidSet(factsOf(set, replica).gtidReplicated!)).toBe('0-1-5');
  });

  test('Preparing means connecting; without GTIDs only the coordinates show what was retrieved', () => {
    expect(channel(withChannel({ Slave_IO_Running: 'Preparing' })).receiver).toBe('connecting');
    const plain = channel(withChannel({ Using_Gtid: 'No', Gtid_IO_Pos: '' }));
    expect(plain.retrieved).toBeUndefined();
    expect(plain).toHaveProperty('received');
  });

  test('unexpected rows name the column', () => {
    for (const column of Object.keys(answers('source')['server']![0]!)) {
      expect(failure(changed(answers('source'), 'server', { [column]: undefined })), column).toMatchObject({
        code: 'rows-unexpected',
        message: expect.stringContaining(` ${column} `),
      });
    }
    for (const [column, cell] of Object.entries({
      Slave_IO_Running: 'Perhaps',
      Master_Port: '',
      Gtid_IO_Pos: 'x',
      Using_Gtid: 'Maybe',
      Last_IO_Errno: null,
    })) {
      expect(failure(withChannel({ [column]: cell }))?.message, column).toContain(
        `${server}: the column ${column} `,
      );
    }
    expect(failure({})?.code).toBe('rows-unexpected');
  });

  test('every recorded case is read', () => {
    for (const recorded of Object.values(cases)) factsOf(set, recorded);
  });
});

describe('the privilege, by version', () => {
  test.each([
    ['10.5.2', 'REPLICATION SLAVE ADMIN'],
    ['10.5.8', 'REPLICATION SLAVE ADMIN'],
    ['10.5.9', 'REPLICA MONITOR'],
    ['10.11.6', 'REPLICA MONITOR'],
    ['11.8.2', 'REPLICA MONITOR'],
  ])('%s: %s', (version, privilege) => {
    expect(mariadb(parseVersion(version)!).grants('x')).toEqual([`GRANT ${privilege} ON *.* TO x;`]);
  });
});
