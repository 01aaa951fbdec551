/** `status --check`: the line and the exit code of each state. */

import { expect, test } from 'vitest';
import { checkOf } from '../../../src/cli/check-line.ts';
import type { Look } from '../../../src/cli/look.ts';
import { type ClusterDocument, clusterDocument } from '../../../src/http/documents.ts';
import { shopSnapshot } from '../../support/snapshots.ts';

const shop = clusterDocument({ ...shopSnapshot, alarms: [] });
const withPublication = (over: Partial<ClusterDocument['publications'][number]>): ClusterDocument => ({
  ...shop,
  publications: shop.publications.map((publication) => ({ ...publication, ...over })),
});
const checked = (...documents: readonly ClusterDocument[]) => {
  const look: Look = { kind: 'seen', documents, daemon: { running: true } };
  const { exitCode, sentence } = checkOf(look, '/state');
  return [exitCode, sentence];
};
const hold = { kind: 'hold', reason: 'frozen', sentence: 'Frozen by eve:\nwhy | how.' } as const;
const failure = { code: 'refused', message: 'ns1 refused it' };

test('every state has its line and its exit code', () => {
  expect(checked(shop)).toEqual([0, 'OK: shop: db2:3306']);
  expect(checked()).toEqual([0, "OK: no cluster is this instance's"]);
  expect(checked({ ...shop, mode: 'observe' })).toEqual([0, 'OK: shop: db2:3306 (observe: writes nothing)']);
  const alarm = { code: 'zone-drift', subject: 'ns1', sentence: 'It differs.' } as const;
  expect(checked({ ...shop, alarms: [alarm, alarm] })).toEqual([
    1,
    'ALARM: shop: zone-drift: ns1: It differs. (and 1 more)',
  ]);
  expect(checked(withPublication({ writeFailure: failure }))).toEqual([
    1,
    'ALARM: shop: the last update at ns1 failed: ns1 refused it',
  ]);
  expect(checked(withPublication({ decision: hold }))).toEqual([
    3,
    'HELD: shop: frozen: Frozen by eve: why / how.',
  ]);
  expect(checked(withPublication({ readFailure: failure }))).toEqual([
    4,
    'UNREACHABLE: shop: the zone at ns1 cannot be read: ns1 refused it',
  ]);
  const waits = { kind: 'hold', reason: 'ledger-unknown', sentence: 'It waits for its turn.' } as const;
  expect(checked(withPublication({ ready: false, decision: waits }))).toEqual([
    4,
    'UNREACHABLE: shop: not decided yet: It waits for its turn.',
  ]);
  const silent = shop.servers.map((server) => ({ ...server, contact: 'unknown' as const }));
  expect(checked({ ...shop, servers: silent })).toEqual([4, 'UNREACHABLE: shop: no server answers']);
});

test('warnings of the daemon are in the line, once each, and change no exit code', () => {
  const warnings = ['overloaded', 'config-warning', 'config-warning'].map((code) => ({ code, message: '' }));
  const daemon = { running: true, instance: 'w1', version: '1', pid: 1, since: '', warnings } as const;
  const { exitCode, sentence } = checkOf({ kind: 'seen', documents: [shop], daemon }, '/state');
  expect([exitCode, sentence]).toEqual([
    0,
    'OK: shop: db2:3306; warnings of the daemon: overloaded, config-warning',
  ]);
});

test('the worst cluster counts, and the others are counted', () => {
  const held = { ...withPublication({ decision: hold }), cluster: 'bi' };
  expect(checked(shop, held)).toEqual([
    3,
    'HELD: bi: frozen: Frozen by eve: why / how.; 1 other(s) not as bad',
  ]);
  expect(checked(shop, { ...shop, cluster: 'bi' })).toEqual([0, 'OK: shop: db2:3306; bi: db2:3306']);
});

test('the line names some clusters, and counts the rest', () => {
  const many = Array.from({ length: 1000 }, (_, index) => ({ ...shop, cluster: `c${index}` }));
  const [exitCode, sentence] = checked(...many);
  expect([exitCode, String(sentence).length < 300]).toEqual([0, true]);
  expect(sentence).toMatch(/^OK: c0: db2:3306; .*; c7: db2:3306; and 992 more$/);
});

test('without a daemon, and with one that cannot be asked', () => {
  expect(checkOf(undefined, '/state')).toMatchObject({
    state: 'unreachable',
    exitCode: 4,
    sentence: 'UNREACHABLE: no daemon runs: nothing listens on /state/api.sock',
    daemon: { running: false, socket: '/state/api.sock' },
  });
  const silent: Look = {
    kind: 'failed',
    failure: { code: 'daemon-silent', message: 'no answer' },
    exitCode: 1,
  };
  expect(checkOf(silent, '/state')).toMatchObject({ exitCode: 4, sentence: 'UNREACHABLE: no answer' });
});
