/** One question or update and its answer, as the transports see it: bytes out, bytes in, and a judge who says what an answer is worth. */
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';

export interface Exchange<T> {
  /** The exchange ends by then, always. */
  readonly deadline: MonoMs;
  /** It is not sent after this: the evidence for it is then too old. */
  readonly notAfter?: MonoMs;
  /** Aborted: it is not sent any more. */
  readonly recalled?: AbortSignal | undefined;
  /** A lost datagram may be sent again (a question), or never (an update: the second would be another attempt). */
  readonly repeatable: boolean;
  /** The name that it is about: where many wait, names take turns. */
  readonly lane: string;
  /** Builds and signs the message. Called for each attempt: a message that was signed once must not be signed again. */
  attempt(id: number): Attempt<T>;
}

export interface Attempt<T> {
  /** The message, without TCP's length field. */
  readonly bytes: Buffer;
  /** What an answer with this id is worth. Pure, never throws. */
  judge(answer: Buffer): Verdict<T>;
}

export type Verdict<T> =
  | { readonly kind: 'final'; readonly value: T }
  /** The answer did not fit into the datagram (TC). */
  | { readonly kind: 'truncated' }
  /** It proves nothing (unsigned, wrong MAC): keep listening, and tell it in words if nothing better comes. */
  | { readonly kind: 'doubtful'; readonly failure: Failure }
  /** It is no answer to this message. */
  | { readonly kind: 'ignored' };

export type ExchangeResult<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** Not a byte of it left. */
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  /** It was sent, and nothing came that proves anything. `broken`: the connection ended, so a new one may be tried at once. */
  | { readonly kind: 'unanswered'; readonly failure: Failure; readonly broken: boolean };

/** The answer did not fit into what carried it (TC). */
export interface Truncated {
  readonly kind: 'truncated';
}

/** Where a transport goes, and with what. */
export interface TransportOptions {
  /** Its name and address, for messages. */
  readonly nameserver: string;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** The longest that connecting may take, and the longest that an answer may take from when its message was sent: waiting in the queue does not count. */
  readonly timeoutMs: number;
  /** 0 to 65535, not to be guessed. */
  readonly messageId: () => number;
}

/** Where the transports get their sockets from. */
export interface Sockets {
  /** Begins a TCP connection, which then emits `connect` or `error`. `address`: an IP address. */
  connect(address: string, port: number): Socket;
  datagrams(family: 'udp4' | 'udp6'): DatagramSocket;
}

/** Exchanges messages with one nameserver. */
export interface Transport {
  /** Resolves by the exchange's deadline, always; never rejects. */
  exchange<T>(exchange: Exchange<T>): Promise<ExchangeResult<T>>;
  /** Ends every socket; what is in flight ends as unanswered, what waits as not sent. */
  close(): void;
}

/** Makes the transport to one nameserver. */
export type OpenTransport = (kind: 'tcp' | 'udp', options: TransportOptions) => Transport;
