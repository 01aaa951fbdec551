/** One connection to one server, from the first SYN to its end. */

import type { LookupFunction, Socket } from 'node:net';
import { type Connection, createConnection } from 'mysql2';
import { plainIp } from '../../core/model/ip-address.ts';
import { splitAddress } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import type { Answer } from '../answer/query-set.ts';
import { Boundary } from '../boundary/boundary.ts';
import type { LastAnswer, Question } from '../boundary/results.ts';
import { connectTo } from './knock.ts';
import { encrypt, type Tls } from './tls.ts';

/** How to log in. */
export interface Access {
  readonly cluster: string;
  readonly user: string;
  readonly password: string;
  readonly tls: Tls | undefined;
  /** Without TLS: encrypt the password with the public key that the server sends, unchecked. */
  readonly allowPublicKeyRetrieval: boolean;
  readonly lookup: LookupFunction;
}

/** Never used twice in a process, not even after a reload: the same number is the same server process. */
let lastNumber = 0;

/** What the driver listens to, until the login is over. */
const heardByDriver = ['data', 'end', 'close', 'error'] as const;

/** The inner parts of the driver that we use here; driver-let-go.test.ts fails when a version lacks one. */
interface DriverInside {
  /** The socket, or the TLS over it. */
  stream: Socket;
  /** Called in the login, before the account is sent. */
  startTLS(secured: (error?: Error) => void): void;
}

const lost = { code: 'PROTOCOL_CONNECTION_LOST', message: 'the server closed the connection' };

/** COM_QUIT. */
const quit = Buffer.of(1, 0, 0, 0, 1);

/**
 * It ends once, and reports its end once. The driver opens it: TLS and the login. Then the driver is let go,
 * with all that it holds, and the session speaks over the driver's socket itself.
 */
export class Session {
  readonly number: number;
  readonly #socket: Socket;
  readonly #boundary: Boundary;
  /** Until the login is over. No closure that lives longer may hold the driver. */
  #driver: Connection | undefined;
  #letGo: () => void = () => undefined;
  /** The socket, or the TLS over it. */
  #stream: Socket;
  /** Answers what waits for the server, if anything does. */
  #fail: (error: unknown) => void = () => undefined;
  #ended = false;
  #peer: string | undefined;
  /** Resolves after the login, or with the error that prevented it. */
  readonly opened: Promise<Answer>;
  /** Called at most once, when the connection ends without `destroy` or `end`. */
  onLost: () => void = () => undefined;

