/** The client against a nameserver of our own making: forgers, silence, broken connections, limits, leaks. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Fqdn, MonoMs } from '../../src/core/units.ts';
import type { Rrset, UpdatePlan } from '../../src/core/zone.ts';
import { systemClock as clock } from '../../src/daemon/clock.ts';
import { createRfc2136Client, type Rfc2136Options } from '../../src/dns/rfc2136.ts';
import { MAX_IN_FLIGHT, MAX_QUEUED } from '../../src/dns/tcp-transport.ts';
import { tsigKey } from '../../src/dns/tsig.ts';
import type { ZoneClient } from '../../src/ports.ts';
import { answerTo, type FakeNameserver, type Handler, rr, signAnswer, soaRdata, startFakeNameserver, wire } from './fake-nameserver.ts';

const zone = 'example.com.' as Fqdn;
const name = 'source.example.com.' as Fqdn;
const key = tsigKey('k.' as Fqdn, 'hmac-sha256', Buffer.from('the secret of this test'));
const address: Rrset = { name, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] };
const plan: UpdatePlan = { zone, prerequisites: [], changes: [{ kind: 'add-rrset', rrset: address }] };

const soon = (ms = 3000) => (clock.mono() + ms) as MonoMs;
const nowSeconds = () => Math.floor(Date.now() / 1000);
const sign = (answer: Buffer, request: Buffer) => signAnswer(answer, request, key, nowSeconds());
const isUpdate = (message: Buffer) => (message.readUInt16BE(2) & 0x7800) === 0x2800;
const aAnswer = (message: Buffer, last = 1) => answerTo(message, { answers: [rr(name, 1, Buffer.of(192, 0, 2, last))] });

const running: { nameserver: FakeNameserver; client: ZoneClient }[] = [];

afterEach(async () => {
  for (const { nameserver, client } of running.splice(0)) {
    await client.close();
    await nameserver.close();
  }
  // No socket is left, on either side; a closed one needs a turn of the event loop to go.
  await expect.poll(() => process.getActiveResourcesInfo().filter((kind) => /TCP|UDP/.test(kind)), { interval: 1 }).toEqual([]);
});

async function start(handler: Handler, options: Partial<Rfc2136Options> = {}) {
  const nameserver = await startFakeNameserver(handler);
  const client = createRfc2136Client({
    name: 'ns1',
    address: '127.0.0.1',
    port: nameserver.port,
    transport: 'tcp',
    key,
    fudgeSeconds: 30,
    timeoutMs: 3000,
    clock,
    ...options,
  });
  running.push({ nameserver, client });
  const update = (deadline = soon(), notAfter = deadline) => client.update({ plan, notAfter, deadline });
  const read = (deadline = soon()) => client.read({ zone, questions: [address], deadline });
  return { nameserver, client, update, read };
}

describe('nothing that a forger sends is final', () => {
  const forgeries: [string, (message: Buffer) => Buffer, string][] = [
    ['NOERROR', (message) => answerTo(message), 'unsigned-answer'],
    ['NXRRSET', (message) => answerTo(message, { rcode: 8 }), 'unsigned-answer'],
    ['REFUSED', (message) => answerTo(message, { rcode: 5 }), 'update-refused'],
    ['NOTAUTH', (message) => answerTo(message, { rcode: 9 }), 'zone-not-served'],
    ['BADKEY', (message) => forged(message, { error: 17, mac: Buffer.alloc(0) }), 'tsig-badkey'],
    ['BADSIG', (message) => forged(message, { error: 16, mac: Buffer.alloc(0) }), 'tsig-badsig'],
    ['BADTIME without MAC', (message) => forged(message, { error: 18, mac: Buffer.alloc(0) }), 'tsig-badtime'],
    ['a MAC of zeros', (message) => forged(message, { mac: Buffer.alloc(32) }), 'answer-not-verified'],
    ['a time of yesterday', (message) => signAnswer(answerTo(message), message, key, nowSeconds() - 86_400), 'answer-not-verified'],
    ['no message at all', (message) => Buffer.concat([message.subarray(0, 2), Buffer.from('garbage')]), 'malformed-answer'],
  ];
  const forged = (message: Buffer, parts: Parameters<typeof signAnswer>[4]) =>
    signAnswer(answerTo(message, { rcode: 9 }), message, key, nowSeconds(), parts);

  describe.each(['tcp', 'udp'] as const)('%s', (transport) => {
    test.each(forgeries)('%s, and then the true answer', async (_, forge) => {
      const { update } = await start(
        (message, reply) => {
          reply(forge(message));
          reply(sign(answerTo(message), message));
        },
        { transport },
      );
      expect(await update()).toEqual({ kind: 'applied' });
    });

    test.each(forgeries)('%s alone: unknown, and it says what came', async (_, forge, code) => {
      const { update } = await start((message, reply) => reply(forge(message)), { transport });
      const begin = clock.mono();
      expect(await update(soon(400))).toMatchObject({ kind: 'unknown', failure: { code } });
      // On TCP a short grace is enough: see TCP_GRACE_MS. On UDP it listens to the end.
      if (transport === 'udp') expect(clock.mono() - begin).toBeGreaterThan(390);
      else expect(clock.mono() - begin).toBeLessThan(380);
    });
  });

  test('other ids, other questions, other opcodes and questions instead of answers are no answers', async () => {
    const { update } = await start((message, reply) => {
      const wrongId = answerTo(message);
      wrongId.writeUInt16BE(message.readUInt16BE() ^ 1);
      const wrongQuestion = answerTo(message, { rcode: 8 });
      wrongQuestion.write('axample', 13);
      const wrongOpcode = answerTo(message, { rcode: 8 });
      wrongOpcode.writeUInt16BE(0x8408, 2);
      for (const wrong of [wrongId, wrongQuestion, wrongOpcode, message, Buffer.of(1), Buffer.alloc(0)]) reply(wrong);
      reply(answerTo(message));
    }, unsigned());
    expect(await update()).toEqual({ kind: 'applied' });
  });
});

/** Without key: exactOptionalPropertyTypes does not take `key: undefined`. */
function unsigned(): Partial<Rfc2136Options> {
  return { key: undefined } as unknown as Partial<Rfc2136Options>;
}

