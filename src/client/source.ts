/**
 * The source of one name, as one pool sees it: opens its sockets, and cuts them when the source has moved.
 */

import { EventEmitter } from 'node:events';
import { isIP, type LookupFunction, Socket } from 'node:net';
import type { OpenResolver } from './asker.ts';
import type { Current, Source } from './contract.ts';
import { coreConnectionOf, type DriverConnection, watchStatements } from './driver.ts';
import {
  isLoss,
  isOfSession,
  isReadOnly,
  markRefused,
  SourceMovedError,
  SourceNotWritableError,
  SourceUnknownError,
  shortly,
} from './errors.ts';
import { type Follower, joinFollower, leaveFollower, type Watcher } from './follower.ts';
import type { Settings } from './options.ts';
import { isSameServer, type Target } from './target.ts';
import { factsOf } from './verify.ts';

const currentOf = ({ epoch, uuid, addresses, port }: Target, since: Date): Current =>
  Object.freeze({ epoch, uuid, address: addresses[0] ?? '', port, since });

/** Events that nobody listens to do nothing; there is no event `error`. */
export class FollowedSource extends EventEmitter implements Source, Watcher {
  readonly settings: Settings;
  /** Called before any event when the target has changed. */
  onChange: () => void = () => {};
  readonly #open: OpenResolver;
  readonly #follower: Follower;
  /** All sockets until they are closed, in the middle of a handshake too. */
  readonly #sockets = new Set<Socket>();
  /** Where each socket leads. Not yet anywhere: the first ledger is missing. */
  readonly #leads = new WeakMap<Socket, Target>();
  /** Their sessions are read-only, perhaps on a server that takes writes: they are not lent again. */
  readonly #readOnly = new WeakSet<Socket>();
  readonly #lent = new Set<Socket>();
  readonly #watched = new WeakSet<DriverConnection>();
  #current: Current | undefined;
  #isClosed = false;
  #isFinished = false;
  /** Those that wait for the first target. */
  readonly #waiting = new Set<() => void>();

  constructor(settings: Settings, open: OpenResolver) {
    super();
    this.settings = settings;
    this.#open = open;
    this.#follower = joinFollower(this, settings.asking, open);
    const target = this.#follower.current;
    if (target) this.#current = currentOf(target, new Date());
  }

  get name(): string {
    return this.settings.asking.name;
  }

  get current(): Current | undefined {
    return this.#current;
  }

