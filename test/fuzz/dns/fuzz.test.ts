/** A fixed number of hostile inputs. `npm run fuzz` runs for as long as you like. */
import { describe, expect, test } from 'vitest';
import { judgeReply } from '../../../src/dns/message/reply.ts';
import { decodeMessage, maxAnswerBytes } from '../../../src/dns/message/wire.ts';
import { seeded } from '../../support/seeded.ts';
import { counted } from './counted.ts';
import { hostileCase, maxStepsAByte } from './hostile-input.ts';
import { recorded } from './recorded.ts';

test('signed recorded answers are proven, unsigned ones are not', () => {
  const kinds = recorded.map(
    ({ title, sent, answer, nowSeconds }) => `${title}: ${judgeReply(answer, sent, nowSeconds).kind}`,
  );
  expect(kinds.filter((kind) => kind.endsWith('ignored'))).toEqual([]);
  expect(kinds).toContain('BIND: BADTIME: proven');
  expect(kinds).toContain('BIND: BADSIG: doubtful');
  expect(kinds).toContain('Knot: update denied: doubtful');
  expect(kinds.filter((kind) => kind.endsWith('proven')).length).toBeGreaterThan(40);
});

test('20,000 hostile cases throw nothing, prove no changed answer, and cost bounded work', () => {
  let wellFormed = 0;
  for (let index = 0; index < 20_000; index++) if (hostileCase(seeded(index)).wellFormed) wellFormed++;
  expect(wellFormed).toBeGreaterThan(4000);
});

describe('the most work for its bytes', () => {
  test.each([
    ['pointers to pointers', (at: number) => Math.max(12, at - 2)],
    ['pointers to the first', () => 12],
  ])('%s', (_, targetOf) => {
    const header = Buffer.alloc(12);
    header.writeUInt16BE(0x8400, 2);
    header.writeUInt16BE(0xffff, 6);
    const chain = Buffer.alloc(400);
    for (let at = 2; at + 2 <= chain.length; at += 2) chain.writeUInt16BE(0xc000 | targetOf(12 + at), at);
    // RRs of 12 bytes: an owner that points to the end of a chain of 126, no RDATA.
    const rr = Buffer.alloc(12);
    rr.writeUInt16BE(0xc000 | (12 + 250));
    const rrs = Math.floor((maxAnswerBytes - 412) / 12);
    // The chain is the first RR's RDATA, so the reader passes it.
    const first = Buffer.concat([
      Buffer.of(0, 0, 16, 0, 1, 0, 0, 0, 0, chain.length >> 8, chain.length & 0xff),
      chain,
    ]);
    header.writeUInt16BE(rrs, 6);
    const shifted = Buffer.from(first);
    for (let at = 2; at + 2 <= chain.length; at += 2)
      shifted.writeUInt16BE(0xc000 | Math.max(23, targetOf(12 + at) + 11), 11 + at);
    rr.writeUInt16BE(0xc000 | (23 + 250));
    const message = Buffer.concat([header, shifted, ...Array.from({ length: rrs - 1 }, () => rr)]);
    const { buffer, steps } = counted(message);
    expect(decodeMessage(buffer)?.answers).toHaveLength(rrs);
    expect(steps() / message.length).toBeLessThan(maxStepsAByte);
  });
});
