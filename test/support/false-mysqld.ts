/**
 * A false MySQL server on loopback. It speaks the protocol itself, so a test can change each packet. A script
 * says what it sends at which moment; `tamper` sees every message first, and may send something else or
 * nothing.
 */

import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { ServerAddress } from '../../src/core/model/units.ts';
import { certificate, key } from './false-certificate.ts';
import * as wire from './wire.ts';

/** When the server speaks. `answer`: an OK, an error, or the header of a result with everything after it. */
export type Step = 'greeting' | 'login-switch' | 'login-more' | 'public-key' | 'login-result' | 'answer';

/** What the server is about to send. */
export interface Message {
  readonly step: Step;
  /** The statement that it answers. */
  readonly sql?: string;
  /** Whole packets, with their headers. */
  readonly packets: readonly Buffer[];
}

export type TextRow = Readonly<Record<string, string | null>>;

/** What an ERR packet says. */
export interface Refusal {
  readonly errno: number;
  readonly text: string;
}

/** Rows, an error, raw packets, or nothing. A SET statement gets an OK without asking. */
export type Reply = readonly TextRow[] | Refusal | undefined;

/** How it accepts a login. `full`: it wants the password; else a number of steps, or another method. */
export type Login = 'at-once' | 'fast' | 'full' | { readonly switchTo: string };

export interface Script {
  readonly reply: (sql: string) => Reply;
  /** Why a SET statement is refused. Absent, or undefined: it gets an OK. */
  readonly refuses?: (sql: string) => Refusal | undefined;
  readonly login?: Login;
  readonly tls?: boolean;
  /** Sent when the client asks for it, in PEM. */
  readonly publicKey?: string;
  /** Sends the message in its own way. Absent: as it is. */
  readonly tamper?: (message: Message, connection: FalseConnection) => void;
  /** Called after the login, while no query is open. */
  readonly onIdle?: (connection: FalseConnection) => void;
}

/** One connection, as the server sees it. */
export interface FalseConnection {
  /** Decrypted, where there is TLS. */
  readonly write: (bytes: Buffer) => void;
  readonly end: () => void;
  /** The TCP connection. */
  readonly socket: Socket;
  /** What the client said, packet by packet, without headers. */
  readonly heard: readonly Buffer[];
  /** The packets that came without TLS. */
  readonly heardPlain: readonly Buffer[];
}

export interface FalseMysqld {
  readonly address: ServerAddress;
  /** Statements, in order, of all connections. */
  readonly asked: readonly string[];
  readonly connections: readonly FalseConnection[];
  /** For new connections; earlier statements are forgotten. */
  play(script: Script): void;
  close(): Promise<void>;
}

const comQuit = 1;
const comQuery = 3;
const sslRequestBytes = 32;
/** CLIENT_QUERY_ATTRIBUTES: two bytes more before the statement, where there are none. */
const queryAttributes = 0x0800_0000;
const context = createSecureContext({ key, cert: certificate });

/** Listens on a port that the system gives. */
export async function startFalseMysqld(first: Script, host = '127.0.0.1'): Promise<FalseMysqld> {
  let script = first;
  const asked: string[] = [];
  const connections: Speaker[] = [];
  const server: Server = createServer({ noDelay: true }, (socket) =>
    connections.push(new Speaker(socket, script, asked)),
  );
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    address: `${host}:${(server.address() as { port: number }).port}` as ServerAddress,
    asked,
    connections,
    play(next) {
      script = next;
      asked.length = 0;
      // Closed connections are of no use to the next script.
      connections.splice(0, connections.length, ...connections.filter(({ socket }) => !socket.destroyed));
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { socket } of connections) socket.destroy();
      }),
  };
}

/** The same rows are sent again and again. */
const results = new WeakMap<readonly TextRow[], readonly Buffer[]>();

function resultOf(rows: readonly TextRow[]): readonly Buffer[] {
  const made = results.get(rows) ?? wire.result(rows);
  results.set(rows, made);
  return made;
}

/** The state of one connection. */
class Speaker implements FalseConnection {
  readonly socket: Socket;
  readonly heard: Buffer[] = [];
  readonly heardPlain: Buffer[] = [];
  readonly #script: Script;
  readonly #asked: string[];
  #stream: Duplex;
  #received = Buffer.alloc(0);
  #state: 'login' | 'login-data' | 'password' | 'commands' = 'login';
  #sequence = 0;
  #sqlAt = 1;
  readonly #prepared = new Map<string, string>();

