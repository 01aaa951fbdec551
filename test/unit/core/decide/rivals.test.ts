/** Shows that evidence against a move stands until the server was asked again. */

import { describe, expect, test } from 'vitest';
import { guard } from '../../../../src/core/decide/guard.ts';
import { decide } from '../../../../src/core/decide/table.ts';
import type { Probe } from '../../../../src/core/model/observation.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  type Given,
  given,
  gtids,
  ledgerOf,
  offline,
  refusing,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

const line = { evidence: { line: new Set(['db2', 'db3', 'db4', 'db5'].map(uuid)) } };
const promoted = { promotedAt: at(1).mono, shutAskedAt: at(1).mono };

function verdict(servers: Given['servers'], over: Partial<Given> = {}): string {
  const situation = given({ servers, ledger: ledgerOf('db1'), publication: line, ...over });
  const decision = guard(situation, decide(situation));
  return `${decision.kind} ${decision.reason}${decision.kind === 'point-to' ? ` ${decision.source}` : ''}`;
}

describe('db1 stepped down, db2 was promoted', () => {
  const others = {
    db1: seen(replicaOf('db9', 'db1')),
    db2: seen(factsOf('db2')),
    db4: seen(replicaOf('db1', 'db4')),
  };
  /** db3 once answered as a promoted server; then its next probe brought this. */
  const db3After = (probe: Probe | undefined, facts = factsOf('db3')) => ({
    db2: promoted,
    db3: {
      facts,
      factsAt: at(-4000).mono,
      promotedAt: at(1).mono,
      shutAskedAt: at(1).mono,
      ...(probe ? { latest: { probe, at: at(0).mono, askedAt: at(0).mono } } : {}),
    },
  });

  test.each([
    ['is still being asked', undefined, 'hold minority-view'],
    ['refuses us: it lives', refusing, 'hold two-sources'],
    ['says that it serves nobody: it is no source', offline, 'point-to switchover db2:3306'],
    ['does not answer, and nobody hears it', silent, 'point-to switchover db2:3306'],
  ])('and so was db3, which %s', (_, probe, wanted) => {
    expect(verdict({ ...others, db3: probe }, { memory: db3After(probe) })).toBe(wanted);
  });

  test('and so was db3, which is silent to us while db5 hears it', () => {
    const servers = { ...others, db3: silent, db5: seen(replicaOf('db3', 'db5')) };
    expect(verdict(servers, { memory: db3After(silent) })).toBe('hold two-sources');
  });

  test.each([
    ['was never asked', undefined, 'hold minority-view'],
    ['never answered, but refuses us', refusing, 'point-to switchover db2:3306'],
  ])('and db3 %s', (_, db3, wanted) =>
    expect(verdict({ ...others, db3 }, { memory: { db2: promoted } })).toBe(wanted),
  );

  test('and db3, a replica at its last answer, refuses us', () => {
    const memory = db3After(refusing, factsOf('db3', { channels: [channelFrom('db1')] }));
    expect(verdict({ ...others, db3: refusing }, { memory })).toBe('point-to switchover db2:3306');
  });
});

describe('the published source says that it serves nobody', () => {
  const known = { facts: factsOf('db1'), factsAt: at(-4000).mono };
  const verdictOf = (servers: Given['servers'], memory: Given['memory'] = {}) =>
    verdict({ db1: offline, ...servers }, { memory: { db1: known, db2: promoted, ...memory } });

  test.each([
    [
      'the name moves to a promoted server',
      { db2: seen(factsOf('db2')), db3: seen(replicaOf('db1', 'db3')) },
      'point-to switchover db2:3306',
    ],
    [
      'the name moves even if no other server is seen',
      { db2: seen(factsOf('db2')), db3: silent, db4: silent },
      'point-to switchover db2:3306',
    ],
    [
      'the name stays when no server was promoted',
      { db2: seen(replicaOf('db1', 'db2')) },
      'hold no-candidate',
    ],
    [
      'the name stays while a rival is being asked',
      { db2: seen(factsOf('db2')), db3: undefined },
      'hold minority-view',
    ],
  ])('%s', (_, servers: Given['servers'], wanted) => expect(verdictOf(servers)).toBe(wanted));

  test('the name stays after a refusal that may be true for us alone', () => {
    const servers = { db1: refusing, db2: seen(factsOf('db2')) };
    expect(verdict(servers, { memory: { db1: known, db2: promoted } })).toBe('hold published-source-alive');
  });

  test('when that refusal is older than a move by another instance, the server is asked again first', () => {
    const publication = { ...line, zone: { movedElsewhereAt: at(0).mono } };
    const servers = { db1: offline, db2: seen(factsOf('db2')) };
    const later = { db2: { ...promoted, factsAt: at(1).mono } };
    expect(verdict(servers, { publication, memory: { db1: known, ...later } })).toBe('hold minority-view');
    const asked = {
      db1: { ...known, latest: { probe: offline, at: at(1).mono, askedAt: at(1).mono } },
      ...later,
    };
    expect(verdict(servers, { publication, memory: asked })).toBe('point-to switchover db2:3306');
  });

  test('the refusal gets old, as an answer does', () => {
    const servers = { db1: offline, db2: seen(factsOf('db2')) };
    const memory = {
      db1: { ...known, latest: { probe: offline, at: at(-3500).mono, askedAt: at(-3500).mono } },
      db2: promoted,
    };
    expect(verdict(servers, { memory })).toBe('hold minority-view');
  });
});

