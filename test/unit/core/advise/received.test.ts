/** What a server has received but not executed may be the last copy: no procedure deletes it unexecuted. */

import { describe, expect, test } from 'vitest';
import { notReplicatingAlarm } from '../../../../src/core/alarm/not-replicating.ts';
import { waitingOf } from '../../../../src/core/decide/waiting.ts';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import type { Channel, Coordinates } from '../../../../src/core/model/observation.ts';
import type { Procedure } from '../../../../src/core/model/procedure.ts';
import {
  address,
  channelFrom,
  factsOf,
  type Given,
  given,
  gtids,
  replicaOf,
  seen,
  uuid,
} from '../../../support/given.ts';
import { ask, back, dead, healthy, orphan, proceduresOf, told, toSource, without } from './asked.ts';

/** db3 still has its channel from the former source db1, and its applier was stopped by hand. */
const left = (received: string, over: Partial<Channel> = {}): Given =>
  without(back(), {
    db1: seen(factsOf('db1', { readOnly: true, superReadOnly: true })),
    db3: seen(
      replicaOf('db1', 'db3', {
        channels: [
          channelFrom('db1', { receiver: 'connecting', applier: 'off', retrieved: gtids(received), ...over }),
        ],
      }),
    ),
  });
const rejoin = { aim: 'rejoin', server: address('db3') } as const;

/** The first statement that deletes a relay log, and whether the applier ran before. */
function deletesUnexecuted(procedure: Procedure, server: string): boolean {
  const order = told(procedure).filter((each) => each.startsWith(`${server}:3306: `));
  const deletes = order.findIndex((each) => /: (?:CHANGE .*HOST|RESET REPLICA)/.test(each));
  const executes = order.findIndex((each) => /START REPLICA SQL_THREAD/.test(each));
  return deletes >= 0 && (executes < 0 || executes > deletes);
}

describe('rejoin', () => {
  test('refused while the server may have the last copy: the count, and what makes it execute them', () => {
    const advice = ask(left('db1:50-103'), rejoin);
    expect(advice).toMatchObject({ kind: 'refused', reason: 'received-not-executed' });
    const { sentence } = advice as { sentence: string };
    expect(sentence).toContain('has received 3 transactions from db1:3306 that it has not executed');
    expect(sentence).toContain('db2:3306 lacks 3 transactions of these');
    expect(sentence).toContain(
      `STOP REPLICA IO_THREAD; START REPLICA SQL_THREAD; SELECT WAIT_FOR_EXECUTED_GTID_SET('${uuid('db1')}:1-103', 60)`,
    );
    expect(sentence).not.toMatch(/CHANGE|RESET/);
  });

  test('the error of its applier is told first', () => {
    const { sentence } = ask(left('db1:50-103', { applierError: 'Duplicate entry' }), rejoin) as {
      sentence: string;
    };
    expect(sentence.indexOf('(Duplicate entry)')).toBeLessThan(sentence.indexOf('START REPLICA SQL_THREAD'));
  });

  test('executed, they are transactions of its own', () => {
    const world = without(left('db1:50-103'), {
      db3: seen(
        replicaOf('db1', 'db3', {
          gtidExecuted: gtids('db1:1-103'),
          channels: [channelFrom('db1', { receiver: 'off', retrieved: gtids('db1:50-103') })],
        }),
      ),
    });
    expect(proceduresOf(world, rejoin)[0]!.why).toContain('db3:3306 has 3 transactions that db2:3306 lacks');
  });

  test('the source has them: they are executed, counted again, and only then the channel is changed', () => {
    const world = without(left('db1:50-103'), {
      db2: seen(factsOf('db2', { gtidExecuted: gtids('db1:1-103,db2:1-5') })),
    });
    const [procedure] = proceduresOf(world, rejoin);
    expect(deletesUnexecuted(procedure!, 'db3')).toBe(false);
    expect(told(procedure!)).toContain(
      `db3:3306: SELECT WAIT_FOR_EXECUTED_GTID_SET('${uuid('db1')}:1-103', 60)`,
    );
    const compared = told(procedure!).find((each) => each.includes('AS is_known'));
    expect(compared).toContain(`GTID_SUBSET('${uuid('db1')}:1-103', @@GLOBAL.gtid_executed)`);
  });

  test('without GTIDs: the received and the applied place differ', () => {
    const place = (position: number): Coordinates => ({ file: 'binlog.000003', position });
    const bare = (facts: ReturnType<typeof factsOf>) => {
      const { gtidExecuted: _none, ...rest } = facts;
      return seen({ ...rest, gtidMode: 'OFF' });
    };
    const channels = [
      channelFrom('db1', { receiver: 'off', applier: 'off', received: place(900), applied: place(777) }),
    ];
    const world = without(left('db1:1'), {
      db2: bare(factsOf('db2')),
      db3: bare(replicaOf('db1', 'db3', { channels })),
    });
    expect(ask(world, rejoin)).toMatchObject({ kind: 'refused', reason: 'received-not-executed' });
  });

  test('the channel leads to the living source: START is enough, with the error of its applier first', () => {
    const channels = [
      channelFrom('db1', { applier: 'off', retrieved: gtids('db1:50-103'), applierError: 'Duplicate entry' }),
    ];
    const world = without(healthy, { db3: seen(replicaOf('db1', 'db3', { channels })) });
    const [procedure] = proceduresOf(world, rejoin);
    expect(told(procedure!).filter((each) => /: (?:STOP|START|CHANGE|RESET)/.test(each))).toEqual([
      'db3:3306: START REPLICA SQL_THREAD',
      'db3:3306: START REPLICA',
    ]);
    expect(procedure!.steps[1]!.say).toContain('(Duplicate entry)');
  });
});

