/** What is counted of the events: each counter and histogram must move, and only when it should. */

import { expect, test } from 'vitest';
import type { Effect, Event, HistoryEntry, Move } from '../../../src/core/model/events.ts';
import type { MonoMs, ServerAddress } from '../../../src/core/model/units.ts';
import type { UpdateOutcome } from '../../../src/core/model/zone.ts';
import { EventTallies } from '../../../src/metrics/event-tallies.ts';
import { loadWriter } from '../../../src/metrics/exposition.ts';
import { Samples } from '../../../src/metrics/samples.ts';
import { address, fqdn, uuid, wall } from '../../support/given.ts';
import { readMetrics, type Scraped, seriesNamed } from '../../support/metrics-text.ts';

const writer = await loadWriter();
const ns1 = new Set(['ns1']);
const shop = new Set(['shop']);

async function told(tallies: EventTallies, clusters = shop, nameservers = ns1): Promise<Scraped> {
  const samples = new Samples();
  tallies.keep(clusters, nameservers);
  tallies.tell(samples);
  return readMetrics(await writer.write(samples, () => Promise.resolve()));
}

const amount = ({ values }: Scraped, series: string): number | undefined => values.get(series);
const rising = (scraped: Scraped, name: string): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(seriesNamed(scraped, name)).filter(([, value]) => value > 0));

const step = (tallies: EventTallies, atMs: number, event: Event, effects: readonly Effect[] = []): void =>
  tallies.step({ cluster: 'shop', event, effects }, atMs as MonoMs);
const db1 = address('db1');
const tick: Event = { kind: 'tick' };
const order = (server: ServerAddress): Effect => ({ kind: 'probe', server, deadline: 9999 as MonoMs });
const failure = { code: 'deadline', message: 'no answer' };

test('a probe is timed from its order to its result', async () => {
  const tallies = new EventTallies();
  step(tallies, 0, tick, [order(db1), order(address('db2'))]);
  step(tallies, 3, { kind: 'observed', server: db1, probe: { kind: 'alive', failure } });
  step(tallies, 2000, { kind: 'observed', server: address('db2'), probe: { kind: 'unknown', failure } });
  // Nobody ordered it while we listened.
  step(tallies, 2001, { kind: 'observed', server: db1, probe: { kind: 'alive', failure } });
  const scraped = await told(tallies);
  const bucket = (result: string, le: string) =>
    amount(scraped, `source_dns_probe_duration_seconds_bucket{result="${result}",le="${le}"}`);
  expect([bucket('alive', '0.0025'), bucket('alive', '0.005'), bucket('alive', '+Inf')]).toEqual([0, 1, 1]);
  expect([bucket('unknown', '1'), bucket('unknown', '2.5')]).toEqual([0, 1]);
  expect(amount(scraped, 'source_dns_probe_duration_seconds_sum{result="alive"}')).toBeCloseTo(0.003);
  expect(amount(scraped, 'source_dns_probe_duration_seconds_count{result="reachable"}')).toBe(0);
});

test('a turn is as late as its tick comes after the wake', async () => {
  const tallies = new EventTallies();
  step(tallies, 0, tick, [{ kind: 'wake', at: 1000 as MonoMs }]);
  step(tallies, 1200, tick, [{ kind: 'wake', at: 2000 as MonoMs }]);
  step(tallies, 2000, tick);
  const scraped = await told(tallies);
  expect(amount(scraped, 'source_dns_probe_lateness_seconds_count')).toBe(2);
  expect(amount(scraped, 'source_dns_probe_lateness_seconds_sum')).toBeCloseTo(0.2);
});

const outcomes: readonly (readonly [string, UpdateOutcome, string])[] = [
  ['applied', { kind: 'applied' }, '{nameserver="ns1",outcome="applied",rcode="NOERROR"}'],
  [
    'refused by RCODE',
    { kind: 'refused', code: 'rejected', rcode: 'REFUSED', failure },
    '{nameserver="ns1",outcome="refused",rcode="REFUSED"}',
  ],
  [
    'not sent',
    { kind: 'refused', code: 'not-sent', failure },
    '{nameserver="ns1",outcome="refused",rcode=""}',
  ],
  ['without an answer', { kind: 'unknown', failure }, '{nameserver="ns1",outcome="unknown",rcode=""}'],
];

test.each(outcomes)('an update that was %s is counted', async (_, outcome, series) => {
  const tallies = new EventTallies();
  // Zero before the first: an alert on an increase needs both ends.
  expect(seriesNamed(await told(tallies), 'source_dns_updates_total')[series]).toBe(0);
  step(tallies, 5, { kind: 'update-done', nameserver: 'ns1', try: 't1', outcome });
  expect(rising(await told(tallies), 'source_dns_updates_total')).toEqual({ [series]: 1 });
});

test('a nameserver that is no longer configured has no series', async () => {
  const tallies = new EventTallies();
  step(tallies, 5, { kind: 'update-done', nameserver: 'ns1', try: 't1', outcome: { kind: 'applied' } });
  const after = await told(tallies, shop, new Set(['ns2']));
  expect(JSON.stringify(seriesNamed(after, 'source_dns_updates_total'))).not.toContain('ns1');
});

