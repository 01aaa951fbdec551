/** Odd NS RRsets and odd MNAMEs: no odd look-up, and one clear sentence of bounded size for each. */
import { lookup } from 'node:dns/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Failure } from '../../../../src/core/model/observation.ts';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import { maxNameservers } from '../../../../src/dns/read/authoritative.ts';
import { systemSockets, transportsOn } from '../../../../src/dns/transport/open.ts';
import { address, checkForLeaks, soon, start, unsigned, zone } from '../../../support/client-world.ts';
import {
  type AnswerParts,
  answerTo,
  type FakeNameserver,
  rr,
  soaRdata,
  startFakeNameserver,
  u16,
  wire,
} from '../../../support/fake-nameserver.ts';

vi.mock('node:dns/promises', () => ({ lookup: vi.fn() }));
checkForLeaks();

const typeOf = (message: Buffer) => message.readUInt16BE(message.length - 4);
const known: Record<string, readonly string[]> = {};
beforeEach(() => {
  for (const host of Object.keys(known)) delete known[host];
  vi.mocked(lookup).mockReset();
  vi.mocked(lookup).mockImplementation((async (host: string) => {
    const addresses = known[host];
    if (addresses === undefined) throw Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    return addresses.map((one) => ({ address: one, family: 4 }));
  }) as never);
});
const lookedUp = () => vi.mocked(lookup).mock.calls.map(([host]) => host);

const others: FakeNameserver[] = [];
afterEach(async () => {
  for (const other of others.splice(0)) await other.close();
});

/** An RRset of the zone, by owner and type. */
type Zone = Record<string, readonly Buffer[]>;
const a = (owner: string, ...bytes: number[]) => rr(owner, 1, Buffer.from(bytes));
const held = (owner: string, type: number) => `${owner} ${type}`;

/** A primary server of the zone at 127.0.0.1. `ns`: the targets of its NS RRset. */
async function world(ns: readonly Buffer[], records: Zone = {}, options: Parameters<typeof start>[1] = {}) {
  const zoneRecords: Zone = {
    [held(zone, 2)]: ns.map((target) => rr(zone, 2, target)),
    [held(zone, 6)]: [rr(zone, 6, soaRdata(7))],
    ...records,
  };
  const find = (message: Buffer, type: number) =>
    Object.entries(zoneRecords).find(([key]) => {
      const [owner = ''] = key.split(' ');
      return key === held(owner, type) && message.subarray(12, -4).equals(wire(owner));
    })?.[1];
  return await start(
    (message, reply) =>
      reply(answerTo(message, { answers: find(message, typeOf(message)) ?? find(message, 5) ?? [] })),
    {
      ...unsigned(),
      ...options,
    },
  );
}

const present = [address];
async function report(ns: readonly Buffer[], records: Zone = {}, options: Parameters<typeof start>[1] = {}) {
  const { client, nameserver } = await world(
    ns,
    { [held(address.name, 1)]: [a(address.name, 192, 0, 2, 1)], ...records },
    options,
  );
  const { nameservers } = await client.propagation({ zone, present, absent: [], deadline: soon(1500) });
  return { nameservers, port: nameserver.port };
}