  /** `socket`: to that server, perhaps already connected, and unread. */
  constructor(server: ServerAddress, access: Access, socket: Socket = connectTo(server, access.lookup)) {
    lastNumber += 1;
    this.number = lastNumber;
    const { host, port } = splitAddress(server);
    this.#socket = socket;
    this.#stream = socket;
    // A closed socket no longer knows its peer.
    const notePeer = (): void => {
      if (socket.remoteAddress !== undefined) this.#peer = plainIp(socket.remoteAddress);
    };
    notePeer();
    socket.once('connect', notePeer);
    const own = heardByDriver.flatMap((event) => this.#socket.listeners(event));
    this.#driver = createConnection(connectionOptions(host, port, access, this.#socket));
    this.#boundary = new Boundary(this.#driver, {
      tls: access.tls !== undefined,
      allowPublicKeyRetrieval: access.allowPublicKeyRetrieval,
      bytesReceived: () => this.#socket.bytesRead,
      onFault: (error) => this.#lose(error),
    });
    this.#letGo = driversListeners(this.#socket, own);
    if (access.tls !== undefined) this.#encryptWhenAsked(server, access.tls);
    this.opened = new Promise((resolve) => {
      this.#fail = (error) => resolve({ kind: 'error', error });
      const driver = this.#driver;
      driver?.once('connect', () => {
        this.#takeOver();
        resolve({ kind: 'rows', rows: [] });
      });
      driver?.on('error', (error: unknown) => this.#lose(error));
      driver?.once('end', () => this.#lose(lost));
    });
    this.#socket.once('close', () => this.#lose(lost));
  }

  get peer(): string | undefined {
    return this.#peer;
  }

  /** True after the server's greeting. An error before it comes without TLS, so anybody can forge it. */
  get greeted(): boolean {
    return this.#boundary.greeted;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  beginProbe(): void {
    this.#boundary.beginProbe();
  }

  /** One statement that is asked once. Never rejects, and may never resolve: the caller has a deadline. */
  async query(sql: string, last?: LastAnswer): Promise<Answer> {
    const [answer] = await this.train([{ sql, ...(last && { last }) }]);
    return answer ?? { kind: 'error', error: lost };
  }

  /**
   * Several statements in one write, and so in one round trip. The server answers them in order, each with
   * rows or an error. One train at a time. `heard` is called for each answer. Never rejects, and may never
   * resolve.
   */
  train(questions: readonly Question[], heard: () => void = () => undefined): Promise<readonly Answer[]> {
    return new Promise((resolve) => {
      const answers: Answer[] = [];
      this.#fail = (error) => {
        while (answers.length < questions.length) answers.push({ kind: 'error', error });
        resolve(answers);
      };
      if (this.#ended) {
        this.#fail(lost);
        return;
      }
      this.#boundary.ask(questions, (answer) => {
        answers.push(answer);
        heard();
        if (answers.length === questions.length) resolve(answers);
      });
      const [first] = questions;
      this.#stream.write(
        questions.length === 1 && first !== undefined
          ? packetOf(first)
          : Buffer.concat(questions.map(packetOf)),
      );
    });
  }

  /** Ends the connection at once, whatever the server does. No more answers come. */
  destroy(): void {
    this.#ended = true;
    this.#boundary.close();
    this.#driver?.destroy();
    this.#stream.destroy();
    this.#socket.destroy();
  }

  /**
   * Ends the connection, and takes back what has left us and has not arrived: a statement that we gave up
   * must not come later. An orderly end would send it first, perhaps minutes later.
   */
  abandon(): void {
    this.#ended = true;
    this.#boundary.close();
    this.#socket.resetAndDestroy();
    this.destroy();
  }

  /** Says good-bye, so the server counts no aborted client. Resolves when closed; the caller sets a bound. */
  end(): Promise<void> {
    this.#ended = true;
    this.#boundary.close();
    if (this.#driver !== undefined) this.destroy();
    if (this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#stream.end(quit);
    });
  }

  #encryptWhenAsked(server: ServerAddress, tls: Tls): void {
    const driver = this.#driver as unknown as DriverInside;
    driver.startTLS = (secured) => {
      this.#socket.removeAllListeners('data');
      this.#stream = encrypt(this.#socket, server, tls, secured);
      driver.stream = this.#stream;
      this.#listen();
    };
  }

  /** Runs inside of the driver's own event, before the driver can send or read anything more. */
  #takeOver(): void {
    this.#driver = undefined;
    this.#letGo();
    this.#letGo = () => undefined;
    this.#boundary.letDriverGo();
    if (this.#stream === this.#socket) this.#listen();
    else this.#socket.on('error', (error: unknown) => this.#lose(error));
  }

  /** To what the server sends from now on. */
  #listen(): void {
    this.#stream.on('data', (chunk: Buffer) => this.#boundary.take(chunk));
    this.#stream.once('end', () => this.#lose(lost));
    this.#stream.on('error', (error: unknown) => this.#lose(error));
  }

  #lose(error: unknown): void {
    if (this.#ended) return;
    this.destroy();
    this.#fail(error);
    this.onLost();
  }
}

/** Removes what the driver added since `own` was read. */
function driversListeners(socket: Socket, own: readonly unknown[]): () => void {
  const added = heardByDriver.flatMap((event) =>
    socket.listeners(event).flatMap((listener) => (own.includes(listener) ? [] : [{ event, listener }])),
  );
  return () => {
    for (const { event, listener } of added)
      socket.removeListener(event, listener as (...values: unknown[]) => void);
  };
}

/** The statements that are asked again are constants, or made from the configuration: there are few. */
const statementPackets = new Map<string, Buffer>();

/** COM_QUERY. */
function packetOf({ sql, last }: Question): Buffer {
  const known = statementPackets.get(sql);
  if (known !== undefined) return known;
  const text = Buffer.from(sql);
  const packet = Buffer.concat([Buffer.alloc(4), Buffer.of(3), text]);
  packet.writeUIntLE(1 + text.length, 0, 3);
  if (last !== undefined) statementPackets.set(sql, packet);
  return packet;
}

function connectionOptions(host: string, port: number, access: Access, socket: Socket) {
  return {
    host,
    port,
    user: access.user,
    password: access.password,
    stream: () => socket,
    // The driver shall ask for TLS. We make it; a driver that made it itself would check everything.
    ...(access.tls && { ssl: { rejectUnauthorized: true, verifyIdentity: true } }),
    // The caller's deadline covers the connect.
    connectTimeout: 0,
    // Do not compile and cache code for the column names of a server.
    disableEval: true,
    // The driver prepares no statements; the default keeps room for 16,000 on each connection (0.4 MB).
    maxPreparedStatements: 1,
    // We do not use these; above all, no server may ask for our files.
    flags: ['-LOCAL_FILES', '-MULTI_RESULTS', '-SESSION_TRACK', '-CLIENT_QUERY_ATTRIBUTES'],
    connectAttributes: { program_name: 'source-dns', cluster: access.cluster },
  };
}