  /** A connection that was verified at another value must be verified again. */
  get trust(): number {
    return this.#follower.trust;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Says why there is nothing to connect to. */
  unknown(): SourceUnknownError {
    const closed = `${this.name} is not followed any more: close or end was called.`;
    return this.#isClosed ? new SourceUnknownError(closed) : this.#follower.unknown();
  }

  readonly stream = (options: object = {}): Socket => {
    const socket = new Socket();
    const { enableKeepAlive, keepAliveInitialDelay } = keepAliveOf(options);
    socket.setNoDelay(true);
    if (enableKeepAlive) socket.setKeepAlive(true, keepAliveInitialDelay);
    this.#sockets.add(socket);
    socket.on('error', (error) => this.#lost(socket, error));
    socket.on('end', () => {
      if (!socket.writableEnded) this.#lost(socket, { code: 'PROTOCOL_CONNECTION_LOST' });
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#lent.delete(socket);
      this.#finish();
    });
    this.#connect(socket);
    const { acquireTimeoutMs } = this.settings;
    if (this.#leads.get(socket) === undefined)
      setTimeout(() => this.#giveUp(socket), acquireTimeoutMs).unref();
    return socket;
  };

  async check(connection: object): Promise<void> {
    const core = coreConnectionOf(connection);
    // Under TLS the stream is not our socket.
    const socket = [...this.#sockets].find((each) => each === core.stream);
    if (!this.#watched.has(core)) this.watch(core, socket);
    await this.verify(core);
  }

  /** The trust in which the connection was verified. */
  async verify(connection: DriverConnection): Promise<number> {
    const target = this.#follower.current;
    if (target === undefined) throw this.unknown();
    const { trust } = this.#follower;
    try {
      const facts = await factsOf(connection, target, this.settings.verifyTimeoutMs);
      const why = this.#follower.judge(facts);
      if (why !== undefined)
        throw new SourceNotWritableError(`${target.server} is not the source of ${this.name} now: ${why}.`);
      return this.#follower.current === target ? trust : this.#follower.trust;
    } catch (error) {
      if (isLoss(error) && this.#follower.current === target)
        this.#follower.suspect(`${target.server} could not be verified: ${shortly(error)}`);
      connection.stream.destroy(error instanceof Error ? error : undefined);
      throw error;
    }
  }

  async ready(): Promise<Current> {
    if (this.#current) return this.#current;
    if (this.#isClosed) throw this.unknown();
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(patience);
        this.#waiting.delete(settle);
        if (this.#current) resolve(this.#current);
        else reject(this.unknown());
      };
      const patience = setTimeout(settle, this.settings.acquireTimeoutMs);
      this.#waiting.add(settle);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const settle of [...this.#waiting]) settle();
    for (const socket of this.#sockets) {
      this.#giveUp(socket);
      if (!this.#lent.has(socket)) this.#partFrom(socket);
    }
    this.#finish();
  }

  /** Whether the socket leads to the source. */
  serves(socket: Socket): boolean {
    const [target, now] = [this.#leads.get(socket), this.#follower.current];
    return target !== undefined && now !== undefined && isSameServer(target, now);
  }

  lend(socket: Socket): void {
    this.#lent.add(socket);
  }

  /** The socket is not in use any more. */
  giveBack(socket: Socket): void {
    this.#lent.delete(socket);
    if (this.#readOnly.has(socket)) socket.destroy();
    if (this.#isClosed) this.#partFrom(socket);
    this.#cut(socket);
  }

  /** Sees what fails on the connection. `socket`: undefined where nobody knows which one it is. */
  watch(connection: DriverConnection, socket: Socket | undefined): void {
    this.#watched.add(connection);
    // A connection that nobody listens to would end the process.
    connection.on('error', (error) => this.#lost(socket, error));
    // A library may throw the error of a ROLLBACK alone: the outcome of the COMMIT before it can be unknown.
    let isUnknown = false;
    watchStatements(connection, () => {
      // What the socket was cut with, before this statement.
      const cut = socket?.errored;
      return (error) => {
        if (cut instanceof SourceMovedError) return new SourceMovedError(cut.message, !isUnknown);
        isUnknown ||= isLoss(error);
        return this.#told(socket, error);
      };
    });
  }

  #lost(socket: Socket | undefined, error: unknown): void {
    // The server answers the driver's goodbye by an end.
    if (this.#isClosed) return;
    if (error instanceof SourceMovedError || (socket && !this.serves(socket))) return;
    const why = `a connection to ${this.#follower.current?.server} was lost: ${shortly(error)}`;
    if (socket?.bytesRead === 0) this.#follower.unreachable(why);
    else this.#follower.suspect(why);
  }

  /** A statement failed: read-only is evidence, and so is a server that goes away. */
  #told(socket: Socket | undefined, error: unknown): unknown {
    if (isReadOnly(error)) {
      markRefused(error);
      if (socket && isOfSession(error)) this.#readOnly.add(socket);
      if (!socket || this.serves(socket)) this.#follower.distrust(`a statement failed: ${shortly(error)}`);
    } else if (isLoss(error)) this.#lost(socket, error);
    return error;
  }

  changed(now: Target, before: Target | undefined): void {
    const former = this.#current;
    const isMove = before !== undefined && !isSameServer(before, now);
    this.#current = currentOf(now, isMove || former === undefined ? new Date() : former.since);
    for (const socket of [...this.#sockets]) {
      if (!this.#leads.has(socket)) this.#connect(socket);
      else if (this.settings.drainMs === 0 || !this.#lent.has(socket)) this.#cut(socket);
      else if (!this.serves(socket)) setTimeout(() => this.#cut(socket), this.settings.drainMs).unref();
    }
    for (const settle of [...this.#waiting]) settle();
    this.onChange();
    if (isMove && former) this.#tell('moved', this.#current, former);
  }

  suspected(why: string): void {
    this.#tell('suspect', why);
  }

  stale(why: string): void {
    this.#tell('stale', why);
  }

  /** Later: a listener that throws must not end what we do. */
  #tell(event: string, ...what: readonly unknown[]): void {
    process.nextTick(() => this.emit(event, ...what));
  }

  /**
   * Ends a socket that leads elsewhere, at once: `destroy` of the driver would leave its statement waiting.
   */
  #cut(socket: Socket): void {
    if (socket.destroyed || this.serves(socket)) return;
    const [was, now] = [this.#leads.get(socket), this.#follower.current];
    if (was === undefined || now === undefined) return;
    const message = `The source of ${this.name} moved from ${was.server} (epoch ${was.epoch}) to ${now.server} (epoch ${now.epoch}): the connection to the former source was cut.`;
    socket.destroy(new SourceMovedError(message, false));
  }

  #connect(socket: Socket): void {
    if (this.#isClosed) {
      this.#giveUp(socket);
      return;
    }
    const target = this.#follower.next();
    if (target === undefined || socket.destroyed) return;
    this.#leads.set(socket, target);
    const { addresses, port } = target;
    const [host = ''] = addresses;
    if (addresses.length === 1) socket.connect({ host, port });
    else socket.connect({ host: this.name, port, lookup: oneOf(addresses), autoSelectFamily: true });
  }

  /** Ends a socket that has nowhere to go. */
  #giveUp(socket: Socket): void {
    if (this.#leads.get(socket) === undefined) socket.destroy(this.unknown());
  }

  /** The driver says goodbye. A server that hangs never answers, and its socket would keep the process. */
  #partFrom(socket: Socket): void {
    setTimeout(() => socket.destroy(), this.settings.verifyTimeoutMs).unref();
  }

  #finish(): void {
    if (!this.#isClosed || this.#isFinished || this.#sockets.size > 0) return;
    this.#isFinished = true;
    leaveFollower(this, this.#follower, this.#open);
  }
}

/** The driver's own options; it leaves both to us where it does not open the socket itself. */
function keepAliveOf(options: object): { enableKeepAlive: boolean; keepAliveInitialDelay: number } {
  const config: unknown = 'config' in options ? options.config : undefined;
  const { enableKeepAlive, keepAliveInitialDelay }: Record<string, unknown> =
    typeof config === 'object' && config !== null ? { ...config } : {};
  return {
    enableKeepAlive: enableKeepAlive !== false,
    keepAliveInitialDelay: typeof keepAliveInitialDelay === 'number' ? keepAliveInitialDelay : 0,
  };
}

/** The ledger has all addresses of the server: nobody needs to be asked. */
const oneOf =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, callback) => {
    const list = addresses.map((address) => ({ address, family: isIP(address) }));
    if (all) callback(null, list);
    else callback(null, list[0]?.address ?? '', list[0]?.family);
  };