describe('an NS RRset with', () => {
  const cannot: [string, Buffer, Zone, RegExp, readonly string[]][] = [
    ['the root as a target', wire('.'), {}, /cannot ask \., a nameserver.*it is the root/, []],
    [
      'an unknown name',
      wire('ns9.example.net.'),
      {},
      /ns9\.example\.net\.,.*it has no address/,
      ['ns9.example.net'],
    ],
    [
      'a name of our own zone without addresses',
      wire('ns9.example.com.'),
      {},
      /it has no address/,
      ['ns9.example.com'],
    ],
    ['a name that is a number to getaddrinfo', wire('127.1.'), {}, /127\.1\.,.*it is not a host name/, []],
    [
      'a name that looks like an address',
      wire('127.0.0.1.'),
      {},
      /127\.0\.0\.1\.,.*it is an address, not a host name/,
      [],
    ],
    [
      'an escaped name',
      Buffer.concat([Buffer.of(4), Buffer.from('n.s1'), wire('example.net.')]),
      {},
      /n\\046s1\.example\.net\.,.*not a host name/,
      [],
    ],
    [
      'a name outside ASCII',
      Buffer.concat([Buffer.of(3), Buffer.from('nä'), wire('example.net.')]),
      {},
      /not a host name/,
      [],
    ],
    [
      'an alias that leads nowhere',
      wire('alias.example.com.'),
      { [held('alias.example.com.', 5)]: [rr('alias.example.com.', 5, wire('gone.example.net.'))] },
      /it is an alias \(CNAME\)/,
      ['alias.example.com'],
    ],
    [
      '0.0.0.0',
      wire('ns9.example.com.'),
      { [held('ns9.example.com.', 1)]: [a('ns9.example.com.', 0, 0, 0, 0)] },
      /it has an unspecified address, 0\.0\.0\.0/,
      [],
    ],
    [
      'a multicast address',
      wire('ns9.example.com.'),
      { [held('ns9.example.com.', 1)]: [a('ns9.example.com.', 224, 0, 0, 251)] },
      /it has a multicast address/,
      [],
    ],
  ];
  test.each(cannot)('%s: one sentence, and no odd look-up', async (...[, target, records, says, hosts]) => {
    const { nameservers } = await report([target], records);
    expect(nameservers).toMatchObject([
      {
        failure: {
          code: 'nameserver-not-found',
          message: expect.stringMatching(says),
          hint: expect.stringContaining('verify'),
        },
      },
    ]);
    expect(nameservers[0]!.failure!.message.length).toBeLessThan(300);
    expect(lookedUp()).toEqual(hosts);
  });

  test('a loopback address is not asked if the primary server is elsewhere', async () => {
    // The connection goes to our nameserver; later its name leads elsewhere.
    let lookups = 0;
    vi.mocked(lookup).mockImplementation((async () => [
      { address: ++lookups > 1 ? '192.0.2.53' : '127.0.0.1', family: 4 },
    ]) as never);
    const local = { [held('ns9.example.com.', 1)]: [a('ns9.example.com.', 127, 0, 0, 1)] };
    const { nameservers } = await report([wire('ns9.example.com.')], local, {
      address: 'primary.example.net',
    });
    expect(nameservers).toMatchObject([
      { failure: { message: expect.stringMatching(/it has a loopback address, 127\.0\.0\.1/) } },
    ]);
  });

  test('an address without a route fails only if no other address of the name answers', async () => {
    const answers = [a('ns1.example.com.', 127, 0, 0, 1)];
    const broken = [rr('ns1.example.com.', 28, Buffer.from('20010db8000000000000000000000053', 'hex'))];
    const unroutable = (kind: string) => ({
      ...systemSockets,
      datagrams: (family: 'udp4' | 'udp6') => {
        const socket = systemSockets.datagrams(family);
        if (family === kind)
          socket.connect = ((_port: number, _host: string, done: (error: Error) => void) =>
            setImmediate(() => done(Object.assign(new Error(), { code: 'ENETUNREACH' })))) as never;
        return socket;
      },
    });
    const options = { openTransport: transportsOn(unroutable('udp6')) };
    const both = await report(
      [wire('ns1.example.com.')],
      { [held('ns1.example.com.', 1)]: answers, [held('ns1.example.com.', 28)]: broken },
      options,
    );
    expect(both.nameservers).toEqual([
      { nameserver: `127.0.0.1:${both.port}`, answeredAt: expect.any(Number), serial: 7 },
    ]);
    const alone = await report(
      [wire('ns1.example.com.')],
      { [held('ns1.example.com.', 28)]: broken },
      options,
    );
    expect(alone.nameservers).toMatchObject([
      {
        nameserver: '[2001:db8::53]:53',
        failure: { code: 'no-route', message: expect.stringContaining('ENETUNREACH') },
      },
    ]);
  });

  test('an address under two names is asked once', async () => {
    const { nameservers, port } = await report([wire('ns1.example.com.'), wire('ns2.example.com.')], {
      [held('ns1.example.com.', 1)]: [a('ns1.example.com.', 127, 0, 0, 1)],
      [held('ns2.example.com.', 1)]: [a('ns2.example.com.', 127, 0, 0, 1)],
    });
    expect(nameservers).toEqual([
      { nameserver: `127.0.0.1:${port}`, answeredAt: expect.any(Number), serial: 7 },
    ]);
  });

  test('records of another class or owner do not count', async () => {
    const { nameservers } = await report([], {
      [held(zone, 2)]: [
        rr(zone, 2, wire('ns9.example.net.'), { klass: 3 }),
        rr('example.org.', 2, wire('ns8.example.net.')),
      ],
    });
    expect(nameservers).toMatchObject([
      {
        nameserver: `the nameservers of ${zone}`,
        failure: { message: expect.stringContaining('cannot read an NS RRset') },
      },
    ]);
    expect(lookedUp()).toEqual([]);
  });

  test('no record: the zone has no NS RRset', async () => {
    const { nameservers } = await report([]);
    expect(nameservers).toMatchObject([
      {
        failure: {
          code: 'nameserver-not-found',
          message: expect.stringContaining('cannot read an NS RRset'),
        },
      },
    ]);
  });

  test('more names than the limit: the rest is not looked up', async () => {
    const { nameservers } = await report(
      Array.from({ length: 40 }, (_, index) => wire(`ns${index}.example.net.`)),
    );
    expect(nameservers).toHaveLength(maxNameservers);
    expect(lookedUp()).toHaveLength(maxNameservers);
  });

  test('a hanging resolver does not delay the report beyond the deadline', async () => {
    vi.mocked(lookup).mockReturnValue(new Promise(() => {}) as never);
    const { client } = await world([wire('ns9.example.net.')]);
    const { nameservers } = await client.propagation({ zone, present, absent: [], deadline: soon(200) });
    expect(nameservers).toMatchObject([
      { failure: { message: expect.stringContaining('resolver of this machine does not answer in time') } },
    ]);
  });
});

