/**
 * A fault of a key or a right has one sentence, whatever each nameserver version answers. The answers are
 * real: see docs/DNS.md.
 */
import { describe, expect, test } from 'vitest';
import type { DnsClient } from '../../../../src/dns/client/dns-client.ts';
import {
  aAnswer,
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
import { answerTo, signAnswer } from '../../../support/fake-nameserver.ts';

checkForLeaks();

type Answer = (message: Buffer) => Buffer;

const bare =
  (rcode: number): Answer =>
  (message) =>
    answerTo(message, { rcode });
const badkey: Answer = (message) =>
  signAnswer(
    answerTo(message, { rcode: 9 }),
    message,
    { key, timeSeconds: nowSeconds() },
    {
      error: 17,
      mac: Buffer.alloc(0),
    },
  );
const signedAddress: Answer = (message) => sign(aAnswer(message), message);

/** The client's words for a question, and then for an update. */
async function failuresOf(toQuestion: Answer, toUpdate: Answer) {
  const { client, update } = await start((message, reply) =>
    reply(isUpdate(message) ? toUpdate(message) : toQuestion(message)),
  );
  const reading = await client.read({ zone, questions: [{ name, type: 'A' }], deadline: soon() });
  const outcome = await update();
  const failures = [
    reading.kind === 'failed' ? reading.failure : undefined,
    outcome.kind === 'unknown' ? outcome.failure : undefined,
  ];
  // Each nameserver has another port.
  return failures.map(
    (failure) =>
      failure && { ...failure, message: failure.message.replace(/127\.0\.0\.1:\d+/, 'its address') },
  );
}

describe('a known key without the right', () => {
  test('BADKEY of Knot 3.2 and NOTAUTH of Knot 3.4 give the same failure', async () => {
    const [, newer] = await failuresOf(signedAddress, bare(9));
    const [, older] = await failuresOf(signedAddress, badkey);
    expect(newer).toMatchObject({ code: 'zone-not-served', hint: expect.stringContaining('Knot') });
    expect(older).toEqual(newer);
  });

  test('the probe separates granted from denied RRsets at an older Knot', async () => {
    const owners = ['a', 'b', 'c'].map((label) => `${label}.${zone}` as typeof name);
    const { client } = await start((message, reply) => {
      if (!isUpdate(message)) return reply(sign(answerTo(message, { answers: [] }), message));
      const granted = sign(answerTo(message, { rcode: message.readUInt16BE(6) > 0 ? 6 : 0 }), message);
      reply(message.includes('\x01b') ? badkey(message) : granted);
    });
    await client.read({ zone, questions: [{ name, type: 'A' }], deadline: soon() });
    const asked = owners.map((owner) => ({ name: owner, type: 'A' as const }));
    const rights = await (client as DnsClient).inspection.rights({ zone, rrsets: asked, deadline: soon() });
    expect(rights.map(({ right }) => right)).toEqual(['granted', 'unknown', 'granted']);
    expect(rights[1]).toMatchObject({ failure: { code: 'zone-not-served' } });
  });
});

describe('an unknown key', () => {
  test.each([
    ['BIND, and Knot 3.2', badkey, badkey],
    ['Knot 3.4', bare(9), bare(9)],
    ['PowerDNS', bare(9), bare(5)],
  ])('%s: the failure names the key, to a question and to an update', async (_, toQuestion, toUpdate) => {
    const failures = await failuresOf(toQuestion, toUpdate);
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'tsig-badkey', hint: expect.stringContaining('key file') });
      expect(failure!.message).toContain('it does not know the key k with hmac-sha256');
    }
  });

  test('REFUSED to a key that is known again concerns the right', async () => {
    let answer: Answer = bare(9);
    const { client, update } = await start((message, reply) =>
      reply(isUpdate(message) ? bare(5)(message) : answer(message)),
    );
    const read = () => client.read({ zone, questions: [{ name, type: 'A' }], deadline: soon() });
    await read();
    expect(await update()).toMatchObject({ failure: { code: 'tsig-badkey' } });
    answer = signedAddress;
    await read();
    expect(await update()).toMatchObject({ failure: { code: 'update-refused' } });
  });
});
