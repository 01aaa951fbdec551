/** The zone client that speaks RFC 2136 itself, over a kept TCP connection or UDP, signed with TSIG. */
import { randomInt } from 'node:crypto';
import type { Failure } from '../../core/model/observation.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import type { Clock } from '../../ports.ts';
import { type Asked, answerFailure, doubtfulFailure } from '../message/answer-failures.ts';
import { RCODE, rcodeName, TSIG_ERROR } from '../message/codes.ts';
import type { MessageRequest } from '../message/message-request.ts';
import { type AnswerCodes, judgeReply, prepareMessage } from '../message/reply.ts';
import type { TsigKey } from '../message/tsig.ts';
import { buildUpdate } from '../message/update.ts';
import type { OutgoingMessage } from '../message/wire.ts';
import type { Holds } from '../read/circle.ts';
import { primaryCheck } from '../read/primary-server.ts';
import { PropagationWatch } from '../read/propagation-watch.ts';
import { type Correspondent, wallSeconds } from '../read/query.ts';
import type { SerialsOptions } from '../read/serials.ts';
import { ZoneReader } from '../read/zone-reader.ts';
import { type Endpoint, showEndpoint } from '../transport/endpoint.ts';
import type { Exchange, OpenTransport, Verdict } from '../transport/exchange.ts';
import { openSockets } from '../transport/open.ts';
import type { DnsClient } from './dns-client.ts';
import { createInspection } from './inspection.ts';
import { createRefusalInspector } from './refusal.ts';

export interface Rfc2136Options {
  /** As the configuration calls the nameserver. */
  readonly name: string;
  /** IP address, or a host name with one address. */
  readonly address: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  /** Absent: messages go unsigned, and unsigned answers count. */
  readonly key?: TsigKey;
  readonly fudgeSeconds: number;
  /** The longest that one exchange may take; the request's own deadline counts too. */
  readonly timeoutMs: number;
  /** The nameservers that propagation waits for; absent: the zone's NS RRset. */
  readonly verify?: readonly Endpoint[];
  /** Resolvers that applications use: propagation asks them too, where it is told to. */
  readonly resolvers?: readonly Endpoint[];
  /** What works, but should be told: that the zone's SOA names another server. */
  readonly onWarning?: (failure: Failure) => void;
  readonly clock: Clock;
  /** 0 to 65535, not to be guessed; default: crypto.randomInt. */
  readonly messageId?: () => number;
  /** Default: on real sockets. The simulator's are on its own network. */
  readonly openTransport?: OpenTransport;
}

/** What both kinds of client share: reading, watching propagation, and what an inspection needs. */
export interface ReadingSide {
  readonly correspondent: Correspondent;
  readonly reader: ZoneReader;
  readonly propagation: PropagationWatch;
  readonly serials: SerialsOptions;
  close(): void;
}

/** Opens no socket: the connection is made at the first use. */
export function createRfc2136Client(options: Rfc2136Options): DnsClient {
  const send = (request: MessageRequest) => sendUpdate(side.correspondent, request);
  const side: ReadingSide = createReadingSide(options, send);
  const update = noting(side, send);
  return {
    read: (request) => side.reader.read(request),
    update,
    propagation: (request) => side.propagation.watch(request),
    inspection: createInspection(side.serials, update),
    inspectRefusal: createRefusalInspector(side.serials, update),
    close: async () => side.close(),
  };
}

/** The same, and the reading side hears what was applied: an RRset that we wrote is stored. */
export const noting =
  (side: ReadingSide, send: (request: MessageRequest) => Promise<UpdateOutcome>) =>
  async (request: MessageRequest): Promise<UpdateOutcome> => {
    const outcome = await send(request);
    if (outcome.kind === 'applied') side.reader.stored.learn(request.plan);
    return outcome;
  };

/** See ReadingSide. It sends updates, too, that change nothing: to find out what is stored. */
export function createReadingSide(
  options: Rfc2136Options,
  send: (request: MessageRequest) => Promise<UpdateOutcome>,
): ReadingSide {
  const { clock, timeoutMs, key, fudgeSeconds } = options;
  const messageId = options.messageId ?? (() => randomInt(65_536));
  const endpoint = { host: options.address, port: options.port };
  const nameserver = `${options.name} (${showEndpoint(endpoint)})`;
  const openTransport = options.openTransport ?? openSockets;
  const transport = openTransport(options.transport, {
    nameserver,
    ...endpoint,
    clock,
    timeoutMs,
    messageId,
  });
  const signing = key === undefined ? undefined : { key, fudgeSeconds };
  const correspondent = {
    nameserver,
    transport,
    clock,
    signing,
    timeoutMs,
    keyRecord: { standing: undefined },
  };
  const serials = { primary: correspondent, endpoint, verify: options.verify, messageId, openTransport };
  const propagation = new PropagationWatch({ ...serials, resolvers: options.resolvers });
  const holds: Holds = (zone, prerequisite, deadline) =>
    send({ plan: { zone, prerequisites: [prerequisite], changes: [] }, notAfter: deadline, deadline });
  return {
    correspondent,
    reader: new ZoneReader(
      correspondent,
      holds,
      options.onWarning && primaryCheck(correspondent, endpoint, options.onWarning),
    ),
    propagation,
    serials,
    close: () => {
      propagation.close();
      transport.close();
    },
  };
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
    attempt: (id) => updateAttempt({ id, ...built.message }, asked, correspondent),
  };
  const result = await correspondent.transport.exchange(exchange);
  switch (result.kind) {
    case 'answered':
      return result.value;
    case 'not-sent':
      return notSent(result.failure);
    case 'unanswered':
      // Also an error that came without a signature: a forger must not make us believe that the update is off.
      return { kind: 'unknown', failure: result.failure };
  }
}

/** The name that an update begins with: those of one publication begin with the same few names. */
function laneOf({ prerequisites, changes, zone }: MessageRequest['plan']): string {
  const first = prerequisites[0] ?? changes[0];
  if (first === undefined) return zone;
  return 'rrset' in first ? first.rrset.name : first.name;
}

/** The outcome of an update of which no byte left. */
export const notSent = (failure: Failure): UpdateOutcome => ({ kind: 'refused', code: 'not-sent', failure });

function updateAttempt(message: OutgoingMessage, asked: Asked, { clock, keyRecord }: Correspondent) {
  const sent = prepareMessage(message, asked.signing, wallSeconds(clock));
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

/** What a proven answer says of the update (RFC 2136 2.2). */
function updateOutcome(asked: Asked, codes: AnswerCodes): UpdateOutcome {
  const failure = answerFailure(asked, codes);
  // NOERROR with a TSIG error is nonsense: it proves neither.
  if (codes.rcode === RCODE.NOERROR)
    return codes.tsigError === TSIG_ERROR.NONE ? { kind: 'applied' } : { kind: 'unknown', failure };
  const code = failure.code === 'prerequisite-failed' ? 'prerequisite-failed' : 'rejected';
  return { kind: 'refused', code, rcode: rcodeName(codes.rcode), failure };
}
