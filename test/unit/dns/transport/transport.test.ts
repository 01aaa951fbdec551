/** Silence, broken connections, limits, lost datagrams. */
import { describe, expect, test } from 'vitest';
import type { MonoMs } from '../../../../src/core/model/units.ts';
import type { Rrset, UpdatePlan } from '../../../../src/core/model/zone.ts';
import { queueLimits } from '../../../../src/dns/transport/queue.ts';
import {
  aAnswer,
  address,
  checkForLeaks,
  clock,
  isUpdate,
  name,
  plan,
  sign,
  soon,
  start,
  unsigned,
  zone,
} from '../../../support/client-world.ts';
import { answerTo } from '../../../support/fake-nameserver.ts';

checkForLeaks();

describe('a kept connection', () => {
  test('carries all messages with different ids, and answers come in any order', async () => {
    const held: (() => void)[] = [];
    const { nameserver, client } = await start(
      (message, reply) => {
        held.push(() => reply(sign(aAnswer(message), message)));
        // Then each new RRset is read once more.
        if (held.length % 20 === 0) for (const release of held.splice(0).reverse()) release();
      },
      { messageId: () => 65_530 },
    );
    const questions = Array.from({ length: 20 }, () => address);
    const reading = await client.read({ zone, questions, deadline: soon() });
    expect(reading).toEqual({ kind: 'read', zone, rrsets: questions });
    expect(nameserver.connections()).toBe(1);
  });

  test('that the nameserver ended is opened again; a question is repeated, an update is not', async () => {
    // The first reading of an RRset is two questions.
    let hangUpAt = 3;
    const { nameserver, update, read } = await start((message, reply, _over, connection) => {
      if (nameserver.received.length === hangUpAt) connection?.destroy();
      else reply(sign(isUpdate(message) ? answerTo(message) : aAnswer(message), message));
    });
    expect(await read()).toMatchObject({ kind: 'read' });
    expect(await read()).toMatchObject({ kind: 'read' });
    expect(nameserver.connections()).toBe(2);
    hangUpAt = 5;
    expect(await update()).toMatchObject({ kind: 'unknown', failure: { code: 'connection-lost' } });
    expect(nameserver.received).toHaveLength(5);
    expect(await update()).toEqual({ kind: 'applied' });
    expect(nameserver.connections()).toBe(3);
  });

  test('that is silent is given up', async () => {
    let deaf = false;
    const { nameserver, read, update } = await start((message, reply) => {
      if (!deaf) reply(sign(isUpdate(message) ? answerTo(message) : aAnswer(message), message));
    });
    expect(await read()).toMatchObject({ kind: 'read' });
    deaf = true;
    expect(await update(soon(150))).toMatchObject({ kind: 'unknown', failure: { code: 'no-answer' } });
    deaf = false;
    expect(await read()).toMatchObject({ kind: 'read' });
    expect(nameserver.connections()).toBe(2);
    await expect.poll(() => nameserver.open(), { interval: 2 }).toBe(1);
  });

  test('with an answer above the limit fails that question', async () => {
    const { read } = await start((message, reply) =>
      reply(Buffer.concat([answerTo(message), Buffer.alloc(20_000)])),
    );
    expect(await read()).toMatchObject({
      kind: 'failed',
      failure: { code: 'malformed-answer', message: expect.stringContaining('bytes') },
    });
  });
});

describe('limits', () => {
  test.each(['tcp', 'udp'] as const)(
    '%s: messages above the limits, and late messages, are not sent',
    async (transport) => {
      const { inFlight, waitingOfLane } = queueLimits;
      const inFlightOfRank = inFlight.update;
      const { nameserver, update } = await start(() => {}, { transport });
      const tooMany = 200;
      const waiting = Array.from({ length: inFlightOfRank + waitingOfLane + tooMany }, () =>
        update(soon(900), soon(500)),
      );
      const outcomes = await Promise.all(waiting);
      const count = (code: string) =>
        outcomes.filter((outcome) => outcome.kind !== 'applied' && outcome.failure.code === code).length;
      // The messages in flight at the end came from the queue, if the connection was not yet open at the
      // start.
      expect(count('queue-full')).toBeGreaterThanOrEqual(tooMany);
      expect(count('queue-full')).toBeLessThanOrEqual(tooMany + inFlightOfRank);
      expect(count('queue-full') + count('expired')).toBe(tooMany + waitingOfLane);
      expect(count('no-answer')).toBe(inFlightOfRank);
      expect(outcomes.filter(({ kind }) => kind === 'unknown')).toHaveLength(inFlightOfRank);
      expect(nameserver.received).toHaveLength(inFlightOfRank);
    },
  );

  test.each(['tcp', 'udp'] as const)(
    '%s: after the deadline nothing is sent, and the result comes at once',
    async (transport) => {
      const { nameserver, update, read } = await start(() => {}, { transport });
      const past = (clock.mono() - 1) as MonoMs;
      expect(await update(past)).toMatchObject({ kind: 'refused', code: 'not-sent' });
      expect(await update(soon(), past)).toMatchObject({
        kind: 'refused',
        code: 'not-sent',
        failure: { code: 'expired' },
      });
      expect(await read(past)).toMatchObject({ kind: 'failed' });
      expect(nameserver.received).toHaveLength(0);
    },
  );

  test('close ends an update in flight as unknown', async () => {
    for (const transport of ['tcp', 'udp'] as const) {
      let arrived = () => {};
      const there = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const { client, update } = await start(() => arrived(), { transport });
      const pending = update();
      await there;
      await client.close();
      expect(await pending).toMatchObject({ kind: 'unknown', failure: { code: 'client-closed' } });
    }
  });
});