describe('replicas of several sources', () => {
  const channels = [channelFrom('db2', { name: 'a' }), channelFrom('db3', { name: 'b' })];
  const both = (name: string) => seen(replicaOf('db2', name, { channels }));
  const servers = {
    db2: seen(factsOf('db2')),
    db3: seen(factsOf('db3')),
    db4: both('db4'),
    db5: both('db5'),
  };

  test('are no majority for either of two sources', () =>
    expect(verdict({ ...servers, db1: silent })).toBe('hold two-sources'));

  test('are no majority when one of the two sources gets out of sight', () => {
    const memory = { db3: { facts: factsOf('db3'), factsAt: at(-4000).mono } };
    expect(verdict({ ...servers, db1: silent, db3: silent }, { memory })).toBe('hold two-sources');
  });

  test('keep the name at the published source', () => {
    expect(verdict(servers, { ledger: ledgerOf('db3') })).toBe('point-to steady db3:3306');
  });
});

describe('with gtid_guard: hold', () => {
  const settings = { gtidGuard: 'hold' } as const;
  const ahead = {
    facts: replicaOf('db1', 'db3', { gtidExecuted: gtids('db1:1-120') }),
    factsAt: at(-4000).mono,
  };
  const servers = {
    db1: silent,
    db2: seen(factsOf('db2')),
    db4: seen(replicaOf('db2', 'db4')),
    db5: seen(replicaOf('db2', 'db5')),
  };

  test.each([
    ['is still being asked', undefined, 'hold candidate-behind'],
    ['refuses us', refusing, 'hold candidate-behind'],
    ['does not answer: it may be gone with them', silent, 'point-to followers-moved db2:3306'],
  ])('a server is ahead, and %s', (_, db3, wanted) => {
    expect(verdict({ ...servers, db3 }, { settings, memory: { db3: ahead } })).toBe(wanted);
  });

  test('a server that was never asked holds the move: it may be ahead', () => {
    expect(verdict({ ...servers, db3: undefined }, { settings })).toBe('hold candidate-behind');
    expect(verdict({ ...servers, db3: undefined })).toBe('point-to followers-moved db2:3306');
  });

  test('a command does not wait for a server that was not asked yet', () => {
    const situation = given({
      servers: { ...servers, db3: undefined },
      ledger: ledgerOf('db1'),
      publication: line,
      settings,
    });
    const commanded = { ...situation, command: { server: address('db2'), force: false } };
    expect(guard(commanded, decide(commanded))).toMatchObject({ kind: 'point-to', reason: 'commanded' });
  });
});

describe('a ledger that vanished', () => {
  const remembered = { nameserver: 'ns1', epoch: 7, source: address('db1'), uuid: uuid('db1') };
  const servers = { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2')) };
  const lost = (lostForMs: number, nowMs: number) => {
    const situation = given({
      servers,
      publication: { ...line, zone: { remembered, lostSince: at(-lostForMs).mono } },
      nowMs,
    });
    return decide(situation).reason;
  };

  test('is written again when a second read shows the loss, not when time has passed since the first', () => {
    expect(lost(3000, 1)).toBe('ledger-restored');
    expect(lost(0, 3000)).toBe('ledger-lost');
  });
});
