/** How connections use the resolver: hanging lookups, last answers, known addresses. */

import type { LookupAddress } from 'node:dns';
import { expect, test } from 'vitest';
import type { Places } from '../../../../src/core/model/observation.ts';
import { systemClock } from '../../../../src/daemon/clock.ts';
import { HostLookup, type Resolver } from '../../../../src/mysql/connection/host-lookup.ts';

type Answer = Parameters<Parameters<Resolver>[1]>;

/** A resolver that answers only when the test says so. */
function heldResolver() {
  const held: ((...answer: Answer) => void)[] = [];
  const resolver: Resolver = (_host, done) => held.push(done);
  return { held, resolver };
}

const connectTo = (hosts: HostLookup, all: boolean, places?: Places): Promise<unknown> =>
  new Promise((resolve, reject) => {
    hosts.forConnect(() => places)('db1', { all }, (error, address) =>
      error ? reject(error) : resolve(address),
    );
  });

const address: LookupAddress = { address: '192.0.2.1', family: 4 };

test('a hanging resolver gets one question for each host, however many connections wait', async () => {
  const { held, resolver } = heldResolver();
  const hosts = new HostLookup(systemClock, resolver);
  const waiting = [hosts.ask('db1'), hosts.ask('db1'), connectTo(hosts, true), connectTo(hosts, false)];
  expect(held).toHaveLength(1);
  held[0]?.(null, [address]);
  expect(await Promise.all(waiting)).toEqual([[address], [address], [address], '192.0.2.1']);
});

test('a connection uses the last answer where the resolver hangs or fails', async () => {
  const { held, resolver } = heldResolver();
  const hosts = new HostLookup(systemClock, resolver);
  const first = hosts.ask('db1');
  held[0]?.(null, [address]);
  await first;
  expect(await connectTo(hosts, true)).toEqual([address]);
  expect(held).toHaveLength(2);
  held[1]?.(new Error('EAI_AGAIN'), []);
  const failing = connectTo(hosts, true);
  held[2]?.(new Error('ENOTFOUND'), []);
  expect(await failing).toEqual([address]);
});

test('each connection asks the resolver anew, so that it leads to a corrected record', async () => {
  const { held, resolver } = heldResolver();
  const hosts = new HostLookup(systemClock, resolver);
  for (const now of ['192.0.2.1', '192.0.2.4']) {
    const connecting = connectTo(hosts, true, { known: ['192.0.2.1'], refuted: [] });
    held.at(-1)?.(null, [{ address: now, family: 4 }]);
    expect(await connecting).toHaveProperty('0.address', now);
  }
});

test('without an earlier answer the lookup fails', async () => {
  const { held, resolver } = heldResolver();
  const hosts = new HostLookup(systemClock, resolver);
  const failing = connectTo(hosts, true);
  held[0]?.(new Error('ENOTFOUND'), []);
  await expect(failing).rejects.toThrow('ENOTFOUND');
});

test('a forgotten host keeps no answer, not even an answer in flight', async () => {
  const { held, resolver } = heldResolver();
  const hosts = new HostLookup(systemClock, resolver);
  for (const forgottenAt of ['before', 'after'] as const) {
    const asking = hosts.ask('db1');
    if (forgottenAt === 'before') hosts.forget('db1');
    held.at(-1)?.(null, [address]);
    await asking;
    if (forgottenAt === 'after') hosts.forget('db1');
    const failing = connectTo(hosts, true);
    held.at(-1)?.(new Error('ENOTFOUND'), []);
    await expect(failing).rejects.toThrow('ENOTFOUND');
  }
  // A new question makes the host wanted again.
  const first = hosts.ask('db1');
  hosts.forget('db1');
  const again = hosts.ask('db1');
  held.at(-1)?.(null, [address]);
  await Promise.all([first, again]);
  const failing = connectTo(hosts, true);
  held.at(-1)?.(new Error('ENOTFOUND'), []);
  expect(await failing).toEqual([address]);
});

test("a connection tries the resolver's addresses, then known addresses, then addresses of other servers", async () => {
  const { held, resolver } = heldResolver();
  const hosts = new HostLookup(systemClock, resolver);
  const places = { known: ['192.0.2.7', '2001:db8::7'], refuted: ['192.0.2.1'] };
  const addresses = async (answer: LookupAddress[] | Error, given: Places = places) => {
    const connecting = connectTo(hosts, true, given) as Promise<LookupAddress[]>;
    held.at(-1)?.(answer instanceof Error ? answer : null, answer instanceof Error ? [] : answer);
    return (await connecting).map((one) => `${one.family} ${one.address}`);
  };
  // Without an earlier answer, the known addresses are used.
  expect(await addresses(new Error('ENOTFOUND'))).toEqual(['4 192.0.2.7', '6 2001:db8::7']);
  const found = [address, { address: '192.0.2.8', family: 4 }, { address: '192.0.2.7', family: 4 }];
  expect(await addresses(found)).toEqual(['4 192.0.2.8', '4 192.0.2.7', '6 2001:db8::7', '4 192.0.2.1']);
  expect(await addresses([address], { known: [], refuted: ['192.0.2.1'] })).toEqual(['4 192.0.2.1']);
});
