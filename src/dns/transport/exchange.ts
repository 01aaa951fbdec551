/** One question or update as the transports see it: bytes out, bytes in, and a judge of answers. */
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';

export interface Exchange<T> {
  /** The exchange always ends by then. */
  readonly deadline: MonoMs;
  /** It is not sent later: its evidence is then too old. */
  readonly notAfter?: MonoMs;
  /** Once aborted, it is not sent any more. */
  readonly recalled?: AbortSignal | undefined;
  /** A lost question may be sent again. An update never: the second would be another attempt. */
  readonly repeatable: boolean;
  /** The name of the question or update. Waiting names take turns. */
  readonly lane: string;
  /** Builds and signs the message, for each attempt: a signed message must not be signed again. */
  attempt(id: number): Attempt<T>;
}

export interface Attempt<T> {
  /** Without TCP's length field. */
  readonly bytes: Buffer;
  /** Judges an answer with this id. Pure, never throws. */
  judge(answer: Buffer): Verdict<T>;
}

export type Verdict<T> =
  | { readonly kind: 'final'; readonly value: T }
  /** The answer did not fit into the datagram (TC). */
  | { readonly kind: 'truncated' }
  /** The answer proves nothing (unsigned, wrong MAC): keep listening. Report it if nothing better comes. */
  | { readonly kind: 'doubtful'; readonly failure: Failure }
  /** Not an answer to this message. */
  | { readonly kind: 'ignored' };

export type ExchangeResult<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** No byte was sent. */
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  /** It was sent, and no answer proved anything. `broken`: the connection ended, so try a new one at once. */
  | { readonly kind: 'unanswered'; readonly failure: Failure; readonly broken: boolean };

/** The answer did not fit into its carrier (TC). */
export interface Truncated {
  readonly kind: 'truncated';
}

export interface TransportOptions {
  /** Name and address, for messages. */
  readonly nameserver: string;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** The limit for connecting, and for an answer after its message was sent. The queue does not count. */
  readonly timeoutMs: number;
  /** 0 to 65535, unpredictable. */
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
  /** Always resolves by the exchange's deadline; never rejects. */
  exchange<T>(exchange: Exchange<T>): Promise<ExchangeResult<T>>;
  /** Closes every socket. Messages in flight end as unanswered, waiting messages as not sent. */
  close(): void;
}

/** Makes the transport to one nameserver. */
export type OpenTransport = (kind: 'tcp' | 'udp', options: TransportOptions) => Transport;