describe('a nameserver that does not serve the zone', () => {
  const lame: [string, AnswerParts, string, RegExp][] = [
    [
      'REFUSED',
      { rcode: 5 },
      'query-refused',
      /answered REFUSED.*it does not serve that zone, or this host may not query it/,
    ],
    ['SERVFAIL, as of an expired zone', { rcode: 2 }, 'servfail', /answered SERVFAIL/],
    ['NOTAUTH', { rcode: 9 }, 'zone-not-served', /answered NOTAUTH/],
    ['an answer without authority', { flags: 0 }, 'not-authoritative', /without authority/],
    [
      'an upward referral',
      { flags: 0, authorities: [rr('.', 2, wire('a.root-servers.net.'))] },
      'not-authoritative',
      /without authority/,
    ],
  ];
  test.each(lame)(
    '%s: its own sentence, with the hint for a listed nameserver',
    async (_, parts, code, says) => {
      const other = await startFakeNameserver((message, reply) => reply(answerTo(message, parts)));
      others.push(other);
      const { client } = await world([], {}, { verify: [{ host: '127.0.0.1', port: other.port }] });
      const { nameservers } = await client.propagation({ zone, present, absent: [], deadline: soon(400) });
      expect(nameservers).toMatchObject([
        {
          nameserver: `127.0.0.1:${other.port}`,
          failure: {
            code,
            message: expect.stringMatching(says),
            hint: expect.stringContaining('remove this nameserver from the NS RRset'),
          },
        },
      ]);
      // The nameserver is asked ever less often.
      expect(other.received.length).toBeLessThan(40);
    },
  );
});

test.each(['verify', 'resolvers'] as const)(
  'a host name of %s that has several addresses is asked at each: that is no doubt about a lock',
  async (list) => {
    known['both.example.net'] = ['127.0.0.1', '127.0.0.2'];
    known['one.example.net'] = ['127.0.0.1'];
    const other = await startFakeNameserver((message, reply) =>
      reply(
        answerTo(message, {
          answers: typeOf(message) === 6 ? [rr(zone, 6, soaRdata(7))] : [a(address.name, 192, 0, 2, 1)],
        }),
      ),
    );
    others.push(other);
    const { port } = other;
    const hosts = ['both.example.net', 'one.example.net'].map((host) => ({ host, port }));
    const { client } = await world([], {}, { [list]: hosts });
    const among = list === 'resolvers' ? ({ among: 'resolvers' } as const) : {};
    const { nameservers } = await client.propagation({
      zone,
      present,
      absent: [],
      ...among,
      deadline: soon(600),
    });
    expect(nameservers).toMatchObject([
      { nameserver: `127.0.0.1:${port}`, answeredAt: expect.any(Number) },
      {
        nameserver: `127.0.0.2:${port}`,
        failure: { code: expect.stringMatching(/no-answer|connection-refused/) },
      },
      { nameserver: `one.example.net:${port}`, answeredAt: expect.any(Number) },
    ]);
  },
);

