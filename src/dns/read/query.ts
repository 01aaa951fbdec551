/** One question to one nameserver, and its answer. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { type Asked, answerFailure, doubtfulFailure, type KeyStanding } from '../message/answer-failures.ts';
import { OPCODE, RCODE, TSIG_ERROR, TYPE } from '../message/codes.ts';
import { isWithin } from '../message/name.ts';
import { nameRdata } from '../message/rdata.ts';
import { judgeReply, prepareMessage, type Signing } from '../message/reply.ts';
import type { ReceivedMessage, WireQuestion } from '../message/wire.ts';
import type { Attempt, Exchange, Transport, Verdict } from '../transport/exchange.ts';

export interface Correspondent {
  /** Name and address, for messages. */
  readonly nameserver: string;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Absent: messages are unsigned, and every answer counts. */
  readonly signing?: Signing | undefined;
  /** The limit for one exchange. */
  readonly timeoutMs: number;
  /** Only if this correspondent also gets updates. */
  readonly keyRecord?: KeyRecord;
  /** A resolver: asked with RD = 1, it answers without authority. */
  readonly recursive?: boolean;
}

/** What the last answer said about our key. Only words may depend on this: anybody can forge an answer. */
interface KeyRecord {
  standing: KeyStanding | undefined;
}

export type Answer =
  /** NOERROR or NXDOMAIN, authoritative except from a resolver. */
  (
    | { readonly kind: 'answer'; readonly message: ReceivedMessage }
    /** `rcode`: of an answer that proves what it says. */
    | { readonly kind: 'failed'; readonly failure: Failure; readonly rcode?: number }
  ) & {
    /** The nameserver's clock minus ours, if a signed answer tells it; see AnswerCodes. */
    readonly clockAheadSeconds?: number;
  };

/** The earlier of the request's deadline and the nameserver's time-out from now. */
export const exchangeDeadline = (correspondent: Correspondent, deadline: MonoMs): MonoMs =>
  Math.min(deadline, correspondent.clock.mono() + correspondent.timeoutMs) as MonoMs;

/** TSIG's time: whole seconds since 1970, UTC. */
export const wallSeconds = (clock: Clock): number => Math.floor(clock.wall() / 1000);

/**
 * Asks with RD = 0 and takes only an authoritative answer (else `not-authoritative`); from a resolver, with
 * RD = 1, any answer. A question does no harm, so it is repeated once if a kept connection breaks. Ends by
 * the deadline; never rejects.
 */
export async function ask(
  correspondent: Correspondent,
  question: WireQuestion,
  deadline: MonoMs,
): Promise<Answer> {
  const exchange: Exchange<Answer> = {
    deadline,
    repeatable: true,
    lane: question.name,
    attempt: (id) => questionAttempt(correspondent, question, id),
  };
  let result = await correspondent.transport.exchange(exchange);
  if (result.kind === 'unanswered' && result.broken && correspondent.clock.mono() < deadline)
    result = await correspondent.transport.exchange(exchange);
  switch (result.kind) {
    case 'answered':
      return result.value;
    case 'not-sent':
    case 'unanswered':
      return { kind: 'failed', failure: result.failure };
  }
}

function questionAttempt(correspondent: Correspondent, question: WireQuestion, id: number): Attempt<Answer> {
  const { clock, signing, nameserver, keyRecord = { standing: undefined } } = correspondent;
  const message = {
    id,
    opcode: OPCODE.QUERY,
    question,
    answers: [],
    authorities: [],
    recursionDesired: correspondent.recursive === true,
  };
  const sent = prepareMessage(message, signing, wallSeconds(clock));
  const asked: Asked = { nameserver, what: 'query', zone: question.name, signing };
  return {
    bytes: sent.bytes,
    judge: (answer): Verdict<Answer> => {
      const reply = judgeReply(answer, sent, wallSeconds(clock));
      switch (reply.kind) {
        case 'ignored':
        case 'truncated':
          return reply;
        case 'doubtful': {
          const failure = doubtfulFailure(asked, reply.codes, reply.doubt);
          keyRecord.standing = failure.code === 'tsig-badkey' ? 'not-accepted' : undefined;
          return { kind: 'doubtful', failure };
        }
        case 'proven': {
          keyRecord.standing = 'known';
          const { rcode, tsigError, clockAheadSeconds } = reply.codes;
          const clocks = clockAheadSeconds === undefined ? {} : { clockAheadSeconds };
          const good = tsigError === TSIG_ERROR.NONE && (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN);
          if (!good)
            return {
              kind: 'final',
              value: { kind: 'failed', failure: answerFailure(asked, reply.codes), rcode, ...clocks },
            };
          if (!reply.message.authoritative && !correspondent.recursive)
            return {
              kind: 'final',
              value: {
                kind: 'failed',
                failure: notAuthoritative(nameserver, question.name, reply.message),
                ...clocks,
              },
            };
          return { kind: 'final', value: { kind: 'answer', message: reply.message, ...clocks } };
        }
      }
    },
  };
}

/** A referral says that the name is in another zone (RFC 1034 4.3.2). Anything else comes from a resolver. */
function notAuthoritative(nameserver: string, name: Fqdn, message: ReceivedMessage): Failure {
  const cut = message.authorities.find(
    (rr) => rr.type === TYPE.NS && rr.owner !== '.' && isWithin(name, rr.owner),
  )?.owner;
  if (cut === undefined)
    return {
      code: 'not-authoritative',
      message: `The nameserver ${nameserver} answered for ${name} without authority: it is a resolver, or it does not serve that zone.`,
      hint: "Set the nameserver's address to a nameserver of the zone itself.",
    };
  const others = message.authorities
    .filter((rr) => rr.type === TYPE.NS && rr.owner === cut)
    .map((rr) => nameRdata(message.bytes, rr, rr.rdataStart));
  return {
    code: 'not-authoritative',
    message: `The nameserver ${nameserver} delegates ${cut} to ${others.slice(0, 4).join(', ')}, and ${name} is in that delegated zone.`,
    hint: `Set the nameserver's address to the primary server of ${cut}`,
  };
}
