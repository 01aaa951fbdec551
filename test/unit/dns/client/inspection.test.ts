/** The questions of `source-dns check`, to nameservers that misbehave. */
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import type { Question } from '../../../../src/core/model/zone.ts';
import type { DnsClient } from '../../../../src/dns/client/dns-client.ts';
import { compareSerials } from '../../../../src/dns/read/soa.ts';
import {
  checkForLeaks,
  isUpdate,
  key,
  name,
  nowSeconds,
  sign,
  soon,
  start,
  zone,
} from '../../../support/client-world.ts';
import {
  answerTo,
  type Handler,
  rr,
  signAnswer,
  soaRdata,
  startFakeNameserver,
} from '../../../support/fake-nameserver.ts';

checkForLeaks();

const soa = (serial: number, ttl = 5) => {
  const rdata = soaRdata(0);
  rdata.writeUInt32BE(serial, rdata.length - 20);
  return rr(zone, 6, rdata, { ttl });
};
const soaAnswer = (message: Buffer, serial: number, ttl?: number) =>
  answerTo(message, { answers: [soa(serial, ttl)] });
const inspect = async (handler: Handler, options = {}) =>
  ((await start(handler, options)).client as DnsClient).inspection;
const many = (count: number): readonly Question[] =>
  Array.from({ length: count }, (_, index) => ({ name: `n${index}.${zone}` as Fqdn, type: 'TXT' as const }));

describe('rights', () => {
  const granted = (message: Buffer) =>
    sign(answerTo(message, { rcode: message.readUInt16BE(6) > 0 ? 6 : 0 }), message);

  test('two messages suffice for 50 granted RRsets', async () => {
    let messages = 0;
    const { rights } = await inspect((message, reply) => {
      messages++;
      reply(granted(message));
    });
    expect(
      (await rights({ zone, rrsets: many(50), deadline: soon() })).every(({ right }) => right === 'granted'),
    ).toBe(true);
    expect(messages).toBe(2);
    expect(await rights({ zone, rrsets: many(51), deadline: soon() })).toHaveLength(51);
    expect(messages).toBe(6);
    expect(await rights({ zone, rrsets: [], deadline: soon() })).toEqual([]);
  });

  test('the probe detects a nameserver that ignores prerequisites, and leaves nothing there', async () => {
    const updates: Buffer[] = [];
    const { rights } = await inspect((message, reply) => {
      updates.push(message);
      reply(sign(answerTo(message), message));
    });
    expect(await rights({ zone, rrsets: [{ name, type: 'A' }], deadline: soon() })).toMatchObject([
      { name, type: 'A', right: 'unknown', failure: { code: 'prerequisites-ignored' } },
    ]);
    // The second message first adds the RR (class IN), then deletes it (class NONE).
    const address = Buffer.of(0, 4, 0, 0, 0, 0);
    expect(updates[1]!.indexOf(Buffer.concat([Buffer.of(0, 1, 0, 1, 0, 0, 0, 0), address]))).toBeLessThan(
      updates[1]!.indexOf(Buffer.concat([Buffer.of(0, 1, 0, 254, 0, 0, 0, 0), address])),
    );
  });

  test('an unsigned refusal proves nothing, and each RRset gets its own message', async () => {
    const { rights } = await inspect((message, reply) =>
      reply(message.includes('n1') ? answerTo(message, { rcode: 9 }) : granted(message)),
    );
    expect(await rights({ zone, rrsets: many(3), deadline: soon() })).toMatchObject([
      { right: 'granted' },
      { right: 'unknown', failure: { code: 'zone-not-served' } },
      { right: 'granted' },
    ]);
  });

  test('silence means unknown, by the deadline', async () => {
    const { rights } = await inspect(() => {});
    expect(await rights({ zone, rrsets: many(3), deadline: soon(100) })).toMatchObject(
      Array.from({ length: 3 }, () => ({ right: 'unknown', failure: { code: 'no-answer' } })),
    );
  });
});

