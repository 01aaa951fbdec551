/**
 * Makes a pool of mysql2 follow the source, by three documented methods of the pool and one of its options. A
 * statement is never repeated: what waits here has sent nothing.
 */

import type { Socket } from 'node:net';
import type { Acquired, CorePool, PoolConnection } from './driver.ts';
import { isLoss, SourceBusyError, SourceNotWritableError, shortly } from './errors.ts';
import { Gate } from './gate.ts';
import type { FollowedSource } from './source.ts';

/** One caller that waits for a connection. */
interface Wish {
  readonly callback: Acquired;
  /** What the driver calls. */
  readonly arrived: Acquired;
  /** What the gate calls. */
  readonly go: () => void;
  timer: NodeJS.Timeout | undefined;
  /** The caller has its answer. */
  isOver: boolean;
  /** The socket that was opened for this wish. */
  socket: Socket | undefined;
}

interface Opened {
  readonly socket: Socket;
  /** The trust in which the connection was verified. */
  trust: number | undefined;
}

/** Puts itself into the seams of the pool. */
export class FollowingPool {
  readonly #source: FollowedSource;
  readonly #gate: Gate;
  /** The driver's option, for those who wait at the gate. 0: none. */
  readonly #queueLimit: number;
  readonly #getConnection: (callback: Acquired) => void;
  readonly #wishes = new WeakMap<Acquired, Wish>();
  readonly #opened = new WeakMap<PoolConnection, Opened>();
  /** The socket that was opened last. */
  #made: Socket | undefined;
  /** Why the last connection was not good. */
  #failure: unknown;

  constructor(core: CorePool, source: FollowedSource) {
    this.#source = source;
    const { suspectIntervalMs, intervalMs } = source.settings.asking;
    this.#gate = new Gate(suspectIntervalMs, intervalMs);
    this.#queueLimit = core.config.queueLimit ?? 0;
    this.#getConnection = core.getConnection.bind(core);
    const releaseConnection = core.releaseConnection.bind(core);
    const end = core.end.bind(core);
    source.onChange = () => this.#changed();
    if (source.current) this.#gate.open();
    core.config.connectionConfig.stream = (options: object) => {
      this.#made = source.stream(options);
      return this.#made;
    };
    core.getConnection = (callback) => this.#acquire(callback);
    core.releaseConnection = (connection) => {
      const opened = this.#opened.get(connection);
      if (opened) source.giveBack(opened.socket);
      releaseConnection(connection);
    };
    core.end = (callback) => {
      // A connection that was lost, or was cut, has ended: that is no failure of the end.
      end((error) => callback?.(isLoss(error) ? null : error));
      source.close();
      // The driver tells those who wait here that the pool is closed.
      this.#gate.open();
    };
  }

  #changed(): void {
    this.#failure = undefined;
    this.#gate.open();
  }

  #acquire(callback: Acquired): void {
    // The driver takes up one of its waiters again.
    const known = this.#wishes.get(callback);
    if (known) {
      this.#gate.enter(known.go);
      return;
    }
    if (this.#source.isClosed) {
      this.#getConnection(callback);
      return;
    }
    if (this.#queueLimit > 0 && this.#gate.waiting >= this.#queueLimit) {
      callback(new Error('Queue limit reached.'));
      return;
    }
    const wish: Wish = {
      callback,
      arrived: (error, connection) => this.#arrived(wish, error, connection),
      go: () => this.#go(wish),
      timer: undefined,
      isOver: false,
      socket: undefined,
    };
    this.#wishes.set(wish.arrived, wish);
    wish.timer = setTimeout(() => this.#expire(wish), this.#source.settings.acquireTimeoutMs);
    this.#gate.enter(wish.go);
  }

  #go(wish: Wish): void {
    this.#made = undefined;
    wish.socket = undefined;
    try {
      this.#getConnection(wish.arrived);
    } catch (error) {
      this.#failed(wish, error);
    }
    // The driver opens a connection for this very caller, or none.
    wish.socket = this.#made;
    this.#made = undefined;
  }

  #arrived(wish: Wish, error: unknown, connection: PoolConnection | undefined): void {
    if (connection === undefined) {
      this.#failed(wish, error);
      return;
    }
    const opened = this.#opened.get(connection) ?? this.#meet(connection, wish.socket);
    if (opened === undefined) {
      this.#settle(wish, new Error('The driver opened no socket by our stream.'));
      return;
    }
    const { socket } = opened;
    if (socket.destroyed) {
      this.#again(wish);
      return;
    }
    if (opened.trust === this.#source.trust) {
      this.#lend(wish, connection, opened);
      return;
    }
    wish.socket = socket;
    this.#source.verify(connection).then(
      (trust) => {
        opened.trust = trust;
        this.#failure = undefined;
        this.#gate.open();
        process.nextTick(() => this.#lend(wish, connection, opened));
      },
      (reason) => process.nextTick(() => this.#failed(wish, reason)),
    );
  }

  #lend(wish: Wish, connection: PoolConnection, { socket }: Opened): void {
    if (socket.destroyed || !this.#source.serves(socket)) {
      this.#source.giveBack(socket);
      this.#again(wish);
      return;
    }
    this.#gate.back();
    if (this.#source.isClosed) {
      this.#settle(wish, new Error('Pool is closed.'));
      return;
    }
    if (wish.isOver) {
      connection.release();
      return;
    }
    this.#source.lend(socket);
    this.#settle(wish, null, connection);
  }

  /** Another connection may do better, or the caller is told. */
  #failed(wish: Wish, error: unknown): void {
    if (!isLoss(error) || this.#source.isClosed) {
      // The server answered: it is there.
      if (wish.socket && this.#source.serves(wish.socket)) this.#gate.open();
      else this.#gate.back();
      this.#settle(wish, error);
      return;
    }
    // Else the source has moved in the meantime.
    if (wish.socket && this.#source.serves(wish.socket)) {
      this.#failure = error;
      this.#gate.shut();
    }
    this.#again(wish);
  }

  #again(wish: Wish): void {
    if (!wish.isOver) this.#gate.enter(wish.go);
    this.#gate.back();
  }

  #expire(wish: Wish): void {
    this.#gate.leave(wish.go);
    this.#settle(wish, this.#whyNot());
  }

  #whyNot(): unknown {
    const { name, current, settings } = this.#source;
    if (current === undefined) return this.#source.unknown();
    const within = `within ${settings.acquireTimeoutMs} ms`;
    if (this.#failure === undefined)
      return new SourceBusyError(`No connection to ${name} was free, and no new one was ready, ${within}.`);
    const why =
      this.#failure instanceof SourceNotWritableError ? this.#failure.message : shortly(this.#failure);
    return new SourceNotWritableError(`The source of ${name} took no writes ${within}: ${why}`, {
      cause: this.#failure,
    });
  }

  #settle(wish: Wish, error: unknown, connection?: PoolConnection): void {
    if (wish.isOver) return;
    wish.isOver = true;
    clearTimeout(wish.timer);
    if (connection) wish.callback(null, connection);
    else wish.callback(error);
  }

  /** The first time that a connection arrives. */
  #meet(connection: PoolConnection, socket: Socket | undefined): Opened | undefined {
    if (socket === undefined) return undefined;
    const opened: Opened = { socket, trust: undefined };
    this.#opened.set(connection, opened);
    this.#source.watch(connection, socket);
    // A pool that has ended takes no connection back, and does not say so.
    const release = connection.release.bind(connection);
    connection.release = () => {
      if (this.#source.isClosed) this.#source.giveBack(socket);
      release();
    };
    return opened;
  }
}
