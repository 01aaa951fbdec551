/**
 * The boundary around the MySQL driver. It takes the place of the driver's parser, so every byte of a server
 * comes here first, decrypted where there is TLS. It cuts the bytes into packets and reads each packet in the
 * state of the connection. During the login the driver gets packets of our own making, or none. After the
 * login the driver gets nothing more, and answers are read here. Whatever does not fit ends the connection
 * with one fault. See docs/decisions/020 and 027.
 */

import type { Connection } from 'mysql2';
import { AnswerFault, broken, tooLarge } from '../answer/answer-fault.ts';
import { maxProbeBytes, maxRowBytes, maxSmallPacketBytes } from '../answer/limits.ts';
import type { Answer } from '../answer/query-set.ts';
import { Frames } from './frames.ts';
import { type LoginStep, LoginSteps } from './login-steps.ts';
import { type Question, type ResultPhase, Results } from './results.ts';
import * as packets from './server-packets.ts';

/** The inner parts of the driver that we use; boundary.test.ts fails when a new version lacks one. */
interface DriverInside {
  packetParser: { execute(chunk: Buffer): unknown };
  write(buffer: Buffer): void;
}

interface BoundaryOptions {
  readonly tls: boolean;
  /** Without TLS: trust the public key that the server sends. */
  readonly allowPublicKeyRetrieval: boolean;
  /** All bytes that the socket has received, TLS records included. */
  readonly bytesReceived: () => number;
  /** Called at most once, with an AnswerFault or the server's own error. Nothing comes after it. */
  readonly onFault: (fault: unknown) => void;
}

/** What we expect next. In `ours` it is our turn: a packet of the server is a fault, as before TLS is up. */
type Phase = 'greeting' | 'ours' | 'login' | 'public-key' | 'logged-in' | 'over';

/** Payload bytes. */
const sslRequestBytes = 32;

