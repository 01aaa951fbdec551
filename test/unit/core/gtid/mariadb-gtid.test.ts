/** Shows that GTID positions of MariaDB compare as logs of single transactions do. */

import { describe, expect, test } from 'vitest';
import {
  contains,
  countGtids,
  formatGtidSet,
  newestOf,
  subtract,
  union,
} from '../../../../src/core/gtid/gtid.ts';
import type { GtidSet } from '../../../../src/core/gtid/gtid-set.ts';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import { random } from '../../../support/given.ts';

const parsed = (text: string): GtidSet => {
  const set = parseMariadbGtids(text);
  if (!set) throw new Error(`no GTIDs: ${text}`);
  return set;
};

/** The twin: the transactions that a server executed, in order: `domain-server-sequence`. */
type Log = readonly string[];

/** What `@@gtid_binlog_state` says of such a log: the last transaction of each server in each domain. */
function stateOf(log: Log): string {
  const last = new Map<string, string>();
  for (const gtid of log) last.set(gtid.slice(0, gtid.lastIndexOf('-')), gtid);
  return [...last.values()].join(',');
}

/** Some transactions of one domain, written by these servers in turn. */
function written(
  pick: (below: number) => number,
  domain: number,
  after: number,
  servers: readonly number[],
): string[] {
  return Array.from(
    { length: pick(8) },
    (_, i) => `${domain}-${servers[pick(servers.length)]}-${after + i + 1}`,
  );
}

describe('GTID positions, compared with logs of single transactions', () => {
  const seed = 20_261_122;
  test(`agree for 3,000 random pairs of servers with a common past (seed ${seed})`, () => {
    const pick = random(seed);
    for (let round = 0; round < 3000; round += 1) {
      const [left, right]: [string[], string[]] = [[], []];
      for (const domain of [0, 7]) {
        const common = written(pick, domain, 0, [1, 2, 3]);
        // A server writes one log. After two servers have parted, neither has what a third server wrote
        // later.
        left.push(...common, ...written(pick, domain, common.length, [1, 2]));
        right.push(...common, ...written(pick, domain, common.length, [3, 4]));
      }
      const [l, r] = [parsed(stateOf(left)), parsed(stateOf(right))];
      const minus = left.filter((gtid) => !right.includes(gtid));
      const text = `${stateOf(left)} and ${stateOf(right)}`;
      expect(countGtids(subtract(l, r)), text).toBe(minus.length);
      expect(contains(r, l), text).toBe(minus.length === 0);
      expect(contains(l, l)).toBe(true);
      expect(countGtids(l), text).toBe(left.length);
      expect(contains(union(l, r), l) && contains(union(l, r), r), text).toBe(true);
      expect(parsed(formatGtidSet(l))).toEqual(l);
    }
  });

  test('give for a replica that follows the rest of the log', () => {
    const pick = random(seed + 1);
    for (let round = 0; round < 1000; round += 1) {
      const log = [...written(pick, 0, 0, [1, 2]), ...written(pick, 3, 0, [1, 2])];
      // Each domain by itself: their orders are independent.
      const upTo = [pick(9), pick(9)];
      const seen = ['0-', '3-'].flatMap((domain, i) =>
        log.filter((gtid) => gtid.startsWith(domain)).slice(0, upTo[i]),
      );
      const [source, replica] = [parsed(stateOf(log)), parsed(stateOf(seen))];
      expect(contains(source, replica), `${stateOf(log)} has ${stateOf(seen)}`).toBe(true);
      expect(countGtids(subtract(source, replica))).toBe(log.length - seen.length);
    }
  });
});

describe('the text of GTID positions', () => {
  test.each([
    ['', ''],
    ['0-1-5', '0-1-5'],
    ['0-1-5,0-3-6', '0-1-5,0-3-6'],
    ['0-3-6, 0-1-5,\n7-1-2', '0-1-5,0-3-6,7-1-2'],
    ['10-1-1,2-1-1', '2-1-1,10-1-1'],
    ['0-1-5,0-1-3', '0-1-5'],
    ['0-1-0', ''],
    ['4294967295-4294967295-9007199254740991', '4294967295-4294967295-9007199254740991'],
  ])('%j is written %j', (text, written) => {
    expect(formatGtidSet(parsed(text))).toBe(written);
  });

  test.each([
    'x',
    '0-1',
    '0-1-',
    '0-1-2-3',
    '-1-2',
    '0-1-x',
    '0-1-5;',
    '0-1-9007199254740992',
    '0-1-99999999999999999999',
    'NULL',
  ])('%j is refused', (text) => {
    expect(parseMariadbGtids(text)).toBeUndefined();
  });

  test('says for a difference from where to where it goes', () => {
    expect(formatGtidSet(subtract(parsed('0-1-5,0-3-9'), parsed('0-1-5')))).toBe('0-3-6..9');
    expect(newestOf(parsed('0-1-5,0-3-9'), '0-3')).toBe(9);
  });
});

describe('what a position cannot tell is not guessed', () => {
  test('a server that knows only the newest transaction of a domain does not claim earlier ones of another server', () => {
    // The restored backup of server 2 knows only 0-2-9. A server that stopped at 0-1-5 finds nothing of its
    // own in it, until it has received something of 0-2.
    expect(contains(parsed('0-2-9'), parsed('0-1-5'))).toBe(false);
    expect(contains(parsed('0-2-9'), parsed('0-1-5,0-2-6'))).toBe(true);
  });
});
