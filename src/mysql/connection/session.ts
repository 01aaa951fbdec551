/** One connection to one server, from the first SYN to its end. */

import type { LookupFunction, Socket } from 'node:net';
import { type Connection, createConnection, type QueryError } from 'mysql2';
import { plainIp } from '../../core/model/ip-address.ts';
import { splitAddress } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import type { Row } from '../answer/row.ts';
import { Boundary } from '../boundary/boundary.ts';
import { connectTo } from './knock.ts';

/** How to log in. All connections share one object of TLS options: mysql2 caches certificates by it. */
export interface Access {
  readonly cluster: string;
  readonly user: string;
  readonly password: string;
  readonly ssl: SslOptions | undefined;
  /** Without TLS: encrypt the password with the public key that the server sends, unchecked. */
  readonly allowPublicKeyRetrieval: boolean;
  readonly lookup: LookupFunction;
}

export interface SslOptions {
  readonly rejectUnauthorized: boolean;
  readonly verifyIdentity: boolean;
  readonly ca?: Buffer | string;
}

/** Undefined: without TLS. */
export function sslOptions({
  tls,
  ca,
}: {
  readonly tls: 'disabled' | 'preferred' | 'required' | 'verify';
  readonly ca?: Buffer | string;
}): SslOptions | undefined {
  if (tls === 'disabled') return undefined;
  const verify = tls === 'verify';
  return { rejectUnauthorized: verify, verifyIdentity: verify, ...(verify && ca !== undefined && { ca }) };
}

export type Answer =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'error'; readonly error: unknown };

/** Never used twice in a process, not even after a reload: the same number is the same server process. */
let lastNumber = 0;

/** It ends once, and reports its end once. */
export class Session {
  readonly number: number;
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly #boundary: Boundary;
  #answer: (answer: Answer) => void = () => undefined;
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
    // The socket is ours: destroy() of mysql2 only says good-bye, and a hung server never answers that.
    this.#socket = socket;
    // A closed socket no longer knows its peer.
    const notePeer = (): void => {
      if (socket.remoteAddress !== undefined) this.#peer = plainIp(socket.remoteAddress);
    };
    notePeer();
    socket.once('connect', notePeer);
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

  get peer(): string | undefined {
    return this.#peer;
  }

  /** True after the server's greeting. An error before it comes without TLS, so anybody can forge it. */
  get greeted(): boolean {
    return this.#boundary.greeted;
  }

  beginProbe(): void {
    this.#boundary.beginProbe();
  }

  /** One statement at a time. Never rejects, and may never resolve: the caller has a deadline. */
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

  /** Ends the connection at once, whatever the server does. No more answers come. */
  destroy(): void {
    this.#ended = true;
    this.#boundary.close();
    this.#connection.destroy();
    this.#socket.destroy();
  }

  /** Says good-bye, so the server counts no aborted client. Resolves when closed; the caller sets a bound. */
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
    // Do not compile and cache code for the column names of a server.
    disableEval: true,
    // We prepare no statements; the default keeps room for 16,000 on each connection (0.4 MB).
    maxPreparedStatements: 1,
    // We do not use these; above all, no server may ask for our files.
    flags: ['-LOCAL_FILES', '-MULTI_RESULTS', '-SESSION_TRACK', '-CLIENT_QUERY_ATTRIBUTES'],
    connectAttributes: { program_name: 'source-dns', cluster: access.cluster },
  };
}
