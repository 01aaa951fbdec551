/** Which ledgers are followed, and how often nameservers are asked. No server, and a false clock. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Current, Source } from '../../../src/client/contract.ts';
import { followName } from '../../../src/client/follow.ts';
import { type FollowOptions, settingsOf } from '../../../src/client/options.ts';
import { FollowedSource } from '../../../src/client/source.ts';
import { type FalseDns, falseDns, ledgerOf } from '../../support/false-source.ts';

const [one, two] = [1, 2].map((index) => ({
  uuid: `00000000-0000-4000-8000-00000000000${index}`,
  address: `192.0.2.${index}`,
  port: 3306,
})) as [Server, Server];
type Server = Parameters<typeof ledgerOf>[0];

beforeEach(() => void vi.useFakeTimers());
const open: Source[] = [];
afterEach(async () => {
  for (const source of open.splice(0)) source.close();
  await pass(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const name = 'source.example.com';
const nameservers = ['192.0.2.51', '192.0.2.52'];

function followed(dns: FalseDns, options: FollowOptions = {}) {
  const source = followName(name, { nameservers, ...options }, dns.open);
  open.push(source);
  const events: string[] = [];
  source.on(
    'moved',
    (now: Current, before: Current) => void events.push(`moved ${before.epoch} ${now.epoch}`),
  );
  source.on('suspect', (why) => void events.push(`suspect: ${why}`));
  source.on('stale', (why) => void events.push(`stale: ${why}`));
  return { source, events };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('the first target waits a moment for the nameservers that have not answered', async () => {
  const dns = falseDns(ledgerOf(one, 1));
  dns.say('silent', '192.0.2.52');
  const { source } = followed(dns);
  await pass(40);
  expect(source.current).toBeUndefined();
  await pass(20);
  expect(source.current).toMatchObject({ epoch: 1, address: '192.0.2.1', port: 3306 });
});

test('ready() waits for the first target, and no longer than acquireTimeout', async () => {
  const dns = falseDns('refused');
  const { source } = followed(dns, { acquireTimeout: '3s' });
  const late = expect(source.ready()).rejects.toMatchObject({
    code: 'SOURCE_UNKNOWN',
    cause: { code: 'EREFUSED' },
  });
  await pass(3_000);
  await late;
  const ready = source.ready();
  dns.say(ledgerOf(one, 1));
  await pass(100);
  expect(await ready).toEqual(source.current);
});

test('a dead nameserver costs nothing, and one that lags leads nobody back', async () => {
  const dns = falseDns(ledgerOf(one, 6));
  const { source, events } = followed(dns);
  await pass(100);
  dns.say('silent', '192.0.2.52');
  await pass(2_000);
  dns.say(ledgerOf(two, 7), '192.0.2.51');
  await pass(1_000);
  expect(source.current?.epoch).toBe(7);
  dns.say(ledgerOf(one, 6), '192.0.2.52');
  await pass(5_000);
  expect(events).toEqual(['moved 6 7']);
});

test.each<[string, string[], string]>([
  ['of another cluster', ledgerOf(two, 9, { cluster: 'other' }), 'belongs to another cluster'],
  ['of a later version', ledgerOf(two, 9, { v: '2' }), 'is of version 2, not 1'],
  ['with a field that must not be ignored', [...ledgerOf(two, 9), '!new=1'], 'has the field "!new"'],
  ['with a form that is none', ledgerOf(two, 9, { form: 'address/5/nowhere' }), 'which is not <type>'],
  ['that says nothing of addresses', ledgerOf(two, 9, { form: 'address/5/' }), 'the name is withdrawn'],
  ['without an end', [...ledgerOf(two, 9), ...Array(100).fill('x'.repeat(200))], 'more than 16384 bytes'],
])('a ledger %s keeps the target, and is told once', async (_what, ledger, why) => {
  const dns = falseDns(ledgerOf(one, 1));
  const { source, events } = followed(dns);
  await pass(100);
  dns.say(ledger);
  await pass(5_000);
  expect(source.current?.uuid).toBe(one.uuid);
  expect(events).toEqual([expect.stringMatching(/^stale: the ledger /)]);
  expect(events[0]).toContain(why);
});

test('no nameserver answers: the target stays, one lost answer is no news, and the questions are bounded', async () => {
  const dns = falseDns(ledgerOf(one, 1));
  const { source, events } = followed(dns);
  await pass(100);
  dns.say('silent');
  await pass(1_600);
  expect(events).toEqual([]);
  const asked = dns.asked();
  await pass(10_000);
  expect(events).toEqual(['stale: no nameserver answers']);
  expect(source.current?.epoch).toBe(1);
  expect(dns.asked() - asked).toBeLessThanOrEqual(22);
});

test('a changed address of the same server, in the same epoch, is used from then on', async () => {
  const dns = falseDns(ledgerOf(one, 4));
  const { source, events } = followed(dns);
  await pass(100);
  dns.say(ledgerOf({ ...one, address: '192.0.2.101' }, 4, { at: '2026-11-22T12:00:00.000Z' }), '192.0.2.51');
  await pass(2_000);
  expect(source.current?.address).toBe('192.0.2.101');
  dns.say(ledgerOf(two, 4, { at: '2026-11-22T13:00:00.000Z' }));
  await pass(2_000);
  expect(source.current?.uuid).toBe(one.uuid);
  expect(events.filter((event) => event.startsWith('moved'))).toEqual([]);
});

test('the option port counts for all servers; a host name is published without its last dot', async () => {
  const dns = falseDns(ledgerOf(one, 1, { form: 'cname/5/db1.example.com.' }));
  const { source } = followed(dns, { port: 3307 });
  await pass(100);
  expect(source.current).toMatchObject({ address: 'db1.example.com', port: 3307 });
});

/** A connection of a server that says this. */
const saying = (uuid: string, readOnly: 0 | 1) => ({
  on: () => {},
  stream: { destroy: () => {} },
  query: (_options: object, callback: (error: unknown, rows: unknown) => void) =>
    callback(null, [[uuid, readOnly, readOnly, 0]]),
});

