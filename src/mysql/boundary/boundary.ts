/**
 * The boundary around the MySQL driver. Every byte of a server comes here first, decrypted where there is TLS: it is cut into packets, each packet is read by us in the
 * state that the connection is in, and the driver gets a packet of our own making, or none. Whatever does not fit ends the connection with one fault.
 * It takes the place of the driver's parser, which both of its sockets (plain and TLS) feed. See docs/decisions/020.
 */

import type { Connection } from 'mysql2';
import { AnswerFault, broken, tooLarge } from '../answer/answer-fault.ts';
import {
  maxColumns,
  maxProbeBytes,
  maxResultRows,
  maxRowBytes,
  maxSmallPacketBytes,
} from '../answer/limits.ts';
import { Frames } from './frames.ts';
import { type LoginStep, LoginSteps } from './login-steps.ts';
import * as packets from './server-packets.ts';

/** What we use of the driver's inside; `test/unit/mysql/boundary/boundary.test.ts` fails when a version has it no more. */
interface DriverInside {
  packetParser: { execute(chunk: Buffer): unknown };
  write(buffer: Buffer): void;
}

interface BoundaryOptions {
  /** Whether we log in through TLS, where the server has it. */
  readonly tls: boolean;
  /** Without TLS: take the server's word for its public key. */
  readonly allowPublicKeyRetrieval: boolean;
  /** All bytes that the socket has received, TLS records and all. */
  readonly bytesReceived: () => number;
  /** Called at most once: nothing comes out of the connection any more. An AnswerFault, or the server's own error. */
  readonly onFault: (fault: unknown) => void;
}

/** What we expect next. In `ours` it is our turn: a server that does not wait for us, as before TLS is up, is refused. */
type Phase =
  | 'greeting'
  | 'ours'
  | 'login'
  | 'public-key'
  | 'idle'
  | 'answer'
  | 'columns'
  | 'columns-end'
  | 'rows'
  | 'over';

const comQuit = 1;
/** Payload bytes of our request for TLS. */
const sslRequestBytes = 32;