describe('proven answers', () => {
  test.each([
    [0, 'applied'],
    [1, 'rejected formerr'],
    [2, 'rejected servfail'],
    [3, 'prerequisite-failed prerequisite-failed'],
    [4, 'rejected notimp'],
    [5, 'rejected update-refused'],
    [6, 'prerequisite-failed prerequisite-failed'],
    [7, 'prerequisite-failed prerequisite-failed'],
    [8, 'prerequisite-failed prerequisite-failed'],
    [9, 'rejected zone-not-served'],
    [10, 'rejected not-in-zone'],
    [11, 'rejected unexpected-rcode'],
  ])('RCODE %i', async (rcode, expected) => {
    for (const options of [{}, unsigned()]) {
      const { update } = await start((message, reply) => {
        const answer = answerTo(message, { rcode });
        reply('key' in options ? answer : sign(answer, message));
      }, options);
      const outcome = await update();
      expect(outcome.kind === 'refused' ? `${outcome.code} ${outcome.failure.code}` : outcome.kind).toBe(expected);
      if (outcome.kind === 'refused') expect(outcome.failure.message).toContain('ns1 (127.0.0.1:');
    }
  });

  test('a wrong clock is named', async () => {
    const other = Buffer.alloc(6);
    const { update } = await start((message, reply) => {
      other.writeUIntBE(nowSeconds() - 500, 0, 6);
      reply(signAnswer(answerTo(message, { rcode: 9 }), message, key, nowSeconds(), { error: 18, other }));
    });
    expect(await update()).toMatchObject({
      kind: 'refused',
      code: 'rejected',
      failure: {
        code: 'tsig-badtime',
        message: expect.stringMatching(/clock is (499|500|501) s behind the clock of this host, the fudge is 30 s/),
      },
    });
  });
});