test('of a cluster that is gone nothing is kept', async () => {
  const tallies = new EventTallies();
  step(tallies, 0, tick, [order(db1)]);
  await told(tallies, new Set());
  step(tallies, 3, { kind: 'observed', server: db1, probe: { kind: 'alive', failure } });
  expect(rising(await told(tallies), 'source_dns_probe_duration_seconds_count')).toEqual({});
});

const iso = (ms: number): string => new Date(wall + ms).toISOString();
const about = { at: iso(0), cluster: 'shop', nameserver: 'ns1' } as const;
const move: Move = {
  epoch: 7,
  to: { server: db1, uuid: uuid('db1') },
  reason: 'failover',
  sentence: 'It moved.',
  name: fqdn('source.shop.'),
  seenAt: iso(0),
  decidedAt: iso(1),
  sentAt: iso(2),
  appliedAt: iso(20),
};
const answered = (...ms: readonly (number | undefined)[]): HistoryEntry => ({
  ...about,
  kind: 'propagated',
  epoch: 7,
  nameservers: ms.map((one, index) => ({
    nameserver: `192.0.2.${index}`,
    ...(one === undefined ? {} : { at: iso(one) }),
  })),
  complete: ms.every((one) => one !== undefined),
});

test('a move is timed until it is applied, first answered, and answered everywhere', async () => {
  const tallies = new EventTallies();
  tallies.record({ ...about, kind: 'move', ...move });
  tallies.record(answered(30, undefined));
  const first = await told(tallies);
  expect(amount(first, 'source_dns_move_duration_seconds_sum')).toBeCloseTo(0.02);
  expect(amount(first, 'source_dns_promotion_to_answer_seconds_sum')).toBeCloseTo(0.03);
  expect(amount(first, 'source_dns_propagation_seconds_count')).toBe(0);
  tallies.record(answered(30, 420));
  const last = await told(tallies);
  expect(amount(last, 'source_dns_promotion_to_answer_seconds_count')).toBe(1);
  expect(amount(last, 'source_dns_propagation_seconds_sum')).toBeCloseTo(0.4);
  // A repair is watched again under the same epoch: that is no second move.
  tallies.record(answered(30, 9000));
  expect(amount(await told(tallies), 'source_dns_propagation_seconds_count')).toBe(1);
  expect(rising(last, 'source_dns_moves_total')).toEqual({ '{reason="failover"}': 1 });
  expect(rising(last, 'source_dns_writes_total')).toEqual({ '{kind="move"}': 1 });
});

test('the answers of another epoch, of another name and of resolvers are no answers to this move', async () => {
  const tallies = new EventTallies();
  tallies.record({ ...about, kind: 'move', ...move });
  tallies.record({ ...answered(30), epoch: 6 } as HistoryEntry);
  tallies.record({ ...answered(30), nameserver: 'ns2' });
  tallies.record({ ...answered(30), among: 'resolvers' } as HistoryEntry);
  expect(amount(await told(tallies), 'source_dns_promotion_to_answer_seconds_count')).toBe(0);
});

test('a clock that steps back makes no negative time', async () => {
  const tallies = new EventTallies();
  tallies.record({ ...about, kind: 'move', ...move, appliedAt: iso(-60_000) });
  const scraped = await told(tallies);
  expect(amount(scraped, 'source_dns_move_duration_seconds_sum')).toBe(0);
  expect(amount(scraped, 'source_dns_move_duration_seconds_count')).toBe(1);
});

test('attempts to fence a server are counted by their result', async () => {
  const tallies = new EventTallies();
  const server = 'db1:3306' as ServerAddress;
  const event = { kind: 'fenced', server, result: { kind: 'blocked', by: 'a lock' } } as const;
  tallies.step({ cluster: 'shop', event, effects: [] }, 0 as MonoMs);
  expect(rising(await told(tallies), 'source_dns_fences_total')).toEqual({ '{result="blocked"}': 1 });
});

test('repairs, raised alarms and hooks are counted; the end of an alarm is not', async () => {
  const tallies = new EventTallies();
  const alarm = { code: 'zone-drift', subject: 'source.shop.', sentence: 'By hand.' } as const;
  tallies.record({ ...about, kind: 'written', what: 'repair', sentence: 'Mended.', epoch: 7 });
  tallies.record({ ...about, kind: 'alarm', alarm, raised: true });
  tallies.record({ ...about, kind: 'alarm', alarm, raised: false });
  const call = { place: 'after_move[0]', hook: '/bin/notify', sentence: 'No.', attempts: 1, ms: 3 };
  tallies.record({ ...about, kind: 'hook', ...call, about: { kind: 'move', epoch: 7 }, outcome: 'failed' });
  tallies.record({
    ...about,
    kind: 'hook',
    ...call,
    about: { kind: 'move', epoch: 7 },
    outcome: 'dropped',
    count: 4,
  });
  const scraped = await told(tallies);
  expect(rising(scraped, 'source_dns_writes_total')).toEqual({ '{kind="repair"}': 1 });
  expect(rising(scraped, 'source_dns_alarms_raised_total')).toEqual({ '{code="zone-drift"}': 1 });
  expect(rising(scraped, 'source_dns_hook_calls_total')).toEqual({
    '{outcome="failed"}': 1,
    '{outcome="dropped"}': 4,
  });
});