describe('the MNAME of the SOA', () => {
  const soaOf = (mname: Buffer) =>
    rr(
      zone,
      6,
      Buffer.concat([mname, wire('hostmaster.example.com.'), ...[0, 7, 0, 60, 0, 60, 0, 60, 0, 1].map(u16)]),
    );
  async function warned(mname: Buffer, records: Record<string, Buffer> = {}): Promise<Failure> {
    let warn: (failure: Failure) => void = () => {};
    const warning = new Promise<Failure>((resolve) => {
      warn = resolve;
    });
    const { client } = await start(
      (message, reply) => {
        const record = Object.entries(records).find(([owner]) =>
          message.subarray(12, -4).equals(wire(owner)),
        );
        if (record && typeOf(message) === 1) reply(answerTo(message, { answers: [record[1]] }));
        else reply(answerTo(message, { authorities: [soaOf(mname)] }));
      },
      { ...unsigned(), onWarning: warn },
    );
    await client.read({ questions: [address], deadline: soon() });
    return await warning;
  }

  test.each([
    ['the root, as of a hidden primary', wire('.'), /names no primary server \(its MNAME is the root\)/, []],
    [
      'an unknown name',
      wire('ns9.example.net.'),
      /names ns9\.example\.net\. \(which has no address\)/,
      ['ns9.example.net'],
    ],
    [
      'a name in another zone',
      wire('known.example.net.'),
      /names known\.example\.net\. \(192\.0\.2\.99\)/,
      ['known.example.net'],
    ],
    ['a number', wire('1.'), /names 1\. \(which is not a host name\)/, []],
    [
      'a name outside ASCII',
      Buffer.concat([Buffer.of(3), Buffer.from('nä'), wire('example.net.')]),
      /which is not a host name/,
      [],
    ],
    [
      'a name of a thousand characters',
      Buffer.concat([
        ...Array.from({ length: 3 }, () => Buffer.concat([Buffer.of(63), Buffer.alloc(63, 1)])),
        wire('.'),
      ]),
      /\.\.\. \(which is not a host name\)/,
      [],
    ],
  ] as const)('%s: one sentence, and no odd look-up', async (_, mname, says, hosts) => {
    known['known.example.net'] = ['192.0.2.99'];
    const { code, message, hint } = await warned(mname);
    expect([code, hint]).toEqual(['not-the-primary', expect.stringContaining('hidden primary')]);
    expect(message).toMatch(says);
    expect(message.length).toBeLessThan(400);
    expect(lookedUp()).toEqual(hosts);
  });

  test('a name in the zone is resolved at the primary server', async () => {
    const { message } = await warned(wire(zone), { [zone]: a(zone, 192, 0, 2, 80) });
    expect(message).toContain(`names ${zone} (192.0.2.80)`);
    expect(lookedUp()).toEqual([]);
  });

  test('our address under another name gives no warning', async () => {
    const warnings: Failure[] = [];
    const asked: number[] = [];
    const { client } = await start(
      (message, reply) => {
        asked.push(typeOf(message));
        const isHost = message.subarray(12, -4).equals(wire('other.example.com.'));
        if (isHost && typeOf(message) === 1)
          reply(answerTo(message, { answers: [a('other.example.com.', 127, 0, 0, 1)] }));
        else reply(answerTo(message, { authorities: [soaOf(wire('other.example.com.'))] }));
      },
      { ...unsigned(), onWarning: (failure) => warnings.push(failure) },
    );
    await client.read({ questions: [address], deadline: soon() });
    await expect.poll(() => asked.length, { interval: 2 }).toBe(4);
    await client.read({ zone: zone as Fqdn, questions: [address], deadline: soon() });
    expect(warnings).toEqual([]);
  });
});
