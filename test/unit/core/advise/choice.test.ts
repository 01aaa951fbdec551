/** Shows which procedure is chosen, and when none is: it would be dangerous. */

import { describe, expect, test } from 'vitest';
import type { Wish } from '../../../../src/core/model/procedure.ts';
import {
  address,
  channelFrom,
  factsOf,
  type Given,
  gtids,
  offline,
  refusing,
  replicaOf,
  seen,
  silent,
} from '../../../support/given.ts';
import { ask, back, dead, healthy, toSource, without } from './asked.ts';

describe('without a wish the most urgent procedure is chosen', () => {
  test.each<[string, Given, string, string]>([
    ['the source is lost', dead, 'promote', 'db2:3306'],
    ['a former source is back', back(), 'rejoin', 'db1:3306'],
    [
      'the source is closed',
      without(healthy, { db1: seen(factsOf('db1', { readOnly: true, superReadOnly: true })) }),
      'source',
      'db1:3306',
    ],
  ])('%s', (_, world, aim, server) => expect(ask(world)).toMatchObject({ kind: 'procedures', aim, server }));

  test('nothing is published yet (mode: observe): the server counts to which the name would point', () => {
    const { ledger: _none, ...unpublished } = healthy;
    expect(ask(unpublished)).toMatchObject({
      kind: 'nothing',
      sentence: expect.stringMatching(/^db1:3306 is the source/),
    });
    expect(ask(unpublished, toSource)).toMatchObject({ kind: 'procedures', aim: 'source' });
  });

  test('a healthy cluster needs nothing', () => expect(ask(healthy)).toMatchObject({ kind: 'nothing' }));
});

describe('with a server the procedure fits that server', () => {
  test.each<[string, Given, string, string]>([
    ['a healthy replica becomes the source', healthy, 'db3', 'source'],
    ['any replica of a lost source is promoted', dead, 'db3', 'promote'],
    ['a former source rejoins', back(), 'db1', 'rejoin'],
  ])('%s', (_, world, server, aim) =>
    expect(ask(world, { server: address(server) })).toMatchObject({ kind: 'procedures', aim }),
  );
});

describe('a former source takes writes while the source is lost', () => {
  const world = without(back({ gtidExecuted: gtids('db1:1-122') }), {
    db2: silent,
    db3: seen(
      replicaOf('db2', 'db3', {
        channels: [channelFrom('db2', { receiver: 'connecting' })],
        gtidExecuted: gtids('db1:1-100,db2:1-5'),
      }),
    ),
  });

  test.each<[string, Wish]>([
    ['without a wish', {}],
    ['to promote the replica', { aim: 'promote', server: address('db3') }],
    ['to promote the former source', { aim: 'promote', server: address('db1') }],
  ])('the step that closes it comes first: %s', (_, wish) =>
    expect(ask(world, wish)).toEqual({
      kind: 'refused',
      reason: 'former-source-writable',
      sentence:
        'db1:3306 is a former source, and takes writes. First close it, then ask again: source-dns advise shop',
      first: expect.objectContaining({
        on: 'db1:3306',
        statements: ['SET GLOBAL super_read_only = ON'],
        verify: [{ statement: 'SELECT @@GLOBAL.super_read_only', expect: '1' }],
      }),
    }),
  );

  test('when it is closed, the replica is promoted', () => {
    const closed = without(world, {
      db1: seen(factsOf('db1', { readOnly: true, superReadOnly: true, gtidExecuted: gtids('db1:1-122') })),
    });
    expect(ask(closed)).toMatchObject({ kind: 'procedures', aim: 'promote', server: 'db3:3306' });
  });
});

describe('no procedure is told while it would be dangerous', () => {
  test.each<[string, Given, Wish, string]>([
    ['the source takes writes', healthy, { aim: 'promote' }, 'source-alive'],
    [
      'the source is closed, and has all its data',
      without(healthy, { db1: seen(factsOf('db1', { readOnly: true })) }),
      { aim: 'promote' },
      'source-alive',
    ],
    ['the source is in offline_mode', without(dead, { db1: offline }), { aim: 'promote' }, 'source-alive'],
    ['the source refuses us', without(dead, { db1: refusing }), { aim: 'promote' }, 'source-alive'],
    [
      'a replica still hears the source',
      without(dead, { db3: seen(replicaOf('db1', 'db3')) }),
      { aim: 'promote' },
      'source-alive',
    ],
    ['too few servers answer', without(dead, { db3: silent }), { aim: 'promote' }, 'source-alive'],
    [
      'nothing is published, and nobody knows which server would be',
      { servers: { db1: silent, db2: seen(replicaOf('db1', 'db2')) }, publication: { ready: true } },
      { aim: 'promote' },
      'source-unknown',
    ],
    ['the source is silent', dead, { aim: 'rejoin', server: address('db2') }, 'source-silent'],
    [
      'the server is silent',
      without(back(), { db1: silent }),
      { aim: 'rejoin', server: address('db1') },
      'server-silent',
    ],
    [
      'the source is closed',
      without(back(), { db2: seen(factsOf('db2', { readOnly: true })) }),
      { aim: 'rejoin', server: address('db1') },
      'source-closed',
    ],
    [
      'a third server takes writes',
      without(back(), { db3: seen(factsOf('db3')) }),
      { aim: 'rejoin', server: address('db1') },
      'two-writers',
    ],
    ['a former source has not rejoined', back(), { aim: 'source', server: address('db1') }, 'unsuitable'],
    [
      'the replica has transactions of its own',
      without(healthy, { db2: seen(replicaOf('db1', 'db2', { gtidExecuted: gtids('db1:1-100,db2:1') })) }),
      toSource,
      'unsuitable',
    ],
    [
      'the replica does not replicate',
      without(healthy, {
        db2: seen(replicaOf('db1', 'db2', { channels: [channelFrom('db1', { applier: 'off' })] })),
      }),
      toSource,
      'unsuitable',
    ],
    [
      'the published source is to be removed',
      healthy,
      { aim: 'remove', server: address('db1') },
      'unsuitable',
    ],
    ['the server is none of ours', healthy, { server: address('db9') }, 'unsuitable'],
    ['several servers may be meant', healthy, { aim: 'remove' }, 'unsuitable'],
  ])('%s', (_, world, wish, reason) => expect(ask(world, wish)).toMatchObject({ kind: 'refused', reason }));

  test('nothing is lost by moving the name back: a command does it', () => {
    const db2 = replicaOf('db1', 'db2');
    const advice = ask(without(back(), { db2: seen(db2), db3: seen(replicaOf('db1', 'db3')) }), {
      aim: 'rejoin',
      server: address('db1'),
    });
    expect(advice).toMatchObject({
      kind: 'refused',
      sentence: expect.stringContaining('source-dns follow shop db1:3306'),
    });
  });
});