describe('the SOA', () => {
  test.each([
    [300, 1],
    [0, 0],
  ])(
    'TTL %i: nothing is remembered longer than its MINIMUM, nor than its TTL',
    async (ttl, negativeTtlSeconds) => {
      const inspection = await inspect((message, reply) => reply(sign(soaAnswer(message, 7, ttl), message)));
      expect(await inspection.soa(zone, soon())).toMatchObject({
        kind: 'soa',
        soa: { serial: 7, primary: 'ns1.example.com.', negativeTtlSeconds },
      });
    },
  );

  test('malformed RDATA', async () => {
    const inspection = await inspect((message, reply) =>
      reply(sign(answerTo(message, { answers: [rr(zone, 6, soaRdata(7).subarray(1))] }), message)),
    );
    expect(await inspection.soa(zone, soon())).toMatchObject({
      kind: 'failed',
      failure: { code: 'zone-not-found' },
    });
  });

  test('the clock of a nameserver that is 20 s behind', async () => {
    const inspection = await inspect((message, reply) =>
      reply(signAnswer(soaAnswer(message, 7), message, { key, timeSeconds: nowSeconds() - 20 })),
    );
    const { clockAheadSeconds } = await inspection.soa(zone, soon());
    expect([-21, -20, -19]).toContain(clockAheadSeconds);
  });
});

describe('serials', () => {
  test('nameservers are behind, in step or ahead, also while the zone changes and when the serial wraps', async () => {
    let serial = 4_294_967_290;
    const others = [4_294_967_289, 4_294_967_290, 3, 4];
    const servers = await Promise.all(
      others.map((theirs) => startFakeNameserver((message, reply) => reply(soaAnswer(message, theirs)))),
    );
    const verify = [
      ...servers.map(({ port }) => ({ host: '127.0.0.1', port })),
      { host: '127.0.0.1', port: 1 },
    ];
    const { serials } = await inspect(
      (message, reply) => {
        reply(sign(soaAnswer(message, serial), message));
        serial = 3;
      },
      { verify },
    );
    const report = await serials(zone, soon(500));
    await Promise.all(servers.map((server) => server.close()));
    expect(report).toMatchObject({
      kind: 'serials',
      serial: 3,
      nameservers: [
        { step: 'behind', serial: 4_294_967_289 },
        { step: 'in-step' },
        { step: 'in-step', serial: 3 },
        { step: 'ahead', serial: 4 },
        { nameserver: '127.0.0.1:1', step: 'unknown', failure: { code: 'connection-refused' } },
      ],
    });
  });

  test('a nameserver without the zone, and a resolver, are unknown', async () => {
    const lame = await startFakeNameserver((message, reply) => reply(answerTo(message, { rcode: 5 })));
    const resolver = await startFakeNameserver((message, reply) =>
      reply(answerTo(message, { answers: [soa(7)], flags: 0 })),
    );
    const verify = [lame, resolver].map(({ port }) => ({ host: '127.0.0.1', port }));
    const { serials } = await inspect((message, reply) => reply(sign(soaAnswer(message, 7), message)), {
      verify,
    });
    const report = await serials(zone, soon());
    await Promise.all([lame.close(), resolver.close()]);
    expect(report).toMatchObject({
      nameservers: [
        { step: 'unknown', failure: { code: 'query-refused' } },
        { step: 'unknown', failure: { code: 'not-authoritative' } },
      ],
    });
  });

  test('serials compare by RFC 1982', () => {
    expect(compareSerials(1, 1)).toBe(0);
    expect(compareSerials(2, 1)).toBeGreaterThan(0);
    expect(compareSerials(0, 4_294_967_295)).toBeGreaterThan(0);
    expect(compareSerials(4_294_967_295, 0)).toBeLessThan(0);
    expect(compareSerials(2_147_483_648, 1)).toBeGreaterThan(0);
  });
});

test('a signed refusal of one RRset is final after one message', async () => {
  const seen: boolean[] = [];
  const { rights } = await inspect((message, reply) => {
    seen.push(isUpdate(message));
    reply(sign(answerTo(message, { rcode: 5 }), message));
  });
  expect(await rights({ zone, rrsets: [{ name, type: 'SRV' }], deadline: soon() })).toMatchObject([
    { right: 'denied' },
  ]);
  expect(seen).toEqual([true]);
});