describe('a kept connection', () => {
  test('is one, and answers may come in any order', async () => {
    const held: (() => void)[] = [];
    const { nameserver, client } = await start((message, reply) => {
      held.push(() => reply(sign(aAnswer(message), message)));
      if (held.length === 20) for (const release of held.reverse()) release();
    });
    const questions = Array.from({ length: 20 }, () => address);
    const reading = await client.read({ zone, questions, deadline: soon() });
    expect(reading).toEqual({ kind: 'read', zone, rrsets: questions });
    expect(nameserver.connections()).toBe(1);
  });

  test('ended by the nameserver, it is made again at the next use; a question is asked again, an update is not', async () => {
    let hangUpAt = 2;
    const { nameserver, update, read } = await start((message, reply, _over, connection) => {
      if (nameserver.received.length === hangUpAt) connection?.destroy();
      else reply(sign(isUpdate(message) ? answerTo(message) : aAnswer(message), message));
    });
    expect(await read()).toMatchObject({ kind: 'read' });
    expect(await read()).toMatchObject({ kind: 'read' });
    expect(nameserver.connections()).toBe(2);
    hangUpAt = 4;
    expect(await update()).toMatchObject({ kind: 'unknown', failure: { code: 'connection-lost' } });
    expect(nameserver.received).toHaveLength(4);
    expect(await update()).toEqual({ kind: 'applied' });
    expect(nameserver.connections()).toBe(3);
  });

  test('on which nothing comes any more is given up', async () => {
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

  test('with an answer longer than the limit is given up', async () => {
    const { read } = await start((message, reply) => reply(Buffer.concat([answerTo(message), Buffer.alloc(20_000)])));
    expect(await read()).toMatchObject({ kind: 'failed', failure: { code: 'connection-lost' } });
  });
});

describe('limits', () => {
  test(`${MAX_IN_FLIGHT} in flight, ${MAX_QUEUED} wait, more are not sent; what waits too long neither`, async () => {
    const { nameserver, update } = await start(() => {});
    const waiting = Array.from({ length: MAX_IN_FLIGHT + MAX_QUEUED }, () => update(soon(600), soon(300)));
    // The connection is not there yet, so all of them wait in the queue.
    const outcomes = await Promise.all(waiting);
    const count = (code: string) => outcomes.filter((outcome) => outcome.kind !== 'applied' && outcome.failure.code === code).length;
    expect([count('queue-full'), count('expired'), count('no-answer')]).toEqual([MAX_IN_FLIGHT, MAX_QUEUED - MAX_IN_FLIGHT, MAX_IN_FLIGHT]);
    expect(outcomes.filter(({ kind }) => kind === 'unknown')).toHaveLength(MAX_IN_FLIGHT);
    expect(nameserver.received).toHaveLength(MAX_IN_FLIGHT);
  });

  test('a deadline that has passed: nothing is sent, the answer comes at once', async () => {
    const { nameserver, update, read } = await start(() => {});
    const past = (clock.mono() - 1) as MonoMs;
    expect(await update(past)).toMatchObject({ kind: 'refused', code: 'not-sent' });
    expect(await update(soon(), past)).toMatchObject({ kind: 'refused', code: 'not-sent', failure: { code: 'expired' } });
    expect(await read(past)).toMatchObject({ kind: 'failed' });
    expect(nameserver.received).toHaveLength(0);
  });

  test('close ends what is in flight: an update as unknown', async () => {
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
  test('a lost question is asked again, each time signed anew; an update never is', async () => {
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

  test('what is longer than 512 bytes, and what was truncated, goes over TCP', async () => {
    const { nameserver, client, read } = await start(
      (message, reply, over) => {
        if (over === 'udp') reply(answerTo(message, { flags: 0x0600 }));
        else reply(sign(isUpdate(message) ? answerTo(message) : aAnswer(message), message));
      },
      { transport: 'udp' },
    );
    expect(await read()).toMatchObject({ kind: 'read', rrsets: [address] });
    expect(nameserver.received.map(({ over }) => over)).toEqual(['udp', 'tcp']);
    const text: Rrset = { name, type: 'TXT', ttlSeconds: 5, rdata: [['x'.repeat(255), 'y'.repeat(255)]] };
    const long: UpdatePlan = { zone, prerequisites: [], changes: [{ kind: 'add-rrset', rrset: text }] };
    expect(await client.update({ plan: long, notAfter: soon(), deadline: soon() })).toEqual({ kind: 'applied' });
    expect(nameserver.received.map(({ over }) => over)).toEqual(['udp', 'tcp', 'tcp']);
  });
});

describe('reading', () => {
  const soa = (owner: string) => rr(owner, 6, soaRdata(7));
  const find = async (handler: Handler) => {
    const { client } = await start(handler, unsigned());
    return client.read({ questions: [address], deadline: soon() });
  };

  test('NXDOMAIN and NODATA are nothing; other RCODEs, and answers without authority, are failures', async () => {
    const cases = [
      [{ rcode: 3 }, { kind: 'read', rrsets: [] }],
      [{}, { kind: 'read', rrsets: [] }],
      [{ rcode: 5 }, { failure: { code: 'query-refused' } }],
      [{ rcode: 2 }, { failure: { code: 'servfail' } }],
      [{ flags: 0 }, { failure: { code: 'not-authoritative' } }],
      [{ answers: [rr(name, 1, Buffer.of(1))] }, { failure: { code: 'malformed-answer' } }],
    ] as const;
    for (const [parts, expected] of cases) {
      const { read } = await start((message, reply) => reply(sign(answerTo(message, parts), message)));
      expect(await read()).toMatchObject(expected);
    }
  });

  test('the zone is found by SOA, once', async () => {
    const types: number[] = [];
    const { client } = await start((message, reply) => {
      const type = message.readUInt16BE(message.length - 4);
      types.push(type);
      reply(type === 6 ? answerTo(message, { rcode: 3, authorities: [soa(zone)] }) : aAnswer(message));
    }, unsigned());
    for (let round = 0; round < 2; round++)
      expect(await client.read({ questions: [address], deadline: soon() })).toEqual({ kind: 'read', zone, rrsets: [address] });
    expect(types).toEqual([6, 1, 1]);
  });

  test('behind a CNAME the SOA is of the zone of its target, so the parent is asked', async () => {
    const reading = await find((message, reply) => {
      const asked = message.includes(wire(name)) ? 'name' : 'parent';
      const cname = rr(name, 5, wire('db.elsewhere.test.'));
      if (asked === 'name') reply(answerTo(message, { answers: [cname], authorities: [soa('elsewhere.test.')] }));
      else reply(answerTo(message, { answers: [soa(zone)] }));
    });
    expect(reading).toEqual({ kind: 'read', zone, rrsets: [] });
  });

  test('the SOA of a zone that the name is not in is not taken', async () => {
    expect(await find((message, reply) => reply(answerTo(message, { authorities: [soa('elsewhere.test.')] })))).toMatchObject({
      failure: { code: 'zone-not-found' },
    });
  });
});

describe('propagation', () => {
  const present = [address];
  test('every nameserver is asked until it answers the new RRset; one that is away does not stop the others', async () => {
    let asked = 0;
    const late = await startFakeNameserver((message, reply) => {
      const type = message.readUInt16BE(message.length - 4);
      if (type === 6) reply(answerTo(message, { answers: [rr(zone, 6, soaRdata(42))] }));
      else reply(aAnswer(message, asked++ < 5 ? 9 : 1));
    });
    const { client } = await start(() => {}, {
      verify: [
        { host: '127.0.0.1', port: late.port },
        { host: '127.0.0.1', port: 1 },
      ],
    });
    const begin = Date.now();
    const report = await client.propagation({ zone, present, absent: [], deadline: soon(300) });
    await late.close();
    expect(report.nameservers).toMatchObject([
      { nameserver: `127.0.0.1:${late.port}`, serial: 42, answeredAt: expect.any(Number) },
      { nameserver: '127.0.0.1:1', failure: { code: 'connection-refused' } },
    ]);
    expect(report.nameservers[0]!.answeredAt).toBeGreaterThanOrEqual(begin);
  });

  test('without a list the NS RRset is asked for, at the address in the zone', async () => {
    const { client } = await start((message, reply) => {
      const type = message.readUInt16BE(message.length - 4);
      const ns = (host: string) => rr(zone, 2, wire(host));
      if (type === 2) reply(answerTo(message, { answers: [ns('ns1.example.com.'), ns('ns2.invalid.')] }));
      else if (message.includes(wire('ns1.example.com.')))
        reply(answerTo(message, { answers: type === 1 ? [rr('ns1.example.com.', 1, Buffer.of(127, 0, 0, 1))] : [] }));
      else if (type === 6) reply(answerTo(message, { answers: [rr(zone, 6, soaRdata(43))] }));
      else reply(aAnswer(message));
    }, unsigned());
    const report = await client.propagation({ zone, present, absent: [{ name, type: 'TXT' }], deadline: soon() });
    expect(report.nameservers).toMatchObject([
      { nameserver: expect.stringMatching(/^127\.0\.0\.1:/), serial: 43 },
      { nameserver: 'ns2.invalid.', failure: { code: 'nameserver-not-found' } },
    ]);
  });

  test('one that stays behind is told at the deadline', async () => {
    const { client, nameserver } = await start((message, reply) => reply(aAnswer(message, 9)));
    const again = createRfc2136Client({ ...optionsOf(nameserver.port), verify: [{ host: '127.0.0.1', port: nameserver.port }] });
    const report = await again.propagation({ zone, present, absent: [], deadline: soon(100) });
    await again.close();
    expect(report.nameservers).toMatchObject([{ failure: { code: 'not-propagated' } }]);
    expect(report.nameservers[0]).not.toHaveProperty('answeredAt');
    void client;
  });
});

const optionsOf = (port: number): Rfc2136Options => ({
  name: 'ns1',
  address: '127.0.0.1',
  port,
  transport: 'tcp',
  fudgeSeconds: 30,
  timeoutMs: 1000,
  clock,
});
