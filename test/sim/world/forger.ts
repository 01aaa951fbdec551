/**
 * An attacker on the path without the key: sees every message, answers before the nameserver, holds true
 * answers back, and sends old answers again.
 */

import { CLASS, OPCODE, RCODE, TYPE } from '../../../src/dns/message/codes.ts';
import { decodeMessage, encodeRr, type ReceivedMessage } from '../../../src/dns/message/wire.ts';
import type { World } from './world-types.ts';

export interface Forger {
  /** What the client gets for its request, given the answer of the nameserver. */
  answers(request: Buffer, answer: Buffer | undefined): readonly Buffer[];
}

/** An address without a server. */
const lie = Buffer.of(203, 0, 113, 66);
/** True answers that are kept, to be sent again. */
const keptAnswers = 20;

export function createForger(world: Pick<World, 'weather' | 'chance'>): Forger {
  const { chance } = world;
  const seen: Buffer[] = [];

  function forge(request: Buffer): Buffer | undefined {
    const message = decodeMessage(request);
    if (message === undefined) return undefined;
    const kind = chance.pick(['unsigned', 'wrong-mac', 'old'] as const);
    const old = chance.pick(seen);
    if (kind === 'old' && old !== undefined) return withId(old, message.id);
    const answer =
      message.opcode === OPCODE.UPDATE
        ? verdict(message, chance.pick(updateLies))
        : falseAnswer(message, chance.chance(0.5));
    return kind === 'wrong-mac' ? signedByGuess(message, answer, () => chance.int(256)) : answer;
  }

  return {
    answers(request, answer) {
      const forged = chance.chance(world.weather.forged) ? forge(request) : undefined;
      if (answer !== undefined) seen.push(answer);
      if (seen.length > keptAnswers) seen.shift();
      const isKeptBack = forged !== undefined && chance.chance(0.5);
      return [forged, isKeptBack ? undefined : answer].filter((one) => one !== undefined);
    },
  };
}

const updateLies = [RCODE.NOERROR, RCODE.NXRRSET, RCODE.REFUSED, RCODE.SERVFAIL];

const withId = (message: Buffer, id: number): Buffer => {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
};

/** Header and question of an answer, with AA. */
function answerTo(
  { bytes, id, opcode, additionals, questions }: ReceivedMessage,
  rcode: number,
  count: number,
): Buffer {
  const header = Buffer.alloc(12);
  for (const [index, word] of [id, 0x8400 | (opcode << 11) | rcode, questions.length, count, 0, 0].entries())
    header.writeUInt16BE(word, index * 2);
  // Between the header and the TSIG RR of a query there is only a question.
  const end = opcode === OPCODE.UPDATE ? questionEnd(bytes) : (additionals[0]?.start ?? bytes.length);
  return Buffer.concat([header, bytes.subarray(12, end)]);
}

/** The end of the zone section: a name without compression, type and class. */
function questionEnd(bytes: Buffer): number {
  let at = 12;
  while (bytes[at] !== 0) at += 1 + (bytes[at] as number);
  return at + 5;
}

const verdict = (message: ReceivedMessage, rcode: number): Buffer => answerTo(message, rcode, 0);

/** Another address, a forged ledger, or nothing at all. */
function falseAnswer(message: ReceivedMessage, empty: boolean): Buffer {
  const [question] = message.questions;
  const rdata = question && !empty ? lies[question.type] : undefined;
  if (question === undefined || rdata === undefined) return answerTo(message, RCODE.NXDOMAIN, 0);
  const rr = encodeRr({ owner: question.name, type: question.type, class: CLASS.IN, ttlSeconds: 5, rdata });
  return Buffer.concat([answerTo(message, RCODE.NOERROR, 1), rr]);
}

const ledgerLie = 'v=1 epoch=4000';
const lies: Readonly<Record<number, Buffer>> = {
  [TYPE.A]: lie,
  [TYPE.TXT]: Buffer.concat([Buffer.of(ledgerLie.length), Buffer.from(ledgerLie)]),
};

/** The TSIG RR of the request, with a false MAC. */
function signedByGuess(request: ReceivedMessage, answer: Buffer, byte: () => number): Buffer {
  const tsig = request.additionals.at(-1);
  if (tsig?.type !== TYPE.TSIG) return answer;
  const rr = Buffer.from(request.bytes.subarray(tsig.start, tsig.end));
  // After the MAC come the original id, the error and the length of other data: six bytes.
  for (let at = rr.length - 6 - 32; at < rr.length - 6; at += 1) rr[at] = byte();
  const signed = Buffer.concat([answer, rr]);
  signed.writeUInt16BE(1, 10);
  return signed;
}
