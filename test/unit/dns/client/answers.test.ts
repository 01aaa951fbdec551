/** Which answers count: the tables of odd answers over TCP and UDP. Without the key, no answer counts. */
import { describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../../src/core/model/units.ts';
import type { UpdateOutcome, ZoneReading } from '../../../../src/core/model/zone.ts';
import { tsigKey } from '../../../../src/dns/message/tsig.ts';
import type { Sign } from '../../../support/answer-parts.ts';
import {
  aAnswer,
  address,
  checkForLeaks,
  clock,
  key,
  nowSeconds,
  sign,
  soon,
  start,
  unsigned,
} from '../../../support/client-world.ts';
import { answerTo, dribble, framed, question, signAnswer } from '../../../support/fake-nameserver.ts';
import { questionAnswers } from '../../../support/question-answers.ts';
import { legalUpdateAnswers, otherUpdateAnswers } from '../../../support/update-answers.ts';

checkForLeaks();

const signer =
  (request: Buffer, by = key): Sign =>
  (answer, { seconds = 0, ...parts } = {}) =>
    signAnswer(answer, request, { key: by, timeSeconds: nowSeconds() + seconds }, parts);
const words = (outcome: UpdateOutcome) =>
  outcome.kind === 'applied' ? 'applied' : `${outcome.kind} ${outcome.failure.code}`;
const readWords = (reading: ZoneReading) =>
  reading.kind === 'failed'
    ? `failed ${reading.failure.code}`
    : reading.rrsets.length > 0
      ? 'read'
      : 'absent';
/** Well above tcpGraceMs, far below the deadline of 3 s. */
const atOnceMs = 1500;

describe.each(['tcp', 'udp'] as const)('an update over %s', (transport) => {
  test.each(legalUpdateAnswers)('$title: $ours', async ({ bytes, ours }) => {
    const { update } = await start((message, reply) => reply(bytes(message, signer(message))), { transport });
    const begin = clock.mono();
    expect(words(await update())).toBe(ours);
    expect(clock.mono() - begin).toBeLessThan(atOnceMs);
  });

  test.each(otherUpdateAnswers)('$title: $ours', async ({ bytes, ours, says }) => {
    const { update } = await start((message, reply) => reply(bytes(message, signer(message))), { transport });
    const begin = clock.mono();
    const outcome = await update(soon(transport === 'udp' ? 150 : 3000));
    expect(words(outcome)).toBe(ours);
    expect(outcome).toMatchObject({ failure: { message: expect.stringMatching(says!) } });
    expect(outcome).toMatchObject({ failure: { message: expect.stringContaining('ns1 (127.0.0.1:') } });
    if (transport === 'tcp') expect(clock.mono() - begin).toBeLessThan(atOnceMs);
  });

  test.each([...legalUpdateAnswers, ...otherUpdateAnswers])(
    '$title, from a forger with another secret: unknown',
    async ({ bytes }) => {
      const stranger = tsigKey(key.name, key.algorithm, Buffer.from('a guess'));
      const { update } = await start((message, reply) => reply(bytes(message, signer(message, stranger))), {
        transport,
      });
      expect(await update(soon(transport === 'udp' ? 100 : 3000))).toMatchObject({ kind: 'unknown' });
    },
  );

  test.each(otherUpdateAnswers)('$title, and then the true answer: applied', async ({ bytes }) => {
    const { update } = await start(
      (message, reply) => {
        reply(bytes(message, signer(message)));
        reply(sign(answerTo(message), message));
      },
      { transport },
    );
    expect(await update()).toEqual({ kind: 'applied' });
  });
});

describe.each(['tcp', 'udp'] as const)('a question over %s', (transport) => {
  test.each(questionAnswers)('$title: $ours', async ({ bytes, ours, says }) => {
    const { read } = await start((message, reply) => reply(bytes(message, signer(message))), { transport });
    const reading = await read(soon(transport === 'udp' ? 200 : 3000));
    expect(readWords(reading)).toBe(ours);
    if (says) expect(reading).toMatchObject({ failure: { message: expect.stringMatching(says) } });
  });

  test.each(questionAnswers)(
    '$title, from a forger with another secret: no answer counts',
    async ({ bytes }) => {
      const stranger = tsigKey(key.name, key.algorithm, Buffer.from('a guess'));
      const { read } = await start((message, reply) => reply(bytes(message, signer(message, stranger))), {
        transport,
      });
      expect(await read(soon(transport === 'udp' ? 150 : 3000))).toMatchObject({ kind: 'failed' });
    },
  );
});

describe('without a key', () => {
  test('an answer to an update may be empty (RFC 2136 3.8), and an extended RCODE is not NOERROR', async () => {
    const empty = await start((message, reply) => reply(answerTo(message, { questions: [] })), unsigned());
    expect(await empty.update()).toEqual({ kind: 'applied' });
    const badvers = legalUpdateAnswers.find(({ title }) => title.startsWith('BADVERS'))!;
    const extended = await start(
      (message, reply) => reply(badvers.bytes(message, (answer) => answer)),
      unsigned(),
    );
    expect(words(await extended.update())).toBe('refused unexpected-rcode');
  });

  test.each([
    ['another class', [question('source.example.com.', 1, 3)], /A of class 3/],
    ['another type', [question('source.example.com.', 28)], /AAAA, but the question was/],
    ['another name', [question('other.example.com.', 1)], /other\.example\.com\. A, but the question was/],
    [
      'no question: the answer could belong to any question (RFC 5452 9.1)',
      [],
      /an answer without a question/,
    ],
  ] as const)('%s', async (_, questions, says) => {
    const { read } = await start((message, reply) => {
      const whole = aAnswer(message);
      const answers = [whole.subarray(whole.length - 34)];
      reply(answerTo(message, { questions, answers }));
    }, unsigned());
    expect(await read()).toMatchObject({
      failure: { code: 'other-question', message: expect.stringMatching(says) },
    });
  });
});

describe('how answers come over TCP', () => {
  const questions = [1, 28, 16] as const;
  const readThree = (client: Awaited<ReturnType<typeof start>>['client']) =>
    client.read({
      zone: 'example.com.' as Fqdn,
      questions: (['A', 'AAAA', 'TXT'] as const).map((type) => ({ name: address.name, type })),
      deadline: soon(),
    });

  test('several answers in one segment, in another order', async () => {
    const waiting: Buffer[] = [];
    const { client } = await start((message, _reply, _over, connection) => {
      const isA = message.includes(Buffer.concat([question(address.name, 1)]));
      waiting.unshift(framed(sign(isA ? aAnswer(message) : answerTo(message), message)));
      if (waiting.length === questions.length) connection!.write(Buffer.concat(waiting));
      // A new RRset is read once more, alone.
      if (waiting.length > questions.length) connection!.write(waiting[0]!);
    });
    expect(await readThree(client)).toMatchObject({ kind: 'read', rrsets: [address] });
  });

  test('each byte in a separate segment, also the length bytes', async () => {
    const { read } = await start((message, _reply, _over, connection) => {
      void dribble(connection!, framed(sign(aAnswer(message), message)));
    });
    expect(readWords(await read())).toBe('read');
  });

  test('an answer that is too long fails only its own exchange', async () => {
    const { nameserver, client, update } = await start((message, reply) => {
      const isUpdate = (message.readUInt16BE(2) & 0x7800) === 0x2800;
      if (isUpdate) return void setImmediate(() => reply(sign(answerTo(message), message)));
      reply(Buffer.concat([message.subarray(0, 2), Buffer.alloc(40_000, 7)]));
    });
    const reading = client.read({ zone: 'example.com.' as Fqdn, questions: [address], deadline: soon() });
    const updating = update();
    expect(await updating).toEqual({ kind: 'applied' });
    expect(await reading).toMatchObject({
      failure: { code: 'malformed-answer', message: expect.stringContaining('40002 bytes') },
    });
    expect(nameserver.connections()).toBe(1);
  });
});

describe('truncation of answers to questions', () => {
  const cutShort = (message: Buffer) => {
    const whole = answerTo(message, { answers: [Buffer.alloc(0)], flags: 0x0600 });
    return whole;
  };

  test.each([
    [
      'with the question alone (RFC 8945 5.3, RRL)',
      (message: Buffer) => answerTo(message, { flags: 0x0600 }),
    ],
    ['with all sections empty', (message: Buffer) => answerTo(message, { flags: 0x0600, questions: [] })],
    ['cut within a record, whose count stayed (RFC 1035 4.1.1)', cutShort],
    ['signed', (message: Buffer) => sign(answerTo(message, { flags: 0x0600 }), message)],
  ])('TC over UDP %s: asked again over TCP', async (_, truncated) => {
    const { nameserver, read } = await start(
      (message, reply, over) => reply(over === 'udp' ? truncated(message) : sign(aAnswer(message), message)),
      { transport: 'udp' },
    );
    expect(readWords(await read())).toBe('read');
    // A new RRset is read twice.
    expect(nameserver.received.map(({ over }) => over)).toEqual(['udp', 'tcp', 'udp', 'tcp']);
  });

  test('TC over TCP fails at once', async () => {
    const { read } = await start((message, reply) =>
      reply(sign(answerTo(message, { flags: 0x0600 }), message)),
    );
    const begin = clock.mono();
    expect(await read()).toMatchObject({
      failure: { code: 'malformed-answer', message: expect.stringMatching(/truncated.*even over TCP/) },
    });
    expect(clock.mono() - begin).toBeLessThan(atOnceMs);
  });
});