test('a zone that went back: the target stays until it does not serve, and the other shows that it does', async () => {
  const dns = falseDns(ledgerOf(two, 7));
  const { source, events } = followed(dns);
  await pass(100);
  dns.say(ledgerOf(one, 5));
  await pass(3_000);
  expect(events).toEqual(['stale: the ledger went back from epoch 7 to 5']);
  // It is writable, but the target is, too.
  await source.check(saying(two.uuid, 0));
  await expect(source.check(saying(one.uuid, 1))).rejects.toMatchObject({ code: 'SOURCE_NOT_WRITABLE' });
  await expect(source.check(saying(two.uuid, 1))).rejects.toMatchObject({ code: 'SOURCE_NOT_WRITABLE' });
  expect(source.current?.epoch).toBe(7);
  await source.check(saying(one.uuid, 0));
  expect(source.current?.epoch).toBe(5);
  await pass(0);
  expect(events.at(-1)).toBe('moved 7 5');
});

test('a suspicion asks more often, ends, and begins again only after a success', async () => {
  const dns = falseDns(ledgerOf(one, 1));
  const { source, events } = followed(dns, { nameservers: ['192.0.2.51'], suspectFor: '10s' });
  await pass(100);
  const rate = async () => {
    const asked = dns.asked();
    await pass(5_000);
    return (dns.asked() - asked) / 5;
  };
  expect(await rate()).toBeLessThanOrEqual(1);
  const refuse = () => source.check(saying(one.uuid, 1)).catch(() => {});
  await refuse();
  expect(await rate()).toBeGreaterThan(15);
  await refuse();
  await pass(6_000);
  await refuse();
  expect(await rate()).toBeLessThanOrEqual(1);
  expect(events).toHaveLength(1);
  await source.check(saying(one.uuid, 0));
  await refuse();
  expect(await rate()).toBeGreaterThan(15);
});

test('after a thousand moves there is one target, and nothing has grown', async () => {
  const dns = falseDns(ledgerOf(one, 1));
  const { source } = followed(dns);
  let moves = 0;
  source.on('moved', () => {
    moves += 1;
  });
  await pass(100);
  for (let epoch = 2; epoch <= 1_001; epoch++) {
    dns.say(ledgerOf(epoch % 2 === 0 ? two : one, epoch, { at: '2026-11-22T11:30:00.000Z' }));
    await pass(1_000);
  }
  expect([moves, source.current?.epoch]).toEqual([1_000, 1_001]);
  expect(vi.getTimerCount()).toBe(nameservers.length);
});

test('those who ask in the same way share the questions, until the last one has closed', async () => {
  const dns = falseDns(ledgerOf(one, 1));
  const sources = [1, 2, 3].map(() => followed(dns, { acquireTimeout: '1m' }).source);
  const other = new FollowedSource(settingsOf(name, { nameservers, interval: '2s' }), dns.open);
  const askedIn = async (ms: number) => {
    const before = dns.asked();
    await pass(ms);
    return dns.asked() - before;
  };
  await pass(2_000);
  expect(await askedIn(20_000)).toBe(40 + 20);
  other.close();
  for (const source of sources.slice(1)) {
    source.close();
    source.close();
  }
  expect(await askedIn(20_000)).toBe(40);
  sources[0]?.close();
  expect(await askedIn(20_000)).toBe(0);
});

test.each<[string, FollowOptions | Record<string, unknown>, RegExp]>([
  ['a number', { interval: 1000 }, /interval must be a duration as '50ms'/],
  ['no unit', { suspectFor: '30' }, /suspectFor must be a duration/],
  ['too short', { interval: '1ms' }, /interval must be 100ms to 1h/],
  ['too long', { acquireTimeout: '1h' }, /acquireTimeout must be 10ms to 10m/],
  ['an unknown option', { intervall: '1s' }, /"intervall" is no option; the options are/],
  ['a host name as nameserver', { nameservers: ['ns1.example.com'] }, /nameservers must be IP addresses/],
  ['no nameserver', { nameservers: [] }, /list of 1 to 16/],
  ['a port that is none', { port: 0 }, /port must be/],
  ['a drain without a pool', { drain: '1s' }, /drain needs followSource/],
])('%s is a TypeError', (_what, options, message) => {
  expect(() => followName(name, options as FollowOptions, falseDns().open)).toThrow(message);
  expect(() => followName(name, options as FollowOptions, falseDns().open)).toThrow(TypeError);
});

test.each(['', 'localhost', '192.0.2.1', '::1', 'a b.example.com', `${'a.'.repeat(125)}com`])(
  'the name "%s" is refused',
  (wrong) => expect(() => followName(wrong, {}, falseDns().open)).toThrow(TypeError),
);
