/** One question to one nameserver, and its answer. */
import type { Failure } from '../core/observation.ts';
import type { Fqdn, MonoMs } from '../core/units.ts';
import type { Clock } from '../ports.ts';
import { type Asked, answerFailure, doubtfulFailure } from './answer-failures.ts';
import { OPCODE, RCODE, TSIG_ERROR } from './codes.ts';
import type { Attempt, Exchange, Transport, Verdict } from './exchange.ts';
import { judgeReply, prepareMessage, type Signing } from './reply.ts';
import type { ReceivedMessage, WireQuestion } from './wire.ts';

/** A nameserver that can be asked. */
export interface Correspondent {
  /** Its name and address, for messages. */
  readonly nameserver: string;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Absent: messages go unsigned, and every answer counts. */
  readonly signing?: Signing | undefined;
  /** The longest that one exchange may take. */
  readonly timeoutMs: number;
}

export type Answer =
  /** NOERROR or NXDOMAIN, authoritative. */
  { readonly kind: 'answer'; readonly message: ReceivedMessage } | { readonly kind: 'failed'; readonly failure: Failure };

/** The earlier of the request's own deadline and the nameserver's time-out from now. */
export const exchangeDeadline = (correspondent: Correspondent, deadline: MonoMs): MonoMs =>
  Math.min(deadline, correspondent.clock.mono() + correspondent.timeoutMs) as MonoMs;

/** TSIG's time: whole seconds since 1970, UTC. */
export const wallSeconds = (clock: Clock): number => Math.floor(clock.wall() / 1000);

/**
 * Asks with RD = 0 and takes only an authoritative answer (`not-authoritative` otherwise). A question does no harm, so it is asked once
 * more where a kept connection broke under it. Ends by the deadline; never rejects.
 */
export async function ask(correspondent: Correspondent, question: WireQuestion, deadline: MonoMs): Promise<Answer> {
  const until = exchangeDeadline(correspondent, deadline);
  const exchange: Exchange<Answer> = {
    deadline: until,
    repeatable: true,
    attempt: (id) => questionAttempt(correspondent, question, id),
  };
  let result = await correspondent.transport.exchange(exchange);
  if (result.kind === 'unanswered' && result.broken && correspondent.clock.mono() < until)
    result = await correspondent.transport.exchange(exchange);
  switch (result.kind) {
    case 'answered':
      return result.value;
    case 'truncated':
      return { kind: 'failed', failure: truncated(correspondent.nameserver) };
    case 'not-sent':
    case 'unanswered':
      return { kind: 'failed', failure: result.failure };
  }
}

function questionAttempt(correspondent: Correspondent, question: WireQuestion, id: number): Attempt<Answer> {
  const { clock, signing, nameserver } = correspondent;
  const message = { id, opcode: OPCODE.QUERY, question, answers: [], authorities: [] };
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
        case 'doubtful':
          return { kind: 'doubtful', failure: doubtfulFailure(asked, reply.codes, reply.fault) };
        case 'proven': {
          const { rcode, tsigError } = reply.codes;
          const good = tsigError === TSIG_ERROR.NONE && (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN);
          if (!good) return { kind: 'final', value: { kind: 'failed', failure: answerFailure(asked, reply.codes) } };
          if (!reply.message.authoritative)
            return { kind: 'final', value: { kind: 'failed', failure: notAuthoritative(nameserver, question.name) } };
          return { kind: 'final', value: { kind: 'answer', message: reply.message } };
        }
      }
    },
  };
}

const truncated = (nameserver: string): Failure => ({
  code: 'malformed-answer',
  message: `The nameserver ${nameserver} truncated its answer also over TCP.`,
});

const notAuthoritative = (nameserver: string, name: Fqdn): Failure => ({
  code: 'not-authoritative',
  message: `The nameserver ${nameserver} answered for ${name}, but not with authority: it is a resolver, or the name is delegated away from it.`,
  hint: "Set the nameserver's address to a nameserver of the zone itself.",
});