/** The boundary of one connection. It never throws. */
export class Boundary {
  readonly #options: BoundaryOptions;
  readonly #results = new Results();
  readonly #frames = new Frames({
    skip: (bytes) => (this.#phase === 'logged-in' ? this.#results.skip(bytes) : 0),
    check: (bytes) => this.#checkSize(bytes),
    frame: (packet) => this.#packet(packet),
  });
  readonly #steps: LoginSteps;
  #pass: (packet: Buffer) => void;
  #phase: Phase = 'greeting';
  #greeted = false;
  #sequence = 0;
  #receivedBefore = 0;

  constructor(connection: Connection, options: BoundaryOptions) {
    this.#options = options;
    this.#steps = new LoginSteps(options.allowPublicKeyRetrieval);
    const inside = connection as unknown as DriverInside;
    const { packetParser } = inside;
    const write = inside.write.bind(connection);
    this.#pass = (packet) => void packetParser.execute(packet);
    inside.packetParser = { execute: (chunk) => this.take(chunk) };
    inside.write = (buffer) => {
      this.#wrote(buffer);
      write(buffer);
    };
  }

  /** False: the server refused us before it knew anything about us. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** Starts the byte count of a probe. Bytes outside of packets (empty TLS records) count too. */
  beginProbe(): void {
    this.#guarded(() => this.#checkTotal());
    this.#receivedBefore = this.#options.bytesReceived();
  }

  /** After the login. The caller writes these statements, and `heard` is called for each, in order. */
  ask(questions: readonly Question[], heard: (answer: Answer) => void): void {
    if (this.#phase === 'logged-in') this.#results.ask(questions, heard);
  }

  close(): void {
    this.#phase = 'over';
  }

  /** What the server sends. */
  take(chunk: Buffer): void {
    this.#guarded(() => {
      if (this.#phase === 'over') return;
      this.#checkTotal();
      this.#frames.push(chunk);
      this.#checkIdle();
    });
  }

  /** An exception of the driver, too, only ends this connection. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#end(error instanceof AnswerFault ? error : broken('a packet that the driver cannot read'));
    }
  }

  #end(fault: unknown): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#options.onFault(fault);
  }

  get #isLoggedIn(): boolean {
    return this.#phase === 'logged-in';
  }

  #checkTotal(): void {
    if (this.#options.bytesReceived() - this.#receivedBefore > maxProbeBytes) {
      throw tooLarge(`more than ${maxProbeBytes} bytes for one probe`, this.#isLoggedIn);
    }
  }

  #checkSize(payloadBytes: number): void {
    if (payloadBytes === 0) throw broken('an empty packet');
    const isRow = this.#isLoggedIn && this.#results.phase === 'rows';
    if (isRow && payloadBytes > maxRowBytes) throw tooLarge(`a row of more than ${maxRowBytes} bytes`, true);
    if (!isRow && payloadBytes > maxSmallPacketBytes)
      throw broken(`a packet of ${payloadBytes} bytes ${this.#where}`);
  }

  /** Without a query the server may only say good-bye. */
  #checkIdle(): void {
    const { partial } = this.#frames;
    if (this.#phase === 'ours' && partial.length > 0) throw broken(`a packet ${this.#where}`);
    const isIdle = this.#isLoggedIn && this.#results.phase === 'idle';
    if (isIdle && partial.length > 4 && partial[4] !== 0xff) throw broken(`a packet ${this.#where}`);
  }

  get #where(): string {
    return where[this.#phase === 'logged-in' ? this.#results.phase : this.#phase];
  }

  /** What the driver sends in the login decides what we expect next. */
  #wrote(buffer: Buffer): void {
    const payload = buffer.subarray(4);
    this.#sequence = ((buffer[3] ?? 0) + 1) % 256;
    if (this.#phase === 'over' || this.#isLoggedIn) return;
    // A packet that comes before we speak again is not encrypted: none of it may reach the login.
    const asksForTls = this.#options.tls && !this.#steps.encrypted && payload.length === sslRequestBytes;
    if (asksForTls) this.#steps.encrypted = true;
    this.#phase = asksForTls ? 'ours' : this.#steps.afterOurWord(payload);
  }

  /** Reads one packet. Returns whether another one may follow. */
  #packet(packet: Buffer): boolean {
    const payload = packet.subarray(4);
    if (this.#phase === 'ours') throw broken(`a packet ${where.ours}`);
    if (payload[0] === 0xff) return this.#error(payload, packet[3] ?? 0);
    if (this.#isLoggedIn) this.#results.packet(packet);
    else {
      if (packet[3] !== this.#sequence) throw broken(`packet ${packet[3]} instead of ${this.#sequence}`);
      this.#give(this.#read(payload));
    }
    return this.#goesOn;
  }

  get #goesOn(): boolean {
    return this.#phase !== 'over';
  }

  /** Returns the payload for the driver, and sets the next phase. */
  #read(payload: Buffer): Buffer {
    switch (this.#phase) {
      case 'greeting':
        return this.#greeting(payload);
      case 'login':
        return this.#login(this.#steps.read(payload));
      case 'public-key':
        return this.#login(this.#steps.readPublicKey(payload));
      default:
        throw broken(`a packet ${this.#where}`);
    }
  }

  /**
   * An error ends the login or the query, whatever its packet number: servers and proxies that refuse before
   * the login number it differently. An error without a query is the server's good-bye (4031, 1927, 1053). A
   * good-bye that crosses our query has the packet number 0.
   */
  #error(payload: Buffer, sequence: number): boolean {
    const error = packets.serverError(payload);
    if (!this.#isLoggedIn) {
      this.#phase = 'ours';
      this.#give(packets.errorBytes(error));
      return false;
    }
    if (this.#results.isGoodbye(sequence)) this.#end(error);
    else this.#results.error(error);
    return this.#goesOn;
  }

  #greeting(payload: Buffer): Buffer {
    const greeting = packets.greeting(payload);
    this.#greeted = true;
    this.#phase = 'ours';
    return greeting;
  }

  #login(step: LoginStep): Buffer {
    this.#phase = step.next === 'done' ? 'logged-in' : step.next;
    return step.give;
  }

  /** Gives the driver a packet with the expected number. What the driver sends next sets the phase again. */
  #give(payload: Buffer): void {
    const packet = Buffer.allocUnsafe(4 + payload.length);
    packet.writeUIntLE(payload.length, 0, 3);
    packet[3] = this.#sequence;
    payload.copy(packet, 4);
    this.#sequence = (this.#sequence + 1) % 256;
    this.#pass(packet);
  }
}

const where: Readonly<Record<Exclude<Phase, 'logged-in'> | ResultPhase, string>> = {
  greeting: 'as its greeting',
  ours: 'before our answer (before TLS is up, or during the login)',
  login: 'in the login',
  'public-key': 'as its public key',
  idle: 'without a query of ours',
  answer: 'as the header of a result',
  columns: 'as a column',
  'columns-end': 'after its columns',
  rows: 'as a row',
  over: 'after its end',
};
