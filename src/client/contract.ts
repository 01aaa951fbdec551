/** What callers of the package see of a source that is followed. */

import type { Socket } from 'node:net';

/** The source that is followed. */
export interface Current {
  readonly epoch: number;
  readonly uuid: string;
  /** An IP address, or a host name where the name is a CNAME. */
  readonly address: string;
  readonly port: number;
  /** Since when this process follows it. */
  readonly since: Date;
}

/** Follows one name. */
export interface Source {
  readonly name: string;
  /** Undefined until the first ledger was read. */
  readonly current: Current | undefined;
  /** Opens a socket to the source: the option `stream` of a connection of mysql2. */
  readonly stream: (options?: object) => Socket;
  /**
   * Rejects, and cuts the connection, if it does not lead to the source, or if the source takes no writes.
   * `connection`: of mysql2, with callbacks or with promises.
   */
  check(connection: object): Promise<void>;
  /** The first target. Rejects with a SourceUnknownError after `acquireTimeout`. */
  ready(): Promise<Current>;
  /**
   * Opens no more sockets. Call it after the pool has ended: a socket that its server then leaves open is cut
   * after `verifyTimeout`, so that it does not keep the process.
   */
  close(): void;
  /** Another server is the source: connections to the former one are cut. */
  on(event: 'moved', listener: (now: Current, before: Current) => void): this;
  /** The ledger is read more often for a while. `why` is for people, as in `stale`. */
  on(event: 'suspect', listener: (why: string) => void): this;
  /** What is followed may be old: no ledger can be read, or it went back. */
  on(event: 'stale', listener: (why: string) => void): this;
  once(event: 'moved', listener: (now: Current, before: Current) => void): this;
  once(event: 'suspect' | 'stale', listener: (why: string) => void): this;
  off(event: 'moved', listener: (now: Current, before: Current) => void): this;
  off(event: 'suspect' | 'stale', listener: (why: string) => void): this;
}
