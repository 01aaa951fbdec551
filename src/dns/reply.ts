/** What one received message is worth as the answer to one that was sent. Pure. */
import { OPCODE, RCODE, TSIG_ERROR } from './codes.ts';
import { type SignedRequest, signRequest, type TsigKey, type TsigVerdict, verifyAnswer } from './tsig.ts';
import { decodeMessage, encodeMessage, type OutgoingMessage, type ReceivedMessage } from './wire.ts';

/** The key that requests are signed with, and how far the clocks may be apart. */
export interface Signing {
  readonly key: TsigKey;
  /** Whole seconds, 0 to 65535 (RFC 8945 4.2). */
  readonly fudgeSeconds: number;
}

/** A message as it goes out, with what its answer is checked against. */
export interface SentMessage {
  readonly bytes: Buffer;
  readonly message: OutgoingMessage;
  readonly signed?: { readonly key: TsigKey; readonly request: SignedRequest };
}

/** Encodes the message, and signs it where there is a key. `nowSeconds`: since 1970, UTC. */
export function prepareMessage(message: OutgoingMessage, signing: Signing | undefined, nowSeconds: number): SentMessage {
  const bytes = encodeMessage(message);
  if (signing === undefined) return { bytes, message };
  const request = signRequest(bytes, signing.key, nowSeconds, signing.fudgeSeconds);
  return { bytes: request.bytes, message, signed: { key: signing.key, request } };
}

/** What an answer says, whether it proves it or not. */
export interface AnswerCodes {
  readonly rcode: number;
  /** Error field of the TSIG RR; 0: none. */
  readonly tsigError: number;
  /** A verified answer only: the nameserver's clock less ours at the moment of signing. Both are whole seconds: 1 is no difference yet. */
  readonly clockAheadSeconds?: number;
}

export type Reply =
  | { readonly kind: 'ignored' }
  /** TC on a question: to be asked over TCP, whether it is signed or not. */
  | { readonly kind: 'truncated' }
  /** Signed with our key for this request; or we have no key, and so every answer counts. */
  | { readonly kind: 'proven'; readonly message: ReceivedMessage; readonly codes: AnswerCodes }
  /** It says something, but anybody could have written it (RFC 8945 5.3: discard and keep listening). */
  | { readonly kind: 'doubtful'; readonly codes: AnswerCodes; readonly fault: DoubtFault };

export type DoubtFault = 'unsigned' | 'malformed' | Extract<TsigVerdict, { kind: 'not-verified' }>['fault'];

/** Judges a received message. Never throws. */
export function judgeReply(answer: Buffer, sent: SentMessage, nowSeconds: number): Reply {
  const message = decodeMessage(answer);
  const nothing: AnswerCodes = { rcode: RCODE.NOERROR, tsigError: TSIG_ERROR.NONE };
  if (message === undefined)
    return answer.length >= 2 && answer.readUInt16BE(0) === sent.message.id
      ? { kind: 'doubtful', codes: nothing, fault: 'malformed' }
      : { kind: 'ignored' };
  if (!answers(message, sent.message)) return { kind: 'ignored' };
  if (message.truncated && sent.message.opcode === OPCODE.QUERY) return { kind: 'truncated' };
  const codes = { ...nothing, rcode: message.rcode };
  if (sent.signed === undefined) return { kind: 'proven', message, codes };
  const { key, request } = sent.signed;
  const verdict = verifyAnswer(answer, key, request.mac, nowSeconds);
  switch (verdict.kind) {
    case 'unsigned':
      return { kind: 'doubtful', codes: { ...codes, tsigError: verdict.claimedError }, fault: 'unsigned' };
    case 'not-verified':
      return { kind: 'doubtful', codes, fault: verdict.fault };
    case 'verified': {
      const { serverTimeSeconds } = verdict;
      const skew = serverTimeSeconds === undefined ? {} : { clockAheadSeconds: serverTimeSeconds - request.timeSeconds };
      return { kind: 'proven', message, codes: { ...codes, tsigError: verdict.error, ...skew } };
    }
  }
}

/** Id, opcode and question are those that were sent. An error answer may come without question: the nameserver could not read it. */
function answers(message: ReceivedMessage, sent: OutgoingMessage): boolean {
  if (!message.answer || message.id !== sent.id || message.opcode !== sent.opcode) return false;
  const [question, second] = message.questions;
  if (question === undefined) return message.rcode !== RCODE.NOERROR;
  return second === undefined && question.name === sent.question.name && question.type === sent.question.type;
}
