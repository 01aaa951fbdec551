/** Shows how a long GTID set is shortened for people. */

import { describe, expect, test } from 'vitest';
import type { GtidSet } from '../../../../src/core/gtid/gtid-set.ts';
import { gtidWords } from '../../../../src/core/gtid/gtid-words.ts';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import { observedOf } from '../../../../src/core/report/evidence.ts';
import { snapshot } from '../../../../src/core/report/snapshot.ts';
import {
  address,
  at,
  factsOf,
  given,
  gtids,
  ledgerOf,
  replicaOf,
  seen,
  stateOf,
  uuid,
} from '../../../support/given.ts';

const nobody = (): boolean => false;
const short = (text: string): string => text.replaceAll(/5d000000-0000-11f1-8000-0*(\d+)/g, 'UUID$1');
const words = (text: string, matters: (uuid: string) => boolean = nobody): string =>
  short(gtidWords(gtids(text), matters));
/** Every second transaction of db1. */
const gaps = (count: number): GtidSet =>
  new Map([[uuid('db1'), Array.from({ length: count }, (_, n) => [2 * n + 1, 2 * n + 1] as const)]]);

describe('a GTID set for people', () => {
  test('is whole when it is short', () => {
    expect(words('db1:1-100,db2:1-7:9')).toBe('UUID1:1-100,UUID2:1-7:9');
    expect(words('db1:1:3:5:7')).toBe('UUID1:1:3:5:7');
    expect(gtidWords(new Map(), nobody)).toBe('');
  });

  test('has the first intervals and the newest interval of a key with many gaps, and says how much it leaves out', () => {
    expect(words('db1:1:3:5:7:9-10')).toBe(
      'UUID1:1:3:5:...:9-10 and 1 more interval (6 transactions in all)',
    );
    expect(short(gtidWords(gaps(100_000), nobody))).toBe(
      'UUID1:1:3:5:...:199999 and 99996 more intervals (100000 transactions in all)',
    );
  });

  test('begins with the keys that matter', () => {
    const many = Array.from({ length: 50 }, (_, n) => `db${n + 1}:1-10`).join(',');
    expect(words(many, (origin) => origin === uuid('db40'))).toBe(
      'UUID40:1-10,UUID1:1-10,UUID2:1-10,UUID3:1-10 and 46 more intervals (500 transactions in all)',
    );
  });

  test('has on MariaDB one position for each server that ever wrote', () => {
    const text = Array.from({ length: 300 }, (_, n) => `0-${n + 1}-${n + 1}`).join(',');
    expect(gtidWords(parseMariadbGtids(text)!, nobody)).toBe(
      '0-1-1,0-2-2,0-3-3,0-4-4 and 296 more positions (300 transactions in all)',
    );
  });

  test('has tags', () => {
    const tagged = Array.from({ length: 9 }, (_, n) => `${uuid('db1')}:t${n}:1-2`).join(',');
    expect(words(tagged)).toBe(
      'UUID1:t0:1-2,UUID1:t1:1-2,UUID1:t2:1-2,UUID1:t3:1-2 and 5 more intervals (18 transactions in all)',
    );
  });
});

describe('100,000 gaps', () => {
  const world = {
    servers: {
      db1: seen(factsOf('db1', { gtidExecuted: gaps(100_000) })),
      db2: seen(replicaOf('db1', 'db2', { gtidExecuted: gaps(100_000) })),
    },
    ledger: ledgerOf('db1'),
  };

  test('are one short line for people', () => {
    const situation = given(world);
    const member = situation.members.find((server) => server.address === address('db2'))!;
    expect(observedOf(situation, member).join('\n').length).toBeLessThan(1000);
  });

  test('are whole in the gtidExecuted of the API', () => {
    const { servers, ...rest } = snapshot(stateOf(world), at(1));
    expect(servers.map(({ gtidExecuted }) => gtidExecuted?.split(':').length)).toEqual([100_001, 100_001]);
    const others = servers.map(({ gtidExecuted: _whole, ...server }) => server);
    expect(JSON.stringify([rest, others]).length).toBeLessThan(10_000);
  });
});
