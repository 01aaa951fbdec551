import { connect, type LookupFunction, type Socket } from 'node:net';
import { type Connection, createConnection, type QueryError } from 'mysql2';
import { plainIp } from '../../core/model/ip-address.ts';
import { splitAddress } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import type { Row } from '../answer/row.ts';
import { Boundary } from '../boundary/boundary.ts';

/** How to log in. The TLS options are one object for all connections: mysql2 keeps the parsed certificates by it. */
export interface Access {
  readonly cluster: string;
  readonly user: string;
  readonly password: string;
  readonly ssl: SslOptions | undefined;
  /** Without TLS: encrypt the password with a public key that the server sends, though nobody has checked it. */
  readonly allowPublicKeyRetrieval: boolean;
  /** Finds the addresses of the server's host. */
  readonly lookup: LookupFunction;
}

export interface SslOptions {
  readonly rejectUnauthorized: boolean;
  readonly verifyIdentity: boolean;
  readonly ca?: Buffer | string;
}

/** A result, or whatever mysql2 or the boundary calls an error. */
export type Answer =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'error'; readonly error: unknown };

/** Numbers of connections are never used twice in a process, also not by the next prober after a reload: the same number means the same server process. */
let lastNumber = 0;

/** TCP asks an idle peer after this long whether it is there. Queries have deadlines of their own; this ends half-open connections between slow probes. */
const keepAliveDelayMs = 10_000;

/** One connection to one server, from the first SYN to its end. It ends once, and says once that it did. */
export class Session {
  /** What it is called in the facts. */
  readonly number: number;
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly #boundary: Boundary;
  /** Answers the question that is open. */
  #answer: (answer: Answer) => void = () => undefined;
  #ended = false;
  #peer: string | undefined;
  /** Resolves when the login is done, or with the error that prevented it. */
  readonly opened: Promise<Answer>;
  /** Called at most once, when the connection ends without `destroy` or `end`. */
  onLost: () => void = () => undefined;

  constructor(server: ServerAddress, access: Access) {
    lastNumber += 1;
    this.number = lastNumber;
    const { host, port } = splitAddress(server);
    // The socket is ours, since mysql2's own destroy() only says good-bye, and a hung server never answers that.
    this.#socket = connect({
      host,
      port,
      lookup: access.lookup,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
    });
    // A socket that is closed has forgotten it.
    this.#socket.once('connect', () => {
      const { remoteAddress } = this.#socket;
      if (remoteAddress !== undefined) this.#peer = plainIp(remoteAddress);
    });
    // Node compares the certificate with this name; it sets it itself for a host name, but not for an IP address, and would then take `localhost`.
    Object.assign(this.#socket, { _host: host });
    this.#connection = createConnection(connectionOptions(host, port, access, this.#socket));
    this.#boundary = new Boundary(this.#connection, {
      tls: access.ssl !== undefined,
      allowPublicKeyRetrieval: access.allowPublicKeyRetrieval,
      bytesReceived: () => this.#socket.bytesRead,
      onFault: (error) => {
        this.#answer({ kind: 'error', error });
        this.#lose();
      },
    });
    this.opened = new Promise((resolve) => {
      this.#answer = resolve;
      this.#connection.once('connect', () => resolve({ kind: 'rows', rows: [] }));
      this.#connection.on('error', (error: unknown) => {
        this.#answer({ kind: 'error', error });
        this.#lose();
      });
      const closed = { code: 'PROTOCOL_CONNECTION_LOST', message: 'the server closed the connection' };
      this.#connection.once('end', () => this.#lose());
      this.#socket.once('close', () => {
        this.#answer({ kind: 'error', error: closed });
        this.#lose();
      });
    });
  }

  /** The IP address of the server's end. */
  get peer(): string | undefined {
    return this.#peer;
  }

  /** Whether the server said what it is: what it refuses before that, it refuses unread, and in plain text. */
  get greeted(): boolean {
    return this.#boundary.greeted;
  }

  /** What a server may send for one probe is counted from here. */
  beginProbe(): void {
    this.#boundary.beginProbe();
  }

  /** Sends one statement, when the one before it was answered. Never rejects; it may never resolve: the caller has a deadline. */
  query(sql: string): Promise<Answer> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#connection.query(sql, (error: QueryError | null, rows: unknown) => {
        if (error === null)
          return resolve({ kind: 'rows', rows: Array.isArray(rows) ? (rows as Row[]) : [] });
        resolve({ kind: 'error', error });
        if (error.fatal === true) this.#lose();
      });
    });
  }

  /** Ends it at once, whatever the server does. No answer comes out of it any more. */
  destroy(): void {
    this.#ended = true;
    this.#boundary.close();
    this.#connection.destroy();
    this.#socket.destroy();
  }

  /** Says good-bye, so that the server counts no aborted client, and resolves when the connection is closed. The caller bounds it. */
  end(): Promise<void> {
    this.#ended = true;
    if (this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#connection.end();
    });
  }

  #lose(): void {
    if (this.#ended) return;
    this.destroy();
    this.onLost();
  }
}

function connectionOptions(host: string, port: number, access: Access, socket: Socket) {
  return {
    host,
    port,
    user: access.user,
    password: access.password,
    stream: () => socket,
    ...(access.ssl && { ssl: access.ssl }),
    // The caller's deadline covers the connect.
    connectTimeout: 0,
    // Every cell is the server's own text, since the boundary says so of every column: no number loses digits, no date goes through a time zone.
    // No program is made of the names of a server's columns, and kept for the next that has them.
    disableEval: true,
    // We prepare none, and the driver would keep room for 16,000 on each connection (0.4 MB).
    maxPreparedStatements: 1,
    // What we do not use: a server must not be able to ask for our files, least of all.
    flags: ['-LOCAL_FILES', '-MULTI_RESULTS', '-SESSION_TRACK', '-CLIENT_QUERY_ATTRIBUTES'],
    connectAttributes: { program_name: 'source-dns', cluster: access.cluster },
  };
}
