/** One connection to a server of the farm. */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { certificate, key } from '../../support/false-certificate.ts';
import type { FarmServer } from './cluster.ts';
import { type Answering, answering, greeting, loginAnswer } from './statements.ts';

const comQuit = 1;
const comQuery = 3;
const sslRequestBytes = 32;
/** CLIENT_QUERY_ATTRIBUTES: two bytes more before the statement. */
const queryAttributes = 0x0800_0000;
/** CLIENT_DEPRECATE_EOF. */
const deprecateEof = 0x0100_0000;
const context = createSecureContext({ key, cert: certificate });
const hello = { plain: greeting(false), tls: greeting(true) };

/** Statements that were asked before, by their whole packet: a statement is a constant. */
const known: { readonly packet: Buffer; readonly withoutEof: boolean; readonly answering: Answering }[] = [];
const knownLimit = 64;

export class Speaker {
  readonly server: FarmServer;
  readonly socket: Socket;
  readonly #tls: boolean;
  readonly #asked: (server: FarmServer, answering: Answering) => void;
  #stream: Duplex;
  #greeted = false;
  #rest: Buffer | undefined;
  #isLoggedIn = false;
  #sqlAt = 1;
  #withoutEof = false;
  /** What was prepared, by its name. */
  readonly #prepared = new Map<string, Answering>();

  constructor(
    server: FarmServer,
    socket: Socket,
    tls: boolean,
    asked: (server: FarmServer, answering: Answering) => void,
  ) {
    this.server = server;
    this.socket = socket;
    this.#tls = tls;
    this.#asked = asked;
    this.#stream = socket;
    this.#listen(socket);
    this.resume();
  }

  /** Says what it did not say while the server was silent. */
  resume(): void {
    if (this.server.health === 'silent') return;
    if (!this.#greeted) {
      this.#greeted = true;
      this.#stream.write(this.#tls ? hello.tls : hello.plain);
    }
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#take(rest);
  }

  #listen(stream: Duplex): void {
    this.#stream = stream;
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  #take(chunk: Buffer): void {
    let bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    const answers: Buffer[] = [];
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUIntLE(0, 3)) {
      if (this.server.health !== 'up') break;
      const end = 4 + bytes.readUIntLE(0, 3);
      const packet = bytes.subarray(0, end);
      bytes = bytes.subarray(end);
      if (this.#isLoggedIn) answers.push(...this.#obey(packet));
      else if (this.#wantsTls(end - 4)) {
        this.#startTls(bytes);
        return;
      } else answers.push(this.#logIn(packet));
    }
    if (bytes.length > 0) this.#rest = bytes;
    if (answers.length > 0) this.#stream.write(answers.length === 1 ? answers[0] : Buffer.concat(answers));
  }

  #wantsTls(payloadBytes: number): boolean {
    return this.#tls && payloadBytes === sslRequestBytes && this.#stream === this.socket;
  }

  #startTls(rest: Buffer): void {
    this.socket.removeAllListeners('data');
    this.socket.pause();
    // The client does not wait for us.
    if (rest.length > 0) this.socket.unshift(rest);
    this.#listen(new TLSSocket(this.socket, { isServer: true, secureContext: context }));
  }

  #logIn(packet: Buffer): Buffer {
    const flags = packet.readUInt32LE(4);
    this.#sqlAt = (flags & queryAttributes) === 0 ? 5 : 7;
    this.#withoutEof = (flags & deprecateEof) !== 0;
    this.#isLoggedIn = true;
    return loginAnswer((packet[3] ?? 0) + 1);
  }

  #obey(packet: Buffer): readonly Buffer[] {
    if (packet[4] === comQuit) this.#stream.end();
    if (packet[4] !== comQuery) return [];
    const found = this.#known(packet);
    const { prepares, executes } = found;
    if (prepares !== undefined) this.#prepared.set(prepares.name, prepares.answering);
    const asked = (executes === undefined ? undefined : this.#prepared.get(executes)) ?? found;
    this.#asked(this.server, asked);
    return [asked.answer(this.server, performance.now())];
  }

  #known(packet: Buffer): Answering {
    const withoutEof = this.#withoutEof;
    const before = known.find(
      (one) =>
        one.packet.length === packet.length && one.withoutEof === withoutEof && one.packet.equals(packet),
    );
    if (before !== undefined) return before.answering;
    const made = answering(packet.toString('utf8', this.#sqlAt), withoutEof);
    if (known.length < knownLimit) known.push({ packet: Buffer.from(packet), withoutEof, answering: made });
    return made;
  }
}
