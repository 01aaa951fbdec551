/** Datagrams, each exchange on its own socket: a forger must guess its random port, too (RFC 5452 4.5). */
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs } from '../../core/model/units.ts';
import { resolveOne, withDeadline } from './endpoint.ts';
import type {
  Exchange,
  ExchangeResult,
  Sockets,
  Transport,
  TransportOptions,
  Truncated,
} from './exchange.ts';
import { clientClosed, expiredInQueue, noAnswer, noRoute, portUnreachable, recalled } from './failures.ts';
import { InFlight } from './pending.ts';
import { enqueue, MessageQueue, type QueuedExchange } from './queue.ts';

/** Every path carries this. PowerDNS limits an UPDATE to it (RFC 1035 4.2.1). Longer messages go over TCP. */
const maxDatagramBytes = 512;
/** A question without an answer is repeated after this time, then after twice as long, and so on. */
const firstRepeatMs = 250;

export class UdpTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #stream: Transport;
  readonly #sockets: Sockets;
  readonly #queue = new MessageQueue<QueuedExchange>();
  /** Each function ends one exchange with that failure. */
  readonly #open = new Set<(failure: Failure) => void>();
  #cancelWake: () => void = () => {};
  #closed = false;

  /** `stream`: for long messages and long answers. Closed with this transport. */
  constructor(options: TransportOptions, stream: Transport, sockets: Sockets) {
    this.#options = options;
    this.#stream = stream;
    this.#sockets = sockets;
  }

  exchange<T>(exchange: Exchange<T>): Promise<ExchangeResult<T>> {
    const { nameserver } = this.#options;
    if (this.#closed) return Promise.resolve({ kind: 'not-sent', failure: clientClosed(nameserver) });
    // The size does not depend on the id.
    if (exchange.attempt(0).bytes.length > maxDatagramBytes) return this.#stream.exchange(exchange);
    return enqueue(this.#queue, nameserver, exchange, () => this.#advance());
  }

  close(): void {
    this.#closed = true;
    this.#cancelWake();
    const failure = clientClosed(this.#options.nameserver);
    for (const { settle } of this.#queue.drain()) settle({ kind: 'not-sent', failure });
    for (const end of this.#open) end(failure);
    this.#stream.close();
  }

  /** Sends everything that may be sent now, and sets the timer for the rest. */
  #advance(): void {
    if (this.#closed) return;
    const { nameserver, clock } = this.#options;
    const now = clock.mono();
    for (const { exchange, settle } of this.#queue.expire(now)) {
      const stale = (exchange.notAfter ?? Number.POSITIVE_INFINITY) <= now;
      settle({ kind: 'not-sent', failure: stale ? expiredInQueue(nameserver) : noAnswer(nameserver) });
    }
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take())
      void this.#perform(next);
    this.#cancelWake();
    const at = this.#queue.wakeAt();
    this.#cancelWake =
      at === Number.POSITIVE_INFINITY ? () => {} : clock.after(Math.max(0, at - now), () => this.#advance());
  }

  async #perform({ exchange, settle, rank }: QueuedExchange): Promise<void> {
    const result = await this.#attempt(exchange);
    this.#queue.ended(rank);
    settle(result.kind === 'truncated' ? await this.#stream.exchange(exchange) : result);
    this.#advance();
  }

  async #attempt<T>(exchange: Exchange<T>): Promise<ExchangeResult<T> | Truncated> {
    const { nameserver, host, clock, timeoutMs } = this.#options;
    // Resolving has no deadline itself.
    const resolved = await withDeadline(resolveOne(host), exchange.deadline, clock);
    if (this.#closed) return { kind: 'not-sent', failure: clientClosed(nameserver) };
    if (resolved === undefined) return { kind: 'not-sent', failure: noAnswer(nameserver) };
    if (resolved.kind === 'failed') return { kind: 'not-sent', failure: resolved.failure };
    if (exchange.notAfter !== undefined && exchange.notAfter <= clock.mono())
      return { kind: 'not-sent', failure: expiredInQueue(nameserver) };
    if (exchange.deadline <= clock.mono()) return { kind: 'not-sent', failure: noAnswer(nameserver) };
    const deadline = Math.min(exchange.deadline, clock.mono() + timeoutMs) as MonoMs;
    return this.#overDatagrams({ ...exchange, deadline }, resolved.address);
  }

  #overDatagrams<T>(exchange: Exchange<T>, address: string): Promise<ExchangeResult<T> | Truncated> {
    const { nameserver, port, clock } = this.#options;
    return new Promise((resolve) => {
      const socket = this.#sockets.datagrams(isIPv6(address) ? 'udp6' : 'udp4');
      const inFlight = new InFlight({ graceMs: Number.POSITIVE_INFINITY, noAnswer: noAnswer(nameserver) });
      const cancels: (() => void)[] = [];
      let over = false;
      const finish = (result: ExchangeResult<T> | Truncated) => {
        if (over) return;
        over = true;
        this.#open.delete(end);
        for (const cancel of cancels) cancel();
        closeSocket(socket);
        resolve(result);
      };
      const end = (failure: Failure) => {
        if (inFlight.size > 0) inFlight.fail(failure);
        else finish({ kind: 'not-sent', failure });
      };
      const send = (repeatMs: number) => {
        const id = inFlight.freeId(this.#options.messageId);
        const attempt = exchange.attempt(id);
        inFlight.sent({ id, deadline: exchange.deadline, attempt, settle: finish }, clock.mono());
        socket.send(attempt.bytes);
        if (exchange.repeatable) cancels.push(clock.after(repeatMs, () => send(repeatMs * 2)));
      };
      this.#open.add(end);
      socket.on('message', (answer) => inFlight.received(answer, clock.mono()));
      // ICMP reports a closed port, but a forger can send ICMP, too: the end is `unanswered`, never
      // `not-sent`.
      socket.on('error', (error) => end(portUnreachable(nameserver, error)));
      // Node also calls back with an error, although the types do not say so: no route, as to IPv6 from a
      // machine without IPv6.
      socket.connect(port, address, (error?: NodeJS.ErrnoException) => {
        if (error) end(noRoute(nameserver, error));
        else if (exchange.recalled?.aborted) end(recalled(nameserver));
        else send(firstRepeatMs);
      });
      const atDeadline = () =>
        inFlight.size > 0 ? void inFlight.expire(exchange.deadline) : end(noAnswer(nameserver));
      cancels.push(clock.after(Math.max(0, exchange.deadline - clock.mono()), atDeadline));
    });
  }
}

function closeSocket(socket: Socket): void {
  socket.removeAllListeners('message');
  socket.removeAllListeners('error');
  // A late error of a closing socket has no reader.
  socket.on('error', () => {});
  socket.close();
}
