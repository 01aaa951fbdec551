/** One TCP connection to a nameserver: length framing (RFC 1035 4.2.2), answers in any order (RFC 7766 7). */
import type { Socket } from 'node:net';
import type { Failure } from '../../core/model/observation.ts';
import type { Clock } from '../../ports.ts';
import { malformedAnswer } from '../message/answer-failures.ts';
import { maxAnswerBytes, tooLong } from '../message/wire.ts';
import { connectionLost, noAnswer } from './failures.ts';
import { InFlight } from './pending.ts';

/**
 * After an unsigned error answer on TCP, how long to wait for a signed answer. Only somebody on the path can
 * forge on TCP, and can also withhold the true answer. Either way the outcome is `unknown`, so waiting until
 * the deadline would gain nothing.
 */
const tcpGraceMs = 100;

interface TcpLinkOptions {
  readonly nameserver: string;
  readonly clock: Clock;
  /** Bytes came, or the connection ended. */
  readonly onChange: () => void;
}

export class TcpLink {
  readonly inFlight: InFlight;
  /** No further messages: the link ended, or its peer is silent. */
  retired = false;
  readonly #socket: Socket;
  readonly #options: TcpLinkOptions;
  #buffered: Buffer = Buffer.alloc(0);
  /** Bytes to skip of a message that is too long. */
  #toSkip = 0;
  #over = false;

  constructor(socket: Socket, options: TcpLinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.inFlight = new InFlight({ graceMs: tcpGraceMs, noAnswer: noAnswer(options.nameserver) });
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#ended(error.code ?? error.message));
    // A nameserver ends idle connections (BIND: tcp-idle-timeout, 30 s). The next use opens a new one.
    socket.on('end', () => this.#ended('the nameserver closed it'));
    socket.on('close', () => this.#ended('closed'));
  }

  /** From here on, the message may arrive. */
  send(message: Buffer): void {
    const frame = Buffer.alloc(2 + message.length);
    frame.writeUInt16BE(message.length);
    message.copy(frame, 2);
    this.#socket.write(frame);
  }

  /** Keeps messages back until `release`. */
  hold(): void {
    this.#socket.cork();
  }

  release(): void {
    this.#socket.uncork();
  }

  /** Closes the connection. Messages in flight end with this failure. */
  end(failure: Failure): void {
    this.#over = true;
    this.retired = true;
    this.inFlight.fail(failure);
    this.#socket.destroy();
  }

  #ended(why: string): void {
    if (this.#over) return;
    this.end(connectionLost(this.#options.nameserver, why));
    this.#options.onChange();
  }

  #received(chunk: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    while (this.#skipped() && this.#buffered.length >= 2) {
      const length = this.#buffered.readUInt16BE();
      const isTooLong = length > maxAnswerBytes;
      // Only the id of a message that is too long is read: only its exchange fails, not the others of this
      // connection.
      if (this.#buffered.length < 2 + (isTooLong ? 2 : length)) break;
      if (isTooLong) this.#tooLong(length);
      else this.#message(this.#buffered.subarray(2, 2 + length));
    }
    this.#options.onChange();
  }

  #message(answer: Buffer): void {
    this.#buffered = this.#buffered.subarray(2 + answer.length);
    this.inFlight.received(answer, this.#options.clock.mono());
  }

  #tooLong(length: number): void {
    const { nameserver, clock } = this.#options;
    const id = this.#buffered.readUInt16BE(2);
    this.#toSkip = 2 + length;
    this.inFlight.unreadable(id, malformedAnswer(nameserver, tooLong(length).malformed), clock.mono());
  }

  /** Drops the bytes to skip. False: more of them must come. */
  #skipped(): boolean {
    const bytes = Math.min(this.#toSkip, this.#buffered.length);
    this.#buffered = this.#buffered.subarray(bytes);
    this.#toSkip -= bytes;
    return this.#toSkip === 0;
  }
}
