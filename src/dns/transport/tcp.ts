/** A kept TCP connection, with several messages in flight and a bounded queue. */
import type { Socket } from 'node:net';
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs } from '../../core/model/units.ts';
import { resolveOne } from './endpoint.ts';
import type {
  Exchange,
  ExchangeResult,
  Sockets,
  Transport,
  TransportOptions,
  Truncated,
} from './exchange.ts';
import {
  clientClosed,
  connectFailed,
  connectTimedOut,
  expiredInQueue,
  noAnswer,
  recalled,
  truncatedOverTcp,
} from './failures.ts';
import { enqueue, MessageQueue, type QueuedExchange, tcpQueueLimits } from './queue.ts';
import { TcpLink } from './tcp-link.ts';

/** A timer that is so late was held up by this process. */
const lateMs = 20;

interface Connecting {
  readonly until: MonoMs;
  socket?: Socket;
}

export class TcpTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #sockets: Sockets;
  readonly #queue = new MessageQueue<QueuedExchange>(tcpQueueLimits);
  #connecting: Connecting | undefined;
  #link: TcpLink | undefined;
  /** Links that wait for answers: `#link`, and retired ones. */
  readonly #links = new Set<TcpLink>();
  #cancelWake: () => void = () => {};
  /** The last timer was late: the next one gives up what is due, however late it is. */
  #isHeldUp = false;
  #closed = false;

  constructor(options: TransportOptions, sockets: Sockets) {
    this.#options = options;
    this.#sockets = sockets;
  }

  exchange<T>(exchange: Exchange<T>): Promise<ExchangeResult<T>> {
    const { nameserver } = this.#options;
    if (this.#closed) return Promise.resolve({ kind: 'not-sent', failure: clientClosed(nameserver) });
    return enqueue(this.#queue, nameserver, exchange, () => this.#advance());
  }

  close(): void {
    this.#closed = true;
    this.#cancelWake();
    const failure = clientClosed(this.#options.nameserver);
    this.#failQueue(failure);
    this.#connecting?.socket?.destroy();
    this.#connecting = undefined;
    for (const link of this.#links) link.end(failure);
    this.#links.clear();
    this.#link = undefined;
  }

  /** Gives up what is due now, and goes on. */
  #look(): void {
    if (this.#closed) return;
    this.#expire(this.#options.clock.mono());
    this.#advance();
  }

  /** Sends what may be sent now, and sets the timer for the next time. */
  #advance(): void {
    if (this.#closed) return;
    const now = this.#options.clock.mono();
    this.#expireWaiting(now);
    this.#tidyLinks();
    if (this.#queue.waiting > 0 && this.#link === undefined && this.#connecting === undefined)
      this.#connect(now);
    const link = this.#link;
    // One write sends everything that goes out now.
    link?.hold();
    while (this.#link !== undefined && !this.#link.retired) {
      const next = this.#queue.take();
      if (next === undefined) break;
      this.#send(this.#link, next, now);
    }
    link?.release();
    this.#setWake(now);
  }

  #send(link: TcpLink, { exchange, settle, rank }: QueuedExchange, now: MonoMs): void {
    if (exchange.recalled?.aborted) {
      this.#queue.ended(rank);
      settle({ kind: 'not-sent', failure: recalled(this.#options.nameserver) });
      return;
    }
    const { nameserver } = this.#options;
    const id = link.inFlight.freeId(this.#options.messageId);
    const attempt = exchange.attempt(id);
    const deadline = Math.min(exchange.deadline, now + this.#options.timeoutMs) as MonoMs;
    const end = (result: ExchangeResult<unknown> | Truncated) => {
      this.#queue.ended(rank);
      // TCP has room for a whole answer, so a truncated one lacks a part.
      settle(
        result.kind === 'truncated'
          ? { kind: 'unanswered', failure: truncatedOverTcp(nameserver), broken: false }
          : result,
      );
    };
    link.inFlight.sent({ id, deadline, attempt, settle: end }, now);
    link.send(attempt.bytes);
  }

  /** Nothing leaves too late. */
  #expireWaiting(now: MonoMs): void {
    const { nameserver } = this.#options;
    for (const { exchange, settle } of this.#queue.expire(now)) {
      const stale = (exchange.notAfter ?? Number.POSITIVE_INFINITY) <= now;
      const failure = stale
        ? expiredInQueue(nameserver)
        : this.#connecting
          ? connectTimedOut(nameserver)
          : noAnswer(nameserver);
      settle({ kind: 'not-sent', failure });
    }
  }

  #expire(now: MonoMs): void {
    if (this.#connecting !== undefined && this.#connecting.until <= now)
      this.#connectFailed(this.#connecting, connectTimedOut(this.#options.nameserver));
    // A silent peer may be gone without a notice (a firewall that forgot us, a power cut): the next use opens
    // a new connection.
    for (const link of this.#links) if (link.inFlight.expire(now)) link.retired = true;
  }

  #tidyLinks(): void {
    for (const link of this.#links) {
      if (!link.retired) continue;
      if (this.#link === link) this.#link = undefined;
      if (link.inFlight.size > 0) continue;
      link.end(noAnswer(this.#options.nameserver));
      this.#links.delete(link);
    }
  }

  #connect(now: MonoMs): void {
    const connecting: Connecting = { until: (now + this.#options.timeoutMs) as MonoMs };
    this.#connecting = connecting;
    void this.#open(connecting);
  }

  async #open(connecting: Connecting): Promise<void> {
    const { nameserver, host, port, clock } = this.#options;
    const resolved = await resolveOne(host);
    if (this.#connecting !== connecting) return;
    if (resolved.kind === 'failed') return this.#connectFailed(connecting, resolved.failure);
    const socket = this.#sockets.connect(resolved.address, port);
    connecting.socket = socket;
    const onError = (error: NodeJS.ErrnoException) =>
      this.#connectFailed(connecting, connectFailed(nameserver, error));
    socket.once('error', onError);
    socket.once('connect', () => {
      if (this.#connecting !== connecting) return void socket.destroy();
      socket.off('error', onError);
      this.#connecting = undefined;
      this.#link = new TcpLink(socket, { nameserver, clock, onChange: () => this.#look() });
      this.#links.add(this.#link);
      this.#advance();
    });
  }

  #connectFailed(connecting: Connecting, failure: Failure): void {
    connecting.socket?.destroy();
    if (this.#connecting !== connecting) return;
    this.#connecting = undefined;
    this.#failQueue(failure);
  }

  #failQueue(failure: Failure): void {
    for (const { settle } of this.#queue.drain()) settle({ kind: 'not-sent', failure });
  }

  /** In a busy process the timers come first. What has arrived meanwhile is read before anything is given up. */
  #wakeIn(ms: number, dueAt: MonoMs): void {
    const { clock } = this.#options;
    this.#cancelWake = clock.after(ms, () => {
      this.#isHeldUp = !this.#isHeldUp && clock.mono() - dueAt >= lateMs;
      if (this.#isHeldUp) this.#wakeIn(0, dueAt);
      else this.#look();
    });
  }

  #setWake(now: MonoMs): void {
    this.#cancelWake();
    let at = Math.min(this.#queue.wakeAt(), this.#connecting?.until ?? Number.POSITIVE_INFINITY);
    for (const link of this.#links) at = Math.min(at, link.inFlight.wakeAt());
    if (at === Number.POSITIVE_INFINITY) this.#cancelWake = () => {};
    else this.#wakeIn(Math.max(0, at - now), at as MonoMs);
  }
}