/** One connection's boundary. It never throws. */
export class Boundary {
  readonly #options: BoundaryOptions;
  readonly #steps: LoginSteps;
  readonly #pass: (packet: Buffer) => void;
  readonly #frames = new Frames({
    check: (bytes) => this.#checkSize(bytes),
    frame: (packet) => this.#packet(packet),
  });
  #phase: Phase = 'greeting';
  #loggedIn = false;
  #greeted = false;
  #sequence = 0;
  #columns = 0;
  #rest = 0;
  #receivedBefore = 0;

  constructor(connection: Connection, options: BoundaryOptions) {
    this.#options = options;
    this.#steps = new LoginSteps(options.allowPublicKeyRetrieval);
    const inside = connection as unknown as DriverInside;
    const { packetParser } = inside;
    const write = inside.write.bind(connection);
    this.#pass = (packet) => void packetParser.execute(packet);
    inside.packetParser = { execute: (chunk) => this.#take(chunk) };
    inside.write = (buffer) => {
      this.#wrote(buffer);
      write(buffer);
    };
  }

  /** A server that refuses before it greets knows nothing of who asks. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** The bound of a probe begins anew. Bytes that no packet accounts for (TLS records without contents) count too. */
  beginProbe(): void {
    this.#guarded(() => this.#checkTotal());
    this.#receivedBefore = this.#options.bytesReceived();
  }

  /** Nothing that comes now is looked at. */
  close(): void {
    this.#phase = 'over';
  }

  #take(chunk: Buffer): void {
    this.#guarded(() => {
      if (this.#phase === 'over') return;
      this.#checkTotal();
      this.#frames.push(chunk);
      this.#checkIdle();
    });
  }

  /** Also an exception of the driver is no more than the end of this connection. */
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

  #checkTotal(): void {
    if (this.#options.bytesReceived() - this.#receivedBefore > maxProbeBytes) {
      throw tooLarge(`more than ${maxProbeBytes} bytes for one probe`, this.#loggedIn);
    }
  }

  #checkSize(payloadBytes: number): void {
    if (payloadBytes === 0) throw broken('an empty packet');
    if (this.#phase === 'rows' && payloadBytes > maxRowBytes) {
      throw tooLarge(`a row of more than ${maxRowBytes} bytes`, this.#loggedIn);
    }
    if (this.#phase !== 'rows' && payloadBytes > maxSmallPacketBytes)
      throw broken(`a packet of ${payloadBytes} bytes ${where[this.#phase]}`);
  }

  /** While nothing was asked a server may only say good-bye. */
  #checkIdle(): void {
    const { partial } = this.#frames;
    if (this.#phase === 'ours' && partial.length > 0) throw broken(`a packet ${where.ours}`);
    if (this.#phase === 'idle' && partial.length > 4 && partial[4] !== 0xff)
      throw broken(`a packet ${where.idle}`);
  }

  /** What the driver sends tells what comes next. */
  #wrote(buffer: Buffer): void {
    const payload = buffer.subarray(4);
    this.#sequence = ((buffer[3] ?? 0) + 1) % 256;
    if (this.#phase === 'over') return;
    if (!this.#loggedIn) {
      // Whatever comes before our next word is not encrypted: none of it may be meant for the login.
      const asksForTls = this.#options.tls && !this.#steps.encrypted && payload.length === sslRequestBytes;
      if (asksForTls) this.#steps.encrypted = true;
      this.#phase = asksForTls ? 'ours' : this.#steps.afterOurWord(payload);
    } else this.#phase = payload[0] === comQuit ? 'over' : 'answer';
  }

  /** One packet. Says whether another one may follow. */
  #packet(packet: Buffer): boolean {
    const payload = packet.subarray(4);
    if (this.#phase === 'ours') throw broken(`a packet ${where.ours}`);
    if (payload[0] === 0xff) return this.#error(payload, packet[3] ?? 0);
    if (packet[3] !== this.#sequence) throw broken(`packet ${packet[3]} instead of ${this.#sequence}`);
    const given = this.#read(payload);
    if (given === payload) this.#giveWhole(packet);
    else this.#give(given);
    return this.#phase !== 'over';
  }

  /** The payload as the driver gets it; the phase is the next one then. */
  #read(payload: Buffer): Buffer {
    switch (this.#phase) {
      case 'greeting':
        return this.#greeting(payload);
      case 'login':
        return this.#login(this.#steps.read(payload));
      case 'public-key':
        return this.#login(this.#steps.readPublicKey(payload));
      case 'answer':
        return this.#answer(payload);
      case 'columns':
        this.#rest -= 1;
        if (this.#rest === 0) this.#phase = 'columns-end';
        return packets.column(payload);
      case 'columns-end':
        if (!packets.isEof(payload)) throw broken('no end marker after its columns');
        this.#phase = 'rows';
        this.#rest = maxResultRows;
        return packets.eof(payload);
      case 'rows':
        return this.#row(payload);
      default:
        throw broken(`a packet ${where[this.#phase]}`);
    }
  }

  /**
   * An error ends what was asked, whatever number its packet has: servers and proxies that refuse before the login do not agree on it. One that nobody asked for is the
   * server's good-bye (4031, 1927, 1053), also when it crosses our question: its packet has number 0 then.
   */
  #error(payload: Buffer, sequence: number): boolean {
    const error = packets.serverError(payload);
    const isGoodbye = this.#phase === 'idle' || (this.#loggedIn && sequence === 0 && this.#sequence !== 0);
    if (isGoodbye) {
      this.#end(error);
      return false;
    }
    if (this.#loggedIn) this.#phase = 'idle';
    else this.#phase = 'ours';
    this.#give(packets.errorBytes(error));
    return this.#loggedIn;
  }

  #greeting(payload: Buffer): Buffer {
    const greeting = packets.greeting(payload);
    this.#greeted = true;
    this.#phase = 'ours';
    return greeting;
  }

  #login(step: LoginStep): Buffer {
    this.#loggedIn = step.next === 'idle';
    this.#phase = step.next;
    return step.give;
  }

  #answer(payload: Buffer): Buffer {
    if (payload[0] === 0) {
      const ok = packets.ok(payload);
      this.#phase = 'idle';
      return ok;
    }
    this.#columns = packets.columnCount(payload);
    if (this.#columns > maxColumns) throw tooLarge(`${this.#columns} columns`, true);
    this.#rest = this.#columns;
    this.#phase = 'columns';
    return packets.columnCountBytes(this.#columns);
  }

  #row(payload: Buffer): Buffer {
    if (packets.isEof(payload)) {
      const eof = packets.eof(payload);
      this.#phase = 'idle';
      return eof;
    }
    if (this.#rest === 0) throw tooLarge(`more than ${maxResultRows} rows`, true);
    this.#rest -= 1;
    packets.checkRow(payload, this.#columns);
    return payload;
  }

  /** Gives the driver a packet with the number that it expects. What the driver sends in return sets the phase anew. */
  #give(payload: Buffer): void {
    const packet = Buffer.allocUnsafe(4 + payload.length);
    packet.writeUIntLE(payload.length, 0, 3);
    packet[3] = this.#sequence;
    payload.copy(packet, 4);
    this.#giveWhole(packet);
  }

  #giveWhole(packet: Buffer): void {
    this.#sequence = (this.#sequence + 1) % 256;
    this.#pass(packet);
  }
}

/** For sentences. */
const where: Readonly<Record<Phase, string>> = {
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
