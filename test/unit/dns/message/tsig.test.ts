/** TSIG: known answers, and what an answer's signature proves. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import {
  signRequest,
  type TsigKey,
  type TsigVerdict,
  tsigAlgorithm,
  tsigAlgorithms,
  tsigKey,
  verifyAnswer,
} from '../../../../src/dns/message/tsig.ts';
import { decodeMessage, encodeMessage } from '../../../../src/dns/message/wire.ts';
import { answerTo, rr, signAnswer } from '../../../support/fake-nameserver.ts';
import { seeded } from '../../../support/seeded.ts';

const testKey = 'testkey.' as Fqdn;
const now = 1_594_855_491;
/** The verdict on an answer's bytes. */
const verifyBytes = (bytes: Buffer, key: TsigKey, mac: Buffer, at: number): TsigVerdict | undefined => {
  const message = decodeMessage(bytes);
  return message && verifyAnswer(message, key, mac, at);
};
/** An empty UPDATE of example.com. */
const empty = (id: number) =>
  encodeMessage({
    id,
    opcode: 5,
    question: { name: 'example.com.' as Fqdn, type: 6 },
    answers: [],
    authorities: [],
  });

/** Known answers of another implementation: github.com/miekg/dns, tsig_test.go. */
describe('known answers', () => {
  const secret = Buffer.from('NoTCJU+DMqFWywaPyxSijrDEA/eC3nK0xi3AMEZuPVk=', 'base64');
  const sha256 = tsigKey(testKey, 'hmac-sha256', secret);

  test('a whole signed message, HMAC-SHA256', () => {
    const before =
      'c60028000001000000010000076578616d706c6503636f6d0000060001' + '0161c00c0001000100000e100004c0000201';
    const tsig =
      '07746573746b65790000fa00ff00000000003d0b686d61632d73686132353600' + '00005f0f9043' + '012c0020';
    const mac = '8cf23e0081d915478a182edcea7ff48ad102948e6c7ef8e887536957d1fa5616';
    const signed = signRequest(Buffer.from(before, 'hex'), sha256, now, 300);
    expect(signed.mac.toString('hex')).toBe(mac);
    expect(signed.bytes.toString('hex')).toBe(
      `${before.slice(0, 20)}0001${before.slice(24)}${tsig}${mac}c60000000000`,
    );
  });

  test.each([
    [
      'hmac-sha224',
      'hVEkQuAqnTmBuRrT9KF1Udr91gOMGWPw9LaTtw==',
      'd6daf9ea189e48bc38f9aed63d6cc4140cdfa38a7a333ee2eefdbd31',
    ],
    [
      'hmac-sha384',
      'Qjer2TL2lAdpq9w6Gjs98/ClCQx/L3vtgVHCmrZ8l/oKEPjqUUMFO18gMCRwd5H4',
      '89a48936d29187870c325cbdba5ad71609bd038d0459d6010c844d659c570e881d3650e4fe7310be53ebe5178d0d1001',
    ],
  ] as const)('%s', (algorithm, base64, mac) => {
    const key = tsigKey(testKey, algorithm, Buffer.from(base64, 'base64'));
    expect(signRequest(empty(42), key, now, 300).mac.toString('hex')).toBe(mac);
  });

  test.each([
    ['', 'c110e3f62694755c10761dc8717462431ee34340b7c9d1eee09449150757c5b1'],
    ['666f6f', '15b91571ca80b3b410a77e2b44f8cc4f35ace22b26020138439dd94803e23b5d'],
  ])('an answer BADTIME with other data "%s"', (other, mac) => {
    const parts = { error: 18, other: Buffer.from(other, 'hex'), mac: Buffer.from(mac, 'hex') };
    const request = signRequest(empty(42), sha256, now, 300).bytes;
    const answer = signAnswer(empty(42), request, { key: sha256, timeSeconds: now }, parts);
    const requestMac = Buffer.from('3684c225', 'hex');
    expect(verifyBytes(answer, sha256, requestMac, now)).toEqual({ kind: 'verified', error: 18 });
    expect(verifyBytes(answer, sha256, Buffer.from('3684c226', 'hex'), now)).toEqual({
      kind: 'not-verified',
      fault: 'wrong-mac',
    });
  });
});