  constructor(socket: Socket, script: Script, asked: string[]) {
    this.socket = socket;
    this.#script = script;
    this.#asked = asked;
    this.#stream = socket;
    this.#listen(socket);
    this.#say('greeting', [wire.greeting({ tls: script.tls ?? false })]);
  }

  readonly write = (bytes: Buffer): void => {
    if (!this.#stream.destroyed) this.#stream.write(bytes);
  };

  readonly end = (): void => {
    this.#stream.end();
  };

  #listen(stream: Duplex): void {
    this.#stream = stream;
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readUIntLE(0, 3)) {
      const end = 4 + this.#received.readUIntLE(0, 3);
      const payload = this.#received.subarray(4, end);
      this.#sequence = ((this.#received[3] ?? 0) + 1) % 256;
      this.#received = this.#received.subarray(end);
      this.heard.push(payload);
      if (this.#stream === this.socket) this.heardPlain.push(payload);
      this.#hear(payload);
    }
  }

  #hear(payload: Buffer): void {
    const asksForTls =
      this.#script.tls === true && payload.length === sslRequestBytes && this.#stream === this.socket;
    if (this.#state === 'login' && asksForTls) this.#startTls();
    else if (this.#state === 'login') this.#logIn(payload.readUInt32LE(0));
    else if (this.#state === 'login-data') this.#letIn();
    else if (this.#state === 'password') this.#hearPassword(payload);
    else if (payload[0] === comQuit) this.#stream.end();
    else if (payload[0] === comQuery) this.#obey(payload.toString('utf8', this.#sqlAt));
  }

  #startTls(): void {
    this.socket.removeAllListeners('data');
    this.socket.pause();
    // The client does not wait for us.
    if (this.#received.length > 0) this.socket.unshift(this.#received);
    this.#received = Buffer.alloc(0);
    this.#listen(new TLSSocket(this.socket, { isServer: true, secureContext: context }));
  }

  #logIn(flags: number): void {
    this.#sqlAt = (flags & queryAttributes) === 0 ? 1 : 3;
    const login = this.#script.login ?? 'at-once';
    if (login === 'full') {
      this.#state = 'password';
      this.#say('login-more', [Buffer.of(1, 4)]);
    } else if (typeof login === 'object') {
      this.#state = 'login-data';
      this.#say('login-switch', [wire.loginSwitch(login.switchTo)]);
    } else {
      if (login === 'fast') this.#say('login-more', [Buffer.of(1, 3)]);
      this.#letIn();
    }
  }

  #hearPassword(payload: Buffer): void {
    const { publicKey } = this.#script;
    if (payload.length === 1 && publicKey !== undefined) {
      this.#say('public-key', [Buffer.concat([Buffer.of(1), Buffer.from(publicKey)])]);
    } else this.#letIn();
  }

  #letIn(): void {
    this.#state = 'commands';
    this.#say('login-result', [wire.ok]);
    this.#script.onIdle?.(this);
  }

  /** A prepared statement counts as asked when it is executed. */
  #obey(sql: string): void {
    const [, prepared, text] = /^PREPARE (\w+) FROM '(.*)'$/s.exec(sql) ?? [];
    if (prepared === undefined || text === undefined) {
      const [, executed = ''] = /^EXECUTE (\w+)$/.exec(sql) ?? [];
      this.#answer(this.#prepared.get(executed) ?? sql);
    } else {
      this.#prepared.set(prepared, text.replaceAll("''", "'"));
      this.#say('answer', [wire.ok], sql);
    }
  }

  #answer(sql: string): void {
    this.#asked.push(sql);
    const reply = /^SET /.test(sql) ? (this.#script.refuses?.(sql) ?? 'ok') : this.#script.reply(sql);
    if (reply === undefined) return;
    if (reply === 'ok') this.#say('answer', [wire.ok], sql);
    else if ('errno' in reply) this.#say('answer', [wire.error(reply.errno, reply.text)], sql);
    else this.#say('answer', resultOf(reply), sql);
  }

  #say(step: Step, payloads: readonly Buffer[], sql?: string): void {
    const packets = payloads.map((payload) => {
      const framed = wire.packet(this.#sequence, payload);
      this.#sequence = (this.#sequence + 1) % 256;
      return framed;
    });
    const message: Message = { step, packets, ...(sql !== undefined && { sql }) };
    if (this.#script.tamper === undefined) this.write(Buffer.concat(packets));
    else this.#script.tamper(message, this);
  }
}
