/** Reading, finding the zone, and watching the nameservers. */
import { describe, expect, test } from 'vitest';
import {
  aAnswer,
  address,
  checkForLeaks,
  name,
  sign,
  soon,
  start,
  unsigned,
  zone,
} from '../../../support/client-world.ts';
import {
  answerTo,
  type Handler,
  rr,
  soaRdata,
  startFakeNameserver,
  wire,
} from '../../../support/fake-nameserver.ts';

checkForLeaks();

describe('reading', () => {
  const soa = (owner: string) => rr(owner, 6, soaRdata(7));
  const find = async (handler: Handler) => {
    const { client } = await start(handler, unsigned());
    return client.read({ questions: [address], deadline: soon() });
  };

  test('NXDOMAIN and NODATA mean absent; other RCODEs, and answers without authority, fail', async () => {
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

  test('the zone is found by SOA once', async () => {
    const types: number[] = [];
    const { client } = await start((message, reply) => {
      const type = message.readUInt16BE(message.length - 4);
      types.push(type);
      reply(type === 6 ? answerTo(message, { rcode: 3, authorities: [soa(zone)] }) : aAnswer(message));
    }, unsigned());
    for (let round = 0; round < 2; round++)
      expect(await client.read({ questions: [address], deadline: soon() })).toEqual({
        kind: 'read',
        zone,
        rrsets: [address],
      });
    // A new RRset is read once more, after the name beside.
    expect(types).toEqual([6, 1, 1, 1]);
  });

  test("a CNAME's SOA is of its target's zone, so the parent is asked", async () => {
    const reading = await find((message, reply) => {
      const asked = message.includes(wire(name)) ? 'name' : 'parent';
      const cname = rr(name, 5, wire('db.com.'));
      if (asked === 'name') reply(answerTo(message, { answers: [cname], authorities: [soa('com.')] }));
      else reply(answerTo(message, { answers: [soa(zone)] }));
    });
    expect(reading).toEqual({ kind: 'read', zone, rrsets: [] });
  });

  test('the SOA of a zone without the name is ignored', async () => {
    expect(
      await find((message, reply) => reply(answerTo(message, { authorities: [soa('elsewhere.test.')] }))),
    ).toMatchObject({
      failure: { code: 'zone-not-found' },
    });
  });
});

describe('propagation', () => {
  const present = [address];
  test('every nameserver is asked until it answers the new RRset; an absent nameserver does not stop the others', async () => {
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
    const report = await client.propagation({ zone, present, absent: [], deadline: soon(1500) });
    await late.close();
    expect(report.nameservers).toMatchObject([
      { nameserver: `127.0.0.1:${late.port}`, serial: 42, answeredAt: expect.any(Number) },
      { nameserver: '127.0.0.1:1', failure: { code: 'connection-refused' } },
    ]);
    expect(report.nameservers[0]!.answeredAt).toBeGreaterThanOrEqual(begin);
  });

  test('without a list, the NS RRset decides, with the addresses in the zone', async () => {
    const { client } = await start((message, reply) => {
      const type = message.readUInt16BE(message.length - 4);
      const ns = (host: string) => rr(zone, 2, wire(host));
      if (type === 2) reply(answerTo(message, { answers: [ns('ns1.example.com.'), ns('ns2.invalid.')] }));
      else if (message.includes(wire('ns1.example.com.')))
        reply(
          answerTo(message, {
            answers: type === 1 ? [rr('ns1.example.com.', 1, Buffer.of(127, 0, 0, 1))] : [],
          }),
        );
      else if (type === 6) reply(answerTo(message, { answers: [rr(zone, 6, soaRdata(43))] }));
      else reply(aAnswer(message));
    }, unsigned());
    const report = await client.propagation({
      zone,
      present,
      absent: [{ name, type: 'TXT' }],
      deadline: soon(),
    });
    expect(report.nameservers).toMatchObject([
      { nameserver: expect.stringMatching(/^127\.0\.0\.1:/), serial: 43 },
      { nameserver: 'ns2.invalid.', failure: { code: 'nameserver-not-found' } },
    ]);
  });

  test('a nameserver that stays behind is reported at the deadline', async () => {
    const behind = await startFakeNameserver((message, reply) => reply(aAnswer(message, 9)));
    const { client } = await start(() => {}, { verify: [{ host: '127.0.0.1', port: behind.port }] });
    const report = await client.propagation({ zone, present, absent: [], deadline: soon(100) });
    await behind.close();
    expect(report.nameservers).toMatchObject([{ failure: { code: 'not-propagated' } }]);
    expect(report.nameservers[0]).not.toHaveProperty('answeredAt');
  });
});