const keyOf = (algorithm: TsigKey['algorithm'], name = testKey) =>
  tsigKey(name, algorithm, Buffer.from('a secret of our own'));

describe.each(tsigAlgorithms)('%s', (algorithm) => {
  const key = keyOf(algorithm);
  const request = signRequest(empty(7), key, now, 30);
  const answer = answerTo(empty(7), { rcode: 8 });
  const signed = signAnswer(answer, request.bytes, { key, timeSeconds: now });
  const verify = (bytes: Buffer, by = key, at = now) => verifyBytes(bytes, by, request.mac, at);

  test('an answer signed by RFC 8945 is verified, also under a changed id', () => {
    expect(verify(signed)).toMatchObject({ kind: 'verified', error: 0 });
    const forwarded = Buffer.from(signed);
    forwarded.writeUInt16BE(9999, 0);
    expect(verify(forwarded)).toMatchObject({ kind: 'verified', error: 0 });
  });

  test('a changed bit breaks the signature', () => {
    for (let bit = 16; bit < signed.length * 8; bit++) {
      const changed = Buffer.from(signed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const verdict = verify(changed);
      // The case of the two names is not signed (RFC 8945 4.3.3, RFC 4343).
      if (verdict?.kind === 'verified')
        expect([bit & 7, /[a-z]/i.test(String.fromCharCode(signed[bit >> 3]!))]).toEqual([5, true]);
    }
  });

  test('another key, name, algorithm or time proves nothing', () => {
    expect(verify(signed, tsigKey(testKey, algorithm, Buffer.from('another secret')))).toEqual({
      kind: 'not-verified',
      fault: 'wrong-mac',
    });
    expect(verify(signed, keyOf(algorithm, 'other.' as Fqdn))).toEqual({
      kind: 'not-verified',
      fault: 'other-key',
    });
    const other = tsigAlgorithms.find((candidate) => candidate !== algorithm)!;
    expect(verify(signed, keyOf(other))).toEqual({ kind: 'not-verified', fault: 'other-key' });
    expect(verify(signed, key, now + 300)).toMatchObject({ kind: 'verified' });
    expect(verify(signed, key, now + 301)).toEqual({ kind: 'not-verified', fault: 'wrong-time' });
    expect(verify(signed, key, now - 301)).toEqual({ kind: 'not-verified', fault: 'wrong-time' });
  });
});

describe('a key for truncated MACs (RFC 8945 5.2.2.1)', () => {
  const secret = Buffer.from('a secret of our own');
  const whole = tsigKey(testKey, 'hmac-sha256', secret);
  const key = tsigKey(testKey, 'hmac-sha256', secret, 16);
  const request = signRequest(empty(7), key, now, 30);
  const answer = answerTo(empty(7), {});
  const wholeMac = signAnswer(answer, request.bytes, { key, timeSeconds: now }).subarray(-38, -6);
  const verify = (mac: Buffer) =>
    verifyBytes(signAnswer(answer, request.bytes, { key, timeSeconds: now }, { mac }), key, request.mac, now);

  test('a request has the first bytes of the whole MAC, and their number', () => {
    const { mac, bytes } = signRequest(empty(7), whole, now, 30);
    expect(request.mac).toEqual(mac.subarray(0, 16));
    expect(request.bytes).toHaveLength(bytes.length - 16);
    expect(request.bytes.subarray(-24, -6)).toEqual(Buffer.concat([Buffer.from([0, 16]), request.mac]));
  });

  test('an answer may have as many bytes or more, and each byte counts', () => {
    for (const length of [16, 17, 24, 32]) {
      const mac = wholeMac.subarray(0, length);
      expect(verify(mac)).toMatchObject({ kind: 'verified', error: 0 });
      const changed = Buffer.from(mac);
      changed[length - 1]! ^= 1;
      expect(verify(changed)).toEqual({ kind: 'not-verified', fault: 'wrong-mac' });
    }
  });

  test('an answer with fewer bytes, or with more than the whole MAC, proves nothing', () => {
    for (const mac of [
      wholeMac.subarray(0, 15),
      wholeMac.subarray(0, 1),
      Buffer.concat([wholeMac, wholeMac]),
    ])
      expect(verify(mac)).toEqual({ kind: 'not-verified', fault: 'truncated-mac' });
  });
});

describe('answers that prove nothing', () => {
  const key = keyOf('hmac-sha256');
  const request = signRequest(empty(7), key, now, 30);
  const answer = answerTo(empty(7), { rcode: 9 });
  const verify = (bytes: Buffer) => verifyBytes(bytes, key, request.mac, now);
  const sign = (parts: Parameters<typeof signAnswer>[3]) =>
    signAnswer(answer, request.bytes, { key, timeSeconds: now }, parts);

  test('without TSIG, or with an empty MAC', () => {
    expect(verify(answer)).toEqual({ kind: 'unsigned', claimedError: 0 });
    expect(verify(sign({ error: 17, mac: Buffer.alloc(0) }))).toEqual({ kind: 'unsigned', claimedError: 17 });
    expect(verify(sign({ error: 18, mac: Buffer.alloc(0) }))).toEqual({ kind: 'unsigned', claimedError: 18 });
  });
  test('a truncated MAC', () => {
    const whole = sign({}).subarray(-38, -6);
    expect(verify(sign({ mac: whole.subarray(0, 16) }))).toEqual({
      kind: 'not-verified',
      fault: 'truncated-mac',
    });
  });
  test('the answer to another request', () => {
    const other = signRequest(empty(7), key, now + 1, 30);
    expect(verify(signAnswer(answer, other.bytes, { key, timeSeconds: now }))).toEqual({
      kind: 'not-verified',
      fault: 'wrong-mac',
    });
  });
  test('TSIG twice, or not at the end', () => {
    const signed = sign({});
    const tsig = signed.subarray(answer.length);
    const withCount = (bytes: Buffer, count: number) => {
      bytes.writeUInt16BE(count, 10);
      return bytes;
    };
    expect(verify(withCount(Buffer.concat([signed, tsig]), 2))).toEqual({
      kind: 'not-verified',
      fault: 'misplaced-tsig',
    });
    const behind = rr('a.', 1, Buffer.of(1, 2, 3, 4));
    expect(verify(withCount(Buffer.concat([signed, behind]), 2))).toEqual({
      kind: 'not-verified',
      fault: 'misplaced-tsig',
    });
  });
  test("BADTIME tells the nameserver's clock", () => {
    const other = Buffer.alloc(6);
    other.writeUIntBE(now + 1000, 0, 6);
    expect(verify(sign({ error: 18, other }))).toEqual({
      kind: 'verified',
      error: 18,
      serverTimeSeconds: now + 1000,
    });
  });
  test('100,000 changed answers throw nothing', () => {
    const random = seeded(8945);
    const signed = sign({ other: Buffer.from('other') });
    for (let round = 0; round < 100_000; round++) {
      const changed = Buffer.from(signed);
      for (let change = random(5); change >= 0; change--)
        changed[2 + random(changed.length - 2)] = random(256);
      verify(changed.subarray(0, random(3) === 0 ? random(changed.length) : changed.length));
    }
  });
});

test('a key does not show its secret', () => {
  const key = tsigKey(testKey, 'hmac-sha256', Buffer.from('hunter2hunter2'));
  expect(`${inspect(key, { depth: 9, showHidden: true })} ${JSON.stringify(key)}`).not.toMatch(
    /hunter2|aHVudGVy|104, ?117/,
  );
});

test('tsigAlgorithm knows the names of key files and of the wire', () => {
  expect(
    ['HMAC-SHA256', 'hmac-md5', 'hmac-md5.sig-alg.reg.int', 'hmac-sha512.', 'hmac-sha256-128', 'sha256'].map(
      tsigAlgorithm,
    ),
  ).toEqual(['hmac-sha256', 'hmac-md5', 'hmac-md5', 'hmac-sha512', undefined, undefined]);
});
