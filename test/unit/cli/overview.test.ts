/** Many clusters, and large ones, on one screen: the worst first, nothing wider or longer than the screen. */

import { describe, expect, test } from 'vitest';
import { overviewText } from '../../../src/cli/overview-text.ts';
import { branchesOf } from '../../../src/cli/server-tree.ts';
import { statusText } from '../../../src/cli/snapshot-text.ts';
import { createStyle } from '../../../src/cli/style.ts';
import { widthOf } from '../../../src/cli/text-width.ts';
import { worstFirst } from '../../../src/cli/tone-style.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { PublicationSnapshot, ServerSnapshot } from '../../../src/core/report/snapshot-types.ts';
import { type ClusterDocument, clusterDocument } from '../../../src/http/documents.ts';
import { shopSnapshot } from '../../support/snapshots.ts';

const plain = createStyle(false);
const [publication] = shopSnapshot.publications;
const [, db2, db3] = shopSnapshot.servers;
if (publication === undefined || db2 === undefined || db3 === undefined) throw new Error('no such snapshot');

function clusterOf(cluster: string, over: Partial<PublicationSnapshot> = {}, alarms = 0): ClusterDocument {
  return clusterDocument({
    ...shopSnapshot,
    cluster,
    publications: [{ ...publication, propagation: null, ...over } as PublicationSnapshot],
    alarms: shopSnapshot.alarms.slice(0, alarms),
  });
}

const held = { kind: 'hold', reason: 'two-sources', sentence: 'Several.' } as const;
const failure = { code: 'deadline', message: 'ns1 did not answer' };
const many = [
  ...Array.from({ length: 20 }, (_, index) => clusterOf(`good-${index}`)),
  clusterOf('alarming', {}, 1),
  clusterOf('doubtful', { decision: held }),
  clusterOf('unread', { readFailure: failure }),
  ...Array.from({ length: 20 }, (_, index) => clusterOf(`fine-${index}`)),
];

test('the worst comes first, and equally good ones keep their order', () => {
  expect(
    worstFirst(many)
      .slice(0, 5)
      .map(({ cluster }) => cluster),
  ).toEqual(['unread', 'doubtful', 'alarming', 'good-0', 'good-1']);
});

test('of several alarms the first is named: a list of all would leave no room for the other columns', () => {
  const [alarm] = shopSnapshot.alarms;
  const cluster = {
    ...clusterOf('shop', {}, 1),
    alarms: [alarm!, { ...alarm!, code: 'stale-source' as const }],
  };
  expect(overviewText([cluster], plain, { columns: 80, rows: 12 })).toMatch(/ 1 of 2 +server-unknown \+1\n/);
});

test('with `mode: observe` nothing moves: the overview says what would', () => {
  const decision = { kind: 'point-to', reason: 'failover', source: db3.server, sentence: 'It is.' } as const;
  const moving = clusterOf('moving', { decision });
  const thought: ClusterDocument = { ...clusterOf('thought', { decision }), mode: 'observe' };
  const text = (...documents: readonly ClusterDocument[]) =>
    overviewText(documents, plain, { columns: 80, rows: 12 });
  expect(text(thought)).toMatch(/: 1 would move\n/);
  expect(text(thought)).toMatch(/thought +would move +failover/);
  expect(text(moving)).toMatch(/: 1 moving\n/);
  expect(text(moving, thought)).toMatch(/: 2 moving, or would move\n/);
});

test('an overview of 80 columns and 12 rows', () => {
  expect(overviewText(many, plain, { columns: 80, rows: 12 })).toMatchInlineSnapshot(`
    "3 of 43 clusters need a look: 1 without a writable source, 1 held, 1 with alarms
      CLUSTER   STATE   WHY          POINTS TO  FOLLOW  ALARMS
      unread    down    deadline     db2:3306   1 of 2
      doubtful  held    two-sources  db2:3306   1 of 2
      alarming  alarms               db2:3306   1 of 2  server-unknown
      good-0    steady               db2:3306   1 of 2
      good-1    steady               db2:3306   1 of 2
      good-2    steady               db2:3306   1 of 2
      good-3    steady               db2:3306   1 of 2
      good-4    steady               db2:3306   1 of 2
      and 35 more
    One of them: source-dns status CLUSTER
    "
  `);
});

