/** What a received message proves as the answer to a sent message. Pure. */

import { CLASS, OPCODE, RCODE, TSIG_ERROR, typeName } from './codes.ts';
import { shortName } from './name.ts';
import { type SignedRequest, signRequest, type TsigKey, type TsigVerdict, verifyAnswer } from './tsig.ts';
import {
  decodeHead,
  encodeMessage,
  type OutgoingMessage,
  type ReceivedMessage,
  readMessage,
  type WireQuestion,
} from './wire.ts';

/** The key that signs requests, and how far the clocks may differ. */
export interface Signing {
  readonly key: TsigKey;
  /** Whole seconds, 0 to 65535 (RFC 8945 4.2). */
  readonly fudgeSeconds: number;
}

/** What an answer repeats. */
type MessageHead = Pick<OutgoingMessage, 'id' | 'opcode' | 'question'>;

/** A message as it is sent, with what its answer is checked against. */
export interface SentMessage {
  readonly bytes: Buffer;
  readonly message: MessageHead;
  readonly signed?: { readonly key: TsigKey; readonly request: SignedRequest };
}

/** Encodes the message, and signs it if there is a key. `nowSeconds`: since 1970, UTC. */
export const prepareMessage = (
  message: OutgoingMessage,
  signing: Signing | undefined,
  nowSeconds: number,
): SentMessage => prepareEncoded(message, encodeMessage(message), signing, nowSeconds);

/** The same with the message's bytes. */
export function prepareEncoded(
  message: MessageHead,
  bytes: Buffer,
  signing: Signing | undefined,
  nowSeconds: number,
): SentMessage {
  if (signing === undefined) return { bytes, message };
  const request = signRequest(bytes, signing.key, nowSeconds, signing.fudgeSeconds);
  return { bytes: request.bytes, message, signed: { key: signing.key, request } };
}

/** What an answer says, proven or not. */
export interface AnswerCodes {
  readonly rcode: number;
  /** Error field of the TSIG RR; 0: none. */
  readonly tsigError: number;
  /** Only if verified: the nameserver's clock at signing minus ours, in seconds. 1 may be no difference. */
  readonly clockAheadSeconds?: number;
}

type Reply =
  | { readonly kind: 'ignored' }
  /** TC on the answer to a question, signed or not: ask over TCP. */
  | { readonly kind: 'truncated' }
  /** Signed with our key for this request. Without a key, every answer is `proven`. */
  | { readonly kind: 'proven'; readonly message: ReceivedMessage; readonly codes: AnswerCodes }
  /** The answer proves nothing (RFC 8945 5.3: discard it and keep listening). */
  | { readonly kind: 'doubtful'; readonly codes: AnswerCodes; readonly doubt: Doubt };

/** Why an answer proves nothing. */
export type Doubt =
  /** Anybody could have written the answer. */
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'not-verified'; readonly fault: Extract<TsigVerdict, { kind: 'not-verified' }>['fault'] }
  /** `words`: what is wrong, as the rest of a sentence that begins with `it`. */
  | { readonly kind: 'malformed' | 'other-question'; readonly words: string };

/** Judges a received message. Never throws. */
export function judgeReply(answer: Buffer, sent: SentMessage, nowSeconds: number): Reply {
  const { id, opcode } = sent.message;
  const nothing: AnswerCodes = { rcode: RCODE.NOERROR, tsigError: TSIG_ERROR.NONE };
  if (answer.length < 2 || answer.readUInt16BE(0) !== id) return { kind: 'ignored' };
  const head = decodeHead(answer);
  // A truncated answer is not read further: it may end in a counted record (RFC 1035 4.1.1, RFC 2181 9).
  const cut = head?.answer && head.truncated && head.opcode === OPCODE.QUERY && opcode === OPCODE.QUERY;
  const message = readMessage(answer);
  if ('malformed' in message)
    return cut
      ? { kind: 'truncated' }
      : { kind: 'doubtful', codes: nothing, doubt: { kind: 'malformed', words: message.malformed } };
  const codes = { ...nothing, rcode: message.rcode };
  const mismatch = mismatchOf(message, sent.message);
  if (mismatch !== undefined)
    return { kind: 'doubtful', codes, doubt: { kind: 'other-question', words: mismatch } };
  if (cut) return { kind: 'truncated' };
  if (sent.signed === undefined)
    return isBare(message, opcode)
      ? { kind: 'doubtful', codes, doubt: withoutQuestion }
      : { kind: 'proven', message, codes };
  const { key, request } = sent.signed;
  const verdict = verifyAnswer(message, key, request.mac, nowSeconds);
  switch (verdict.kind) {
    case 'unsigned':
      return { kind: 'doubtful', codes: { ...codes, tsigError: verdict.claimedError }, doubt: verdict };
    case 'not-verified':
      return { kind: 'doubtful', codes, doubt: verdict };
    case 'verified': {
      const { serverTimeSeconds } = verdict;
      const skew =
        serverTimeSeconds === undefined ? {} : { clockAheadSeconds: serverTimeSeconds - request.timeSeconds };
      return { kind: 'proven', message, codes: { ...codes, tsigError: verdict.error, ...skew } };
    }
  }
}

/**
 * Why this message is not an answer to what was sent (RFC 5452 9.1); undefined: it may be. The question may
 * be missing: the answer to an UPDATE may be empty (RFC 2136 3.8), a nameserver that could not read the
 * message has no question to copy, and a signature covers the request's MAC.
 */
function mismatchOf(message: ReceivedMessage, sent: MessageHead): string | undefined {
  if (!message.answer) return 'sent back a message that is not an answer (QR = 0)';
  if (message.opcode !== sent.opcode) return `answered opcode ${sent.opcode} with opcode ${message.opcode}`;
  const [question, second] = message.questions;
  if (question === undefined) return undefined;
  if (second !== undefined) return `answered one question with ${message.questions.length} questions`;
  const { name, type } = sent.question;
  if (question.name === name && question.type === type && question.class === CLASS.IN) return undefined;
  return `answered ${questionWords(question)}, but the question was ${questionWords({ ...sent.question, class: CLASS.IN })}`;
}

const questionWords = ({ name, type, class: klass }: WireQuestion & { readonly class: number }): string =>
  `${shortName(name)} ${typeName(type)}${klass === CLASS.IN ? '' : ` of class ${klass}`}`;

/** A success without a question could answer any question. An UPDATE's answer and an error may be without. */
const isBare = ({ questions, rcode }: ReceivedMessage, opcode: number): boolean =>
  questions.length === 0 && opcode === OPCODE.QUERY && (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN);

const withoutQuestion: Doubt = {
  kind: 'other-question',
  words: 'sent an answer without a question, so the answer could belong to any question',
};
