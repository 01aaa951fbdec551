/** Forged answers prove nothing; signed answers prove what they say. */
import { describe, expect, test } from 'vitest';
import {
  checkForLeaks,
  clock,
  key,
  nowSeconds,
  sign,
  soon,
  start,
  unsigned,
} from '../../../support/client-world.ts';
import { answerTo, signAnswer } from '../../../support/fake-nameserver.ts';

checkForLeaks();

describe('a forged message is never final', () => {
  const forgeries: [string, (message: Buffer) => Buffer, string][] = [
    ['NOERROR', (message) => answerTo(message), 'unsigned-answer'],
    ['NXRRSET', (message) => answerTo(message, { rcode: 8 }), 'unsigned-answer'],
    ['REFUSED', (message) => answerTo(message, { rcode: 5 }), 'update-refused'],
    ['NOTAUTH', (message) => answerTo(message, { rcode: 9 }), 'zone-not-served'],
    ['BADKEY', (message) => forged(message, { error: 17, mac: Buffer.alloc(0) }), 'tsig-badkey'],
    ['BADSIG', (message) => forged(message, { error: 16, mac: Buffer.alloc(0) }), 'tsig-badsig'],
    [
      'BADTIME without MAC',
      (message) => forged(message, { error: 18, mac: Buffer.alloc(0) }),
      'tsig-badtime',
    ],
    ['a MAC of zeros', (message) => forged(message, { mac: Buffer.alloc(32) }), 'answer-not-verified'],
    [
      'a time of yesterday',
      (message) => signAnswer(answerTo(message), message, { key, timeSeconds: nowSeconds() - 86_400 }),
      'answer-not-verified',
    ],
    [
      'no message at all',
      (message) => Buffer.concat([message.subarray(0, 2), Buffer.from('garbage')]),
      'malformed-answer',
    ],
  ];
  const forged = (message: Buffer, parts: Parameters<typeof signAnswer>[3]) =>
    signAnswer(answerTo(message, { rcode: 9 }), message, { key, timeSeconds: nowSeconds() }, parts);

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

    test.each(forgeries)('%s alone: unknown, and the failure tells what came', async (_, forge, code) => {
      const { update } = await start((message, reply) => reply(forge(message)), { transport });
      const begin = clock.mono();
      expect(await update(soon(transport === 'udp' ? 150 : 2000))).toMatchObject({
        kind: 'unknown',
        failure: { code },
      });
      // On TCP a short grace is enough: see tcpGraceMs. On UDP the client listens until the deadline.
      if (transport === 'udp') expect(clock.mono() - begin).toBeGreaterThan(145);
      else expect(clock.mono() - begin).toBeLessThan(1000);
    });
  });

  test('other ids, questions and opcodes, and questions instead of answers, do not answer', async () => {
    const { update } = await start((message, reply) => {
      const wrongId = answerTo(message);
      wrongId.writeUInt16BE(message.readUInt16BE() ^ 1);
      const wrongQuestion = answerTo(message, { rcode: 8 });
      wrongQuestion.write('axample', 13);
      const wrongOpcode = answerTo(message, { rcode: 8 });
      wrongOpcode.writeUInt16BE(0x8408, 2);
      for (const wrong of [wrongId, wrongQuestion, wrongOpcode, message, Buffer.of(1), Buffer.alloc(0)])
        reply(wrong);
      reply(answerTo(message));
    }, unsigned());
    expect(await update()).toEqual({ kind: 'applied' });
  });
});

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
      expect(outcome.kind === 'refused' ? `${outcome.code} ${outcome.failure.code}` : outcome.kind).toBe(
        expected,
      );
      if (outcome.kind === 'refused') expect(outcome.failure.message).toContain('ns1 (127.0.0.1:');
    }
  });

  test('the failure names a wrong clock', async () => {
    const other = Buffer.alloc(6);
    const { update } = await start((message, reply) => {
      other.writeUIntBE(nowSeconds() - 500, 0, 6);
      reply(
        signAnswer(
          answerTo(message, { rcode: 9 }),
          message,
          { key, timeSeconds: nowSeconds() },
          { error: 18, other },
        ),
      );
    });
    expect(await update()).toMatchObject({
      kind: 'refused',
      code: 'rejected',
      failure: {
        code: 'tsig-badtime',
        message: expect.stringMatching(
          /clock is (499|500|501) s behind the clock of this host\. The fudge is 30 s/,
        ),
      },
    });
  });
});