test.each([
  [40, 24],
  [80, 24],
  [200, 60],
  [40, 8],
])('an overview fits %i columns and %i rows', (columns, rows) => {
  const lines = overviewText(many, createStyle(true), { columns, rows }).trimEnd().split('\n');
  expect(lines.filter((line) => widthOf(line) > columns)).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(rows);
  expect(lines.join('\n')).toContain('unread');
});

test('however small the screen is, the worst cluster is on it', () => {
  expect(overviewText(many, plain, { columns: 40, rows: 1 })).toContain('unread');
});

test('an overview of clusters in good order says so', () => {
  const good = [clusterOf('a'), clusterOf('b')];
  expect(overviewText(good, plain, { columns: undefined, rows: 20 })).toMatch(
    /^2 clusters: every name is steady\n/,
  );
});

test('no name of a cluster or server moves the cursor', () => {
  const evil = { ...clusterOf('a\u001b[2Jb'), name: 'x\u009b1A.' as ClusterDocument['name'] };
  const text = overviewText([evil, clusterOf('c')], plain, { columns: undefined, rows: 20 });
  for (const code of ['\u001b', '\u009b']) expect(text).not.toContain(code);
  expect(text).toContain('a\ufffd[2Jb');
});

describe('the tree of the servers', () => {
  const named = (server: string, source?: string): ServerSnapshot => ({
    ...(source === undefined ? db2 : db3),
    server: server as ServerAddress,
    way:
      source === undefined
        ? null
        : ({
            hops: [{ server: source as ServerAddress, how: 'channel', lagSeconds: 0 }],
            broken: null,
            sentence: '',
          } as ServerSnapshot['way']),
    replicatesFrom: [],
    role: source === undefined ? 'source' : 'replica',
  });
  const treeOf = (servers: readonly ServerSnapshot[], published?: string) =>
    branchesOf(servers, published).map(({ lead, server }) => `${lead}${server.server}`);

  test('shows what replicates from what, the source first', () => {
    const servers = [
      named('d', 'b'),
      named('b', 'a'),
      named('alone'),
      named('a'),
      named('c', 'a'),
      named('e', 'd'),
    ];
    expect(treeOf(servers, 'a')).toEqual(['a', '+- b', '|  `- d', '|     `- e', '`- c', 'alone']);
  });

  test('has each server once, also in a ring and without a source', () => {
    const ring = [named('a', 'b'), named('b', 'a'), named('c', 'nobody')];
    expect(treeOf(ring).toSorted()).toEqual(['`- b', 'a', 'c']);
  });

  test('has a line for each of many replicas, and one end', () => {
    const servers = [named('a'), ...Array.from({ length: 30 }, (_, index) => named(`r${index}`, 'a'))];
    const lines = treeOf(servers, 'a');
    expect(lines).toHaveLength(31);
    expect(lines.filter((line) => line.startsWith('`- '))).toEqual([lines.at(-1)]);
  });

  test('says a plain channel to the server above by the tree alone', () => {
    const [channel] = db3.replicatesFrom;
    if (channel === undefined) throw new Error('no channel');
    const simple = { ...channel, channel: '', applier: 'on', failoverSources: null };
    const servers = [db2, { ...db3, replicatesFrom: [simple] }];
    const text = statusText({ ...clusterOf('shop'), servers }, plain, 120);
    expect(text).toContain('`- db3');
    expect(text).not.toContain('REPLICATES FROM');
  });
});

test('on a screen that is cut, the alarms come before the servers', () => {
  const text = statusText(clusterOf('shop', {}, 1), plain, undefined, 'top');
  expect(text.indexOf('! server-unknown')).toBeLessThan(text.indexOf('SERVER'));
});