describe('UDP', () => {
  test('a lost question is repeated with a new signature; an update never is', async () => {
    const { nameserver, read, update } = await start(
      (message, reply) => {
        if (!isUpdate(message) && nameserver.received.length >= 2) reply(sign(aAnswer(message), message));
      },
      { transport: 'udp' },
    );
    expect(await read()).toMatchObject({ kind: 'read', rrsets: [address] });
    const [first, second] = nameserver.received;
    expect(first!.message.readUInt16BE()).not.toBe(second!.message.readUInt16BE());
    nameserver.received.length = 0;
    expect(await update(soon(700))).toMatchObject({ kind: 'unknown', failure: { code: 'no-answer' } });
    expect(nameserver.received).toHaveLength(1);
  });

  test.each(['tcp', 'udp'] as const)(
    'an update that is called back while it waits for its socket never leaves (%s)',
    async (transport) => {
      const { nameserver, client, read } = await start(
        (message, reply) => reply(sign(isUpdate(message) ? answerTo(message) : aAnswer(message), message)),
        {
          transport,
        },
      );
      const recall = new AbortController();
      const called = client.update({ plan, notAfter: soon(), deadline: soon(), recalled: recall.signal });
      recall.abort();
      expect(await called).toMatchObject({
        kind: 'refused',
        code: 'not-sent',
        failure: { code: 'recalled' },
      });
      expect(await read()).toMatchObject({ kind: 'read' });
      expect(nameserver.received.filter(({ message }) => isUpdate(message))).toEqual([]);
    },
  );

  test('an update whose evidence aged during the look-up is not sent', async () => {
    let lateMs = 0;
    const { nameserver, client, read } = await start(
      (message, reply) => reply(sign(aAnswer(message), message)),
      {
        transport: 'udp',
        clock: { ...clock, mono: () => (clock.mono() + lateMs) as MonoMs },
      },
    );
    const updating = client.update({ plan, notAfter: soon(1000), deadline: soon(60_000) });
    // The update has left the queue, and has no socket yet.
    lateMs = 1001;
    expect(await updating).toMatchObject({ kind: 'refused', code: 'not-sent', failure: { code: 'expired' } });
    lateMs = 0;
    expect(await read()).toMatchObject({ kind: 'read' });
    expect(nameserver.received.filter(({ message }) => isUpdate(message))).toEqual([]);
  });

  test('messages above 512 bytes, and truncated answers, go over TCP', async () => {
    const { nameserver, client, read } = await start(
      (message, reply, over) => {
        if (over === 'udp') reply(answerTo(message, { flags: 0x0600 }));
        else reply(sign(isUpdate(message) ? answerTo(message) : aAnswer(message), message));
      },
      { transport: 'udp' },
    );
    expect(await read()).toMatchObject({ kind: 'read', rrsets: [address] });
    expect(nameserver.received.map(({ over }) => over)).toEqual(['udp', 'tcp', 'udp', 'tcp']);
    const text: Rrset = { name, type: 'TXT', ttlSeconds: 5, rdata: [['x'.repeat(255), 'y'.repeat(255)]] };
    const long: UpdatePlan = { zone, prerequisites: [], changes: [{ kind: 'add-rrset', rrset: text }] };
    expect(await client.update({ plan: long, notAfter: soon(), deadline: soon() })).toEqual({
      kind: 'applied',
    });
    expect(nameserver.received.map(({ over }) => over)).toEqual(['udp', 'tcp', 'udp', 'tcp', 'tcp']);
  });
});

test('a datagram without a route or address family fails at once, and throws nothing', async () => {
  // A link-local address without its link, and the broadcast address: connect fails with EINVAL and EACCES,
  // as with ENETUNREACH on a machine without IPv6.
  for (const [host, code] of [
    ['fe80::1', 'EINVAL'],
    ['255.255.255.255', 'EACCES'],
  ] as const) {
    const { client } = await start(() => {}, { ...unsigned(), transport: 'udp', address: host });
    const begin = clock.mono();
    expect(await client.read({ zone, questions: [address], deadline: soon() })).toMatchObject({
      failure: { code: 'no-route', message: expect.stringContaining(code) },
    });
    expect(await client.update({ plan, notAfter: soon(), deadline: soon() })).toMatchObject({
      kind: 'refused',
      code: 'not-sent',
      failure: { code: 'no-route' },
    });
    expect(clock.mono() - begin).toBeLessThan(1000);
  }
});
