/** Finding and checking the zone of a name: cuts, aliases, referrals, another primary server. */
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../../src/core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../../../src/core/model/units.ts';
import {
  leastRestMs,
  longestRestMs,
  ReadingPace,
  readingSlotMs,
  zoneKnownForMs,
} from '../../../../src/dns/read/zone-reader.ts';
import {
  address,
  checkForLeaks,
  clock,
  name,
  soon,
  start,
  unsigned,
  zone,
} from '../../../support/client-world.ts';
import { answerTo, rr, soaRdata, wire } from '../../../support/fake-nameserver.ts';

checkForLeaks();

const typeOf = (message: Buffer) => message.readUInt16BE(message.length - 4);
const soa = (owner: string) => rr(owner, 6, soaRdata(7));
const child = 'db.example.com.' as Fqdn;
const inChild = { ...address, name: 'source.db.example.com.' as Fqdn };

describe('an answer from another zone', () => {
  test.each([
    ['a cut below the configured zone', zone, child],
    ['the zone above the configured one', child, zone],
  ])('%s: the reading fails, because an update would be lost or refused', async (_, configured, told) => {
    const { client } = await start(
      (message, reply) => reply(answerTo(message, { authorities: [soa(told)] })),
      unsigned(),
    );
    const reading = await client.read({ zone: configured, questions: [inChild], deadline: soon() });
    expect(reading).toMatchObject({
      kind: 'failed',
      failure: { code: 'not-in-zone', hint: expect.stringContaining(told) },
    });
  });

  test("a cluster's names in two zones fail: no message can change both", async () => {
    const { client } = await start(
      (message, reply) =>
        reply(
          answerTo(message, { rcode: 3, authorities: [soa(message.includes(wire(child)) ? child : zone)] }),
        ),
      unsigned(),
    );
    expect(await client.read({ questions: [address, inChild], deadline: soon() })).toMatchObject({
      failure: { code: 'not-in-zone' },
    });
  });

  test('a found zone is kept until an answer names another zone or its time is over', async () => {
    let apex: string = zone;
    let skew = 0;
    const asked: number[] = [];
    const { client } = await start(
      (message, reply) => {
        asked.push(typeOf(message));
        reply(answerTo(message, { authorities: [soa(apex)] }));
      },
      { ...unsigned(), clock: { ...clock, mono: () => (clock.mono() + skew) as MonoMs } },
    );
    const read = () => client.read({ questions: [inChild], deadline: (soon() + skew) as MonoMs });
    expect(await read()).toMatchObject({ zone });
    expect(await read()).toMatchObject({ zone });
    apex = child;
    expect(await read()).toMatchObject({ zone: child });
    expect(asked).toEqual([6, 1, 1, 1]);
    skew = zoneKnownForMs + 1;
    expect(await read()).toMatchObject({ zone: child });
    expect(asked).toEqual([6, 1, 1, 1, 6, 1]);
  });
});

test('a referral fails with the delegated zone and its nameservers', async () => {
  const { client } = await start(
    (message, reply) =>
      reply(answerTo(message, { flags: 0, authorities: [rr(child, 2, wire('ns7.example.net.'))] })),
    unsigned(),
  );
  expect(await client.read({ questions: [inChild], deadline: soon() })).toMatchObject({
    failure: {
      code: 'not-authoritative',
      message: expect.stringMatching(/delegates db\.example\.com\. to ns7\.example\.net\./),
    },
  });
});

test('a DNAME above the name fails the reading', async () => {
  const answers = [
    rr(child, 39, wire('elsewhere.test.')),
    rr(inChild.name, 5, wire('source.elsewhere.test.')),
  ];
  const { client } = await start((message, reply) => reply(answerTo(message, { answers })), unsigned());
  expect(await client.read({ zone, questions: [inChild], deadline: soon() })).toMatchObject({
    failure: { code: 'not-in-zone', message: expect.stringContaining('DNAME') },
  });
});

test('no question for a CNAME beside a question for an A: the answer has both', async () => {
  const { client, nameserver } = await start(
    (message, reply) =>
      reply(
        answerTo(message, {
          answers: [
            rr(name, 5, wire('db1.example.com.')),
            rr('db1.example.com.', 1, Buffer.of(192, 0, 2, 1)),
          ],
        }),
      ),
    unsigned(),
  );
  const questions = (['A', 'AAAA', 'CNAME'] as const).map((type) => ({ name, type }));
  // Only a CNAME that is seen for the first time is read once more.
  for (const asked of [
    [1, 28, 5],
    [1, 28],
  ]) {
    expect(await client.read({ zone, questions, deadline: soon() })).toMatchObject({
      rrsets: [{ type: 'CNAME', rdata: ['db1.example.com.'] }],
    });
    expect(nameserver.received.splice(0).map(({ message }) => typeOf(message))).toEqual(asked);
  }
});

test.each([
  [[127, 0, 0, 1], 0],
  [[192, 0, 2, 53], 1],
])('the SOA names a server at %j: warned %i times, however often it is read', async (primary, times) => {
  const warnings: Failure[] = [];
  const { client, nameserver } = await start(
    (message, reply) => {
      if (message.includes(wire('ns1.example.com.')))
        reply(
          answerTo(message, {
            answers: typeOf(message) === 1 ? [rr('ns1.example.com.', 1, Buffer.from(primary))] : [],
          }),
        );
      else reply(answerTo(message, { authorities: [soa(zone)] }));
    },
    { ...unsigned(), onWarning: (failure) => warnings.push(failure) },
  );
  for (let round = 0; round < 3; round++) await client.read({ questions: [address], deadline: soon() });
  await expect
    .poll(
      () => nameserver.received.filter(({ message }) => message.includes(wire('ns1.example.com.'))).length,
    )
    .toBe(2);
  await client.read({ questions: [address], deadline: soon() });
  expect(warnings.map(({ code }) => code)).toEqual(Array.from({ length: times }, () => 'not-the-primary'));
  if (times > 0) expect(warnings[0]?.message).toContain('ns1.example.com. (192.0.2.53)');
});

describe('the pace of reading', () => {
  const now = (ms: number) => ms as MonoMs;

  test('one cluster never rests; a thousand clusters spread over time', () => {
    const one = new ReadingPace();
    for (let second = 0; second < 100; second++) expect(one.restMs(now(second * 1000))).toBeUndefined();
    const many = new ReadingPace();
    const rests = Array.from({ length: 1000 }, () => many.restMs(now(0)));
    expect(rests[0]).toBeUndefined();
    expect(rests.find((rest) => rest !== undefined)).toBe(
      Math.ceil(leastRestMs / readingSlotMs) * readingSlotMs,
    );
    expect(rests.at(-1)).toBe(1000 * readingSlotMs);
    expect(new Set(rests.slice(100)).size).toBe(900);
  });

  test('no cluster rests longer than the limit', () => {
    const pace = new ReadingPace();
    for (let reading = 0; reading < 10_000; reading++) pace.restMs(now(0));
    expect(pace.restMs(now(0))).toBe(longestRestMs);
    expect(pace.restMs(now(60_000))).toBeUndefined();
  });
});