test('MariaDB counts by domain what the appliers have not reached: Gtid_IO_Pos has one writer only', () => {
  const positions = {
    replica: parseMariadbGtids('0-2-105')!,
    current: parseMariadbGtids('0-2-105')!,
  };
  const gtidExecuted = parseMariadbGtids('0-1-100,0-2-105')!;
  const facts = factsOf('db3', { flavour: 'mariadb', gtidExecuted, positions });
  expect(waitingOf(facts, channelFrom('db1', { retrieved: parseMariadbGtids('0-1-108')! }))).toMatchObject({
    count: 3,
  });
});

describe('the other replicas', () => {
  const stopped = { applier: 'off', retrieved: gtids('db1:50-103') } as const;

  test('promote: a replica executes what it has received before it is attached', () => {
    const world = without(dead, { db2: orphan('db2', stopped), db3: orphan('db3', stopped) });
    const [promote] = proceduresOf(world);
    for (const server of ['db2', 'db3']) expect(deletesUnexecuted(promote!, server)).toBe(false);
  });

  test('promote: a replica with more than the new source is not attached', () => {
    const world = without(dead, { db2: orphan('db2'), db3: orphan('db3', stopped) });
    const [promote] = proceduresOf(world, { server: address('db2') });
    expect(told(promote!).join('\n')).not.toMatch(/db3:3306: (?:CHANGE|RESET)/);
    expect(told(promote!)).toContain('shell: source-dns advise shop --to rejoin --server db3:3306');
    expect(promote!.why).toContain('db3:3306 has executed or received more than db2:3306');
  });

  test('source: a stopped replica executes what it has received before it is attached', () => {
    const db3 = seen(replicaOf('db1', 'db3', { channels: [channelFrom('db1', stopped)] }));
    const [source] = proceduresOf(without(healthy, { db3 }), toSource);
    expect(deletesUnexecuted(source!, 'db3')).toBe(false);
  });

  test('remove: it executes what it has received before it is detached', () => {
    const db3 = seen(replicaOf('db1', 'db3', { channels: [channelFrom('db1', stopped)] }));
    const [remove] = proceduresOf(without(healthy, { db3 }), { aim: 'remove', server: address('db3') });
    expect(deletesUnexecuted(remove!, 'db3')).toBe(false);
  });

  test('MariaDB promote: a replica with a write of its own is not attached', () => {
    const facts = (name: string, executed: string) => ({
      flavour: 'mariadb' as const,
      version: { major: 11, minor: 8, patch: 2, text: '11.8.2-MariaDB' },
      serverId: Number(name.slice(2)),
      gtidExecuted: parseMariadbGtids(executed)!,
      positions: { replica: parseMariadbGtids('0-1-100')!, current: parseMariadbGtids(executed)! },
    });
    const none = { retrieved: parseMariadbGtids('0-1-100')! };
    const world = without(dead, {
      db2: orphan('db2', none, facts('db2', '0-1-100')),
      db3: orphan('db3', none, facts('db3', '0-1-100,0-3-101')),
    });
    const [promote] = proceduresOf(world, { server: address('db2') });
    expect(told(promote!).join('\n')).not.toMatch(/DEMOTE_TO_SLAVE|db3:3306: CHANGE/);
    expect(told(promote!)).toContain('shell: source-dns advise shop --to rejoin --server db3:3306');
  });
});

test('the alarm not-replicating proposes no CHANGE for a server with unexecuted transactions', () => {
  const world = left('db1:50-103');
  const situation = given({
    ...world,
    nowMs: 40_000,
    settings: { watch: { ...given(world).state.settings.watch, freshForMs: 60_000 } },
    publication: {
      ready: true,
      evidence: {
        line: new Set(['db1', 'db2', 'db3'].map(uuid)),
        wayless: new Map([[address('db3'), 0]]) as never,
        rejoins: new Map([
          [address('db3'), { source: uuid('db2'), rejoined: false, hidden: false, errant: 0 }],
        ]) as never,
      },
      decision: { kind: 'point-to', reason: 'steady', source: address('db2'), sentence: '' } as never,
    },
  });
  const db3 = situation.members.find((member) => member.address === address('db3'))!;
  const [alarm] = notReplicatingAlarm(situation, db3);
  expect(alarm!.sentence).toContain('It has received 3 transactions that it has not executed');
  expect(alarm!.sentence).toContain('START REPLICA SQL_THREAD');
  expect(alarm!.sentence).not.toContain('CHANGE');
});

describe('which error is told', () => {
  test("the receiver's error is not an error of an applier that was stopped by hand", () => {
    const over = { applier: 'off', lastError: "Can't connect" } as const;
    const [promote] = proceduresOf(without(dead, { db2: orphan('db2', over) }));
    expect(promote!.warnings.join()).not.toContain('stopped by an error');
  });
});
