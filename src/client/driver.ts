/** The seams of mysql2 that are used, and the refusal of what lacks them. mysql2 itself is never imported. */

import { EventEmitter, errorMonitor } from 'node:events';

/** A connection, as far as it is used here. */
export interface DriverConnection {
  query(options: object, callback: (error: unknown, rows?: unknown) => void): unknown;
  execute?(...given: unknown[]): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
  readonly stream: DriverStream;
}

interface DriverStream extends EventEmitter {
  /** What it was destroyed with. */
  readonly errored?: Error | null;
  destroy(error?: Error): unknown;
}

/** What a caller of `getConnection` gives. */
export type Acquired = (error: unknown, connection?: PoolConnection) => void;

/** A connection of the driver's pool with callbacks. */
export interface PoolConnection extends DriverConnection {
  release(): void;
}

/** The driver's pool with callbacks: the seams. */
export interface CorePool {
  getConnection(callback: Acquired): void;
  releaseConnection(connection: PoolConnection): void;
  end(callback?: (error?: unknown) => void): void;
  readonly config: { readonly connectionConfig: ConnectionConfig; readonly queueLimit?: number };
}

interface ConnectionConfig {
  readonly host?: unknown;
  stream?: unknown;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** The pool with callbacks that a pool with promises wraps. Throws a TypeError that says what is missing. */
export function corePoolOf(pool: unknown): CorePool {
  if (!isRecord(pool)) throw new TypeError('followSource needs a pool of mysql2');
  if ('poolCluster' in pool || (typeof pool['of'] === 'function' && typeof pool['add'] === 'function'))
    throw new TypeError('followSource cannot follow with a pool cluster: give it a pool of createPool');
  const core = isRecord(pool['pool']) ? pool['pool'] : pool;
  for (const method of ['getConnection', 'releaseConnection', 'end'])
    if (typeof core[method] !== 'function') throw missing(`the method ${method}`);
  const { config } = core;
  if (!isRecord(config) || !isRecord(config['connectionConfig'])) throw missing('config.connectionConfig');
  const { stream, socketPath } = config['connectionConfig'];
  if (stream) throw new TypeError('the pool has the option stream already: followSource opens the sockets');
  if (socketPath) throw new TypeError('the pool has the option socketPath: only TCP can follow');
  if ('source' in pool || 'source' in core) throw new TypeError('the pool follows a source already');
  return core as unknown as CorePool;
}

const missing = (what: string): TypeError =>
  new TypeError(`the pool is none of mysql2, or of a version that is not supported: ${what} is missing`);

/** The connection with callbacks that a connection with promises wraps. */
export function coreConnectionOf(connection: unknown): DriverConnection {
  const outer = isRecord(connection) ? connection : {};
  const core = isRecord(outer['connection']) ? outer['connection'] : outer;
  if (typeof core['query'] !== 'function' || typeof core['on'] !== 'function' || !isRecord(core['stream']))
    throw new TypeError('check needs a connection of mysql2');
  return core as unknown as DriverConnection;
}

/** What the caller of a statement is told in place of an error. */
type Told = (error: unknown) => unknown;

/**
 * Calls `begin` at each statement of the connection, and shows what it returns each error of that statement. A
 * statement without a callback keeps its own error.
 */
export function watchStatements(connection: DriverConnection, begin: () => Told): void {
  for (const method of ['query', 'execute'] as const) {
    const original = connection[method];
    if (typeof original !== 'function') continue;
    connection[method] = (...given: unknown[]) => {
      const told = begin();
      const [first] = given;
      const last = given.at(-1);
      let isWatched = true;
      if (typeof last === 'function') given[given.length - 1] = watched(last, told);
      // The pool's own statement: its callback is in the command.
      else if (isRecord(first) && typeof first['onResult'] === 'function')
        first['onResult'] = watched(first['onResult'], told);
      else isWatched = false;
      const command = Reflect.apply(original, connection, given);
      if (!isWatched && command instanceof EventEmitter) {
        command.on(errorMonitor, told);
        tellOfLoss(command, connection.stream, told);
      }
      return command;
    };
  }
}

/**
 * When a connection is lost, the driver says so on the connection, but not on a statement without a callback:
 * the stream of its rows would wait for ever. A statement that nobody listens to stays silent.
 */
function tellOfLoss(command: EventEmitter, stream: DriverStream, told: Told): void {
  const tell = () => {
    command.off('end', forget);
    if (command.listenerCount('error') === 0) return;
    const lost = new Error('Connection lost: the socket is closed.');
    command.emit('error', told(stream.errored ?? Object.assign(lost, { code: 'PROTOCOL_CONNECTION_LOST' })));
  };
  const forget = () => stream.off('close', tell);
  stream.once('close', tell);
  command.once('end', forget);
}

// biome-ignore lint/complexity/noBannedTypes: a callback of any shape
const watched = (callback: Function, told: Told) =>
  function (this: unknown, error: unknown, ...rest: unknown[]): unknown {
    return Reflect.apply(callback, this, [error ? told(error) : error, ...rest]);
  };
