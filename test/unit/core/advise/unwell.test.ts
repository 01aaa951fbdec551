/** States that are not well, and what nobody knows: advice names them before a statement can do harm. */

import { describe, expect, test } from 'vitest';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import {
  address,
  channelFrom,
  factsOf,
  gtids,
  refusing,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';
import { ask, back, dead, healthy, orphan, proceduresOf, told, toSource, was, without } from './asked.ts';

const errant = seen(replicaOf('db1', 'db3', { gtidExecuted: gtids('db1:1-100,db3:1-2') }));
const sentenceOf = (advice: ReturnType<typeof ask>): string =>
  advice.kind === 'procedures' ? '' : advice.sentence;

describe('without a wish', () => {
  test('a replica that takes writes is closed', () => {
    const world = without(healthy, {
      db3: seen(replicaOf('db1', 'db3', { readOnly: false, superReadOnly: false })),
    });
    expect(ask(world)).toMatchObject({ kind: 'procedures', aim: 'rejoin', server: 'db3:3306' });
    expect(told(proceduresOf(world)[0]!)[0]).toBe('db3:3306: SET GLOBAL super_read_only = ON');
  });

  test('a replica with transactions of its own is not well', () =>
    expect(ask(without(healthy, { db3: errant }))).toMatchObject({
      kind: 'procedures',
      aim: 'rejoin',
      server: 'db3:3306',
    }));

  test('a source in a ring, and a server that does not answer, are named', () => {
    const ring = seen(factsOf('db1', { channels: [channelFrom('db2')] }));
    expect(sentenceOf(ask(without(healthy, { db1: ring })))).toContain('a channel from db2:3306');
    expect(sentenceOf(ask(without(healthy, { db3: silent })))).toContain('the state of db3:3306');
  });

  test('nobody answers', () =>
    expect(ask(without(dead, { db2: silent, db3: silent }))).toMatchObject({
      kind: 'refused',
      reason: 'no-answer',
    }));
});

describe('a server that runs, and refuses our account', () => {
  const world = without(healthy, { db3: refusing });

  test('nobody knows whether it takes writes', () => {
    const said = proceduresOf(world, toSource)[0]!.preconditions.join('\n');
    expect(said).toContain('Nobody knows whether db3:3306 takes writes: it runs, and refuses our account.');
    expect(said).not.toContain('No other server takes writes');
  });

  test.each(['rejoin', 'remove'] as const)('%s: first the account is mended', (aim) => {
    const advice = ask(world, { aim, server: address('db3') });
    expect(advice).toMatchObject({ kind: 'refused', reason: 'server-silent' });
    expect(sentenceOf(advice)).toContain('First mend the account there');
    expect(sentenceOf(advice)).not.toContain('Start it read-only');
  });
});

test('a former source that takes writes is named before a switchover', () => {
  const world = {
    ...without(back(), { db3: seen(replicaOf('db2', 'db3', { gtidExecuted: gtids('db1:1-100,db2:1-5') })) }),
  };
  const [source] = proceduresOf(world, { aim: 'source', server: address('db3') });
  expect(source!.preconditions.join('\n')).toContain(
    `${was[0]!.address} TAKES WRITES, although it is a former source`,
  );
});

describe('remove', () => {
  const wish = { aim: 'remove', server: address('db3') } as const;

  test('transactions that no other server has are counted, and saved before its mysqld ends', () => {
    const [remove] = proceduresOf(without(healthy, { db3: errant }), wish);
    expect(remove!.why).toContain('IT HAS 2 TRANSACTIONS');
    const save = remove!.steps.findIndex(({ commands }) => commands.join().includes('mysqlbinlog'));
    const end = remove!.steps.findIndex(({ say }) => say.startsWith('End its mysqld'));
    expect([save >= 0, save < end]).toEqual([true, true]);
  });

  test('the others have all', () =>
    expect(proceduresOf(healthy, wish)[0]!.why).toContain('Other servers that answer have all'));

  test('a server that does not answer: nobody can count', () => {
    const [remove] = proceduresOf(without(healthy, { db3: silent }), wish);
    expect(remove!.why).toContain('nobody can tell');
    expect(remove!.steps[0]!.say).toContain('See that its mysqld has ended');
  });
});

describe('a channel from another system', () => {
  const etl = channelFrom('db9', { name: 'etl', sourceAddress: 'warehouse:3306' as ServerAddress });
  // Not connected since its address was changed: nobody can tell its source.
  const { sourceId: _unknown, ...connecting } = { ...etl, receiver: 'connecting' as const };

  test.each([
    ['identified', etl],
    ['not identified', connecting],
  ])('%s: promote and source leave it, and say so', (_, channel) => {
    const own = channelFrom('db1');
    const lost = channelFrom('db1', { receiver: 'connecting', retrieved: gtids('db1:50-100') });
    const [source] = proceduresOf(
      without(healthy, { db2: seen(replicaOf('db1', 'db2', { channels: [own, channel] })) }),
      toSource,
    );
    const [promote] = proceduresOf(without(dead, { db2: orphan('db2', {}, { channels: [lost, channel] }) }));
    const closed = factsOf('db1', {
      readOnly: true,
      superReadOnly: true,
      channels: [channel, channelFrom('db2', { receiver: 'off' })],
    });
    const [open] = proceduresOf(without(healthy, { db1: seen(closed) }), {
      aim: 'source',
      server: address('db1'),
    });
    for (const procedure of [source, promote, open]) {
      expect(told(procedure!).filter((each) => /(?:STOP|RESET).*'etl'/.test(each))).toEqual([]);
      expect(procedure!.warnings.join()).toContain("also has the channel 'etl' from warehouse:3306");
    }
  });
});

test('a member that comes back must not begin a second group', () => {
  const group = (state: 'ONLINE' | 'OFFLINE') => ({
    name: 'group',
    singlePrimary: true,
    members: [
      { id: uuid('db1'), state: 'ONLINE' as const, role: 'PRIMARY' as const },
      { id: uuid('db2'), state: 'ONLINE' as const, role: 'SECONDARY' as const },
    ].filter(() => state === 'ONLINE'),
  });
  const world = without(healthy, {
    db1: seen(factsOf('db1', { group: group('ONLINE') })),
    db2: seen(replicaOf('db1', 'db2', { channels: [], group: group('ONLINE') })),
    db3: seen(replicaOf('db1', 'db3', { channels: [], group: group('OFFLINE') })),
  });
  const order = told(proceduresOf(world, { aim: 'rejoin', server: address('db3') })[0]!);
  const at = (text: string) => order.indexOf(`db3:3306: ${text}`);
  expect(at('SELECT @@GLOBAL.group_replication_bootstrap_group')).toBeGreaterThan(-1);
  expect(at('SELECT @@GLOBAL.group_replication_bootstrap_group')).toBeLessThan(at('START GROUP_REPLICATION'));
});

test('MariaDB: its own transactions are saved before a rebuild', () => {
  const flavour = 'mariadb' as const;
  const own = { flavour, serverId: 1 };
  const world = without(back(own), {
    db2: seen(factsOf('db2', { flavour, serverId: 2, gtidExecuted: parseMariadbGtids('0-1-100,0-2-105')! })),
    db1: seen(factsOf('db1', { ...own, gtidExecuted: parseMariadbGtids('0-1-103')! })),
  });
  const [rebuild] = proceduresOf(world, { aim: 'rejoin', server: address('db1') });
  expect(told(rebuild!).join('\n')).toContain('mariadb-binlog --read-from-remote-server');
});
