/** DNS messages and RDATA as bytes, also malformed ones. */
import dnsPacket from 'dns-packet';
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import type { Question, Rrset } from '../../../../src/core/model/zone.ts';
import { answeredRrset, encodeRdata } from '../../../../src/dns/message/rdata.ts';
import { decodeMessage, encodeMessage, maxAnswerBytes } from '../../../../src/dns/message/wire.ts';
import { answerTo, rr, u16, wire } from '../../../support/fake-nameserver.ts';
import { seeded } from '../../../support/seeded.ts';

const name = 'source.example.com.' as Fqdn;
const query = (type: number) =>
  encodeMessage({ id: 4711, opcode: 0, question: { name, type }, answers: [], authorities: [] });
const numbers = { A: 1, CNAME: 5, TXT: 16, AAAA: 28, SRV: 33 } as const;

test('dns-packet reads our question', () => {
  expect(dnsPacket.decode(query(28))).toMatchObject({
    id: 4711,
    type: 'query',
    flag_rd: false,
    questions: [{ name: 'source.example.com', type: 'AAAA', class: 'IN' }],
    answers: [],
    additionals: [],
  });
});

const rrsets: readonly Rrset[] = [
  { name, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1', '0.0.0.0', '255.255.255.255'] },
  {
    name,
    type: 'AAAA',
    ttlSeconds: 5,
    rdata: ['2001:db8::1', '::', '::1', '2001:db8:0:1:1:1:1:1', '2001:db8::1:0:0:1', '::ffff:192.0.2.1'],
  },
  { name, type: 'CNAME', ttlSeconds: 5, rdata: ['db2.example.com.'] },
  {
    name,
    type: 'SRV',
    ttlSeconds: 5,
    rdata: [{ priority: 1, weight: 65_535, port: 3306, target: 'db\\0462.example.com.' as Fqdn }],
  },
  { name, type: 'TXT', ttlSeconds: 5, rdata: [['v=1', '', '\0\xff"\\;', 'x'.repeat(255)], ['another']] },
];

test.each(rrsets)('$type: written RDATA reads back the same', (rrset) => {
  const encoded = encodeRdata(rrset);
  if (encoded.kind === 'invalid') throw new Error(encoded.fault);
  const answers = encoded.rdata.map((rdata) => rr(name, numbers[rrset.type], rdata));
  const message = decodeMessage(answerTo(query(numbers[rrset.type]), { answers }))!;
  expect(answeredRrset(message, rrset)).toEqual(rrset);
  // The caller's arrays stay unchanged; dns-packet's TXT encoder would change them.
  expect(encodeRdata(rrset)).toEqual(encoded);
});

test.each([
  ['A', '1.2.3.400'],
  ['A', '1.2.3'],
  ['A', 'db1.example.com.'],
  ['A', '::1'],
  ['AAAA', '192.0.2.1'],
  ['AAAA', 'fe80::1%eth0'],
  ['CNAME', 'no-final-dot'],
  ['CNAME', 'a b.'],
] as const)('%s %j cannot be written', (type, text) => {
  expect(encodeRdata({ name, type, ttlSeconds: 5, rdata: [text] })).toMatchObject({ kind: 'invalid' });
});

test.each([[[]], [['x'.repeat(256)]], [['€']]])('TXT %j cannot be written', (strings) => {
  expect(encodeRdata({ name, type: 'TXT', ttlSeconds: 5, rdata: [strings] })).toMatchObject({
    kind: 'invalid',
  });
});

test.each([-1, 65_536, 1.5, Number.NaN])('SRV port %d cannot be written', (port) => {
  const rdata = [{ priority: 0, weight: 0, port, target: name }];
  expect(encodeRdata({ name, type: 'SRV', ttlSeconds: 5, rdata })).toMatchObject({ kind: 'invalid' });
});

describe('RRs that answer a question', () => {
  const question: Question = { name, type: 'A' };
  const target = 'db2.example.com.';
  const read = (...answers: Buffer[]) =>
    answeredRrset(decodeMessage(answerTo(query(1), { answers }))!, question);
  const a = (owner: string, last: number, options = {}) => rr(owner, 1, Buffer.of(192, 0, 2, last), options);

  test('addresses behind a CNAME are of another name', () => {
    expect(read(rr(name, 5, wire(target)), a(target, 1))).toBe('absent');
  });
  test("the owner's case does not matter, and the lowest TTL counts", () => {
    expect(read(a(name, 1, { ttl: 9 }), a(name, 2, { ttl: 7 }))).toMatchObject({
      rdata: ['192.0.2.1', '192.0.2.2'],
      ttlSeconds: 7,
    });
    const shouted = answerTo(query(1), { answers: [a(name, 1)] });
    shouted.write('SOURCE', shouted.lastIndexOf('source'));
    expect(answeredRrset(decodeMessage(shouted)!, question)).toMatchObject({ name, rdata: ['192.0.2.1'] });
  });
  test('an RR of another class does not answer', () => {
    expect(read(a(name, 1, { klass: 3 }))).toBe('absent');
  });
  test('RDATA of the wrong length is malformed', () => {
    expect(read(rr(name, 1, Buffer.of(192, 0, 2)))).toBe('malformed');
    expect(read(rr(name, 1, Buffer.alloc(0)))).toBe('malformed');
    expect(
      answeredRrset(decodeMessage(answerTo(query(16), { answers: [rr(name, 16, Buffer.of(5, 97))] }))!, {
        name,
        type: 'TXT',
      }),
    ).toBe('malformed');
  });
});

describe('malformed messages', () => {
  const good = answerTo(query(1), { answers: [rr(name, 1, Buffer.of(192, 0, 2, 1))] });

  test('the reader refuses every cut message', () => {
    expect(decodeMessage(good)).toBeDefined();
    for (let length = 0; length < good.length; length++)
      expect(decodeMessage(good.subarray(0, length))).toBeUndefined();
    expect(decodeMessage(Buffer.concat([good, Buffer.of(0)]))?.answers).toHaveLength(
      decodeMessage(good)!.answers.length,
    );
  });

  test('counts that are too high cost no work', () => {
    const liar = Buffer.from(good);
    for (const at of [4, 6, 8, 10]) liar.writeUInt16BE(0xffff, at);
    expect(decodeMessage(liar)).toBeUndefined();
  });

  test('a message above the limit is refused', () => {
    const long = answerTo(query(16), { answers: [rr(name, 16, Buffer.alloc(maxAnswerBytes))] });
    expect(decodeMessage(long)).toBeUndefined();
  });

  test('pointer chains in the longest message take no time', () => {
    const header = answerTo(query(1)).subarray(0, 12);
    const chain = Buffer.alloc(maxAnswerBytes - 12);
    // A root name, then a chain of pointers: each RR's owner goes through many of them.
    for (let at = 1; at + 2 <= chain.length; at += 2)
      u16(0xc000 | ((12 + Math.max(0, at - 2)) & 0x3fff)).copy(chain, at);
    const message = Buffer.concat([header, chain]);
    message.writeUInt16BE(0xffff, 6);
    const begin = performance.now();
    for (let round = 0; round < 20; round++) decodeMessage(message);
    expect((performance.now() - begin) / 20).toBeLessThan(50);
  });

  test('200,000 random and changed messages throw nothing', () => {
    const random = seeded(20_261_122);
    const questions: readonly Question[] = (['A', 'AAAA', 'CNAME', 'SRV', 'TXT'] as const).map((type) => ({
      name,
      type,
    }));
    const seeds = rrsets.map((rrset) => {
      const encoded = encodeRdata(rrset);
      const answers =
        encoded.kind === 'encoded' ? encoded.rdata.map((rdata) => rr(name, numbers[rrset.type], rdata)) : [];
      return answerTo(query(numbers[rrset.type]), { answers });
    });
    let wellFormed = 0;
    for (let round = 0; round < 200_000; round++) {
      const message = Buffer.from(seeds[random(seeds.length)]!);
      for (let change = random(6); change >= 0; change--) message[random(message.length)] = random(256);
      const decoded = decodeMessage(
        message.subarray(0, random(4) === 0 ? random(message.length) : message.length),
      );
      if (decoded === undefined) continue;
      wellFormed++;
      for (const question of questions) answeredRrset(decoded, question);
    }
    expect(wellFormed).toBeGreaterThan(10_000);
  });
});
