/** The zone client that speaks RFC 2136 itself, over a kept TCP connection or UDP, signed with TSIG. */
import type { UpdateOutcome } from '../../core/model/zone.ts';
import { type Asked, doubtfulFailure } from '../message/answer-failures.ts';
import { notSent, updateOutcome } from '../message/outcome.ts';
import { judgeReply, prepareEncoded } from '../message/reply.ts';
import { buildUpdate, type MessageRequest } from '../message/update.ts';
import type { OutgoingMessage } from '../message/wire.ts';
import { type Correspondent, wallSeconds } from '../read/query.ts';
import { createReadingSide, type Rfc2136Options } from '../read/reading-side.ts';
import type { Exchange, Verdict } from '../transport/exchange.ts';
import { type DnsClient, dnsClient } from './dns-client.ts';

/** Opens no socket: the first use makes the connection. */
export function createRfc2136Client(options: Rfc2136Options): DnsClient {
  const send = (request: MessageRequest) => sendUpdate(side.correspondent, request);
  const side = createReadingSide(options, send);
  return dnsClient(side, send);
}

async function sendUpdate(correspondent: Correspondent, request: MessageRequest): Promise<UpdateOutcome> {
  const built = buildUpdate(request.plan);
  if (built.kind === 'invalid') return notSent(built.failure);
  const { nameserver, signing, keyRecord } = correspondent;
  const asked: Asked = {
    nameserver,
    what: 'update',
    zone: request.plan.zone,
    signing,
    keyStanding: keyRecord?.standing,
  };
  const exchange: Exchange<UpdateOutcome> = {
    deadline: request.deadline,
    notAfter: request.notAfter,
    recalled: request.recalled,
    repeatable: false,
    lane: laneOf(request.plan),
    attempt: (id) => updateAttempt({ id, ...built.message }, built.bytes, asked, correspondent),
  };
  const result = await correspondent.transport.exchange(exchange);
  switch (result.kind) {
    case 'answered':
      return result.value;
    case 'not-sent':
      return notSent(result.failure);
    case 'unanswered':
      // Also an error without a signature: a forger must not make us believe that the update failed.
      return { kind: 'unknown', failure: result.failure };
  }
}

/** The first name of an update. Updates of one publication begin with the same few names. */
function laneOf({ prerequisites, changes, zone }: MessageRequest['plan']): string {
  const first = prerequisites[0] ?? changes[0];
  if (first === undefined) return zone;
  return 'rrset' in first ? first.rrset.name : first.name;
}

/** `built`: the message's bytes under another id. */
function updateAttempt(
  message: OutgoingMessage,
  built: Buffer,
  asked: Asked,
  { clock, keyRecord }: Correspondent,
) {
  const bytes = Buffer.from(built);
  bytes.writeUInt16BE(message.id);
  const sent = prepareEncoded(message, bytes, asked.signing, wallSeconds(clock));
  return {
    bytes: sent.bytes,
    judge: (answer: Buffer): Verdict<UpdateOutcome> => {
      const reply = judgeReply(answer, sent, wallSeconds(clock));
      switch (reply.kind) {
        case 'ignored':
        case 'truncated':
          return { kind: 'ignored' };
        case 'doubtful':
          return { kind: 'doubtful', failure: doubtfulFailure(asked, reply.codes, reply.doubt) };
        case 'proven':
          if (keyRecord !== undefined) keyRecord.standing = 'known';
          return { kind: 'final', value: updateOutcome(asked, reply.codes) };
      }
    },
  };
}
