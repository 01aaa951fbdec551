/**
 * Stands between a client and a real nameserver, on TCP and UDP, and does one thing to one UPDATE message or
 * its answer. Hands on everything else as it came.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { u16 } from '../../support/fake-nameserver.ts';

/** What the proxy does to one UPDATE message. A missing field means: as it came. */
export interface Fault {
  /** What reaches the nameserver instead of the message. */
  request?(message: Buffer): readonly Buffer[];
  /** What the client gets instead of the `nth` answer (from 0). */
  answer?(answer: Buffer, nth: number, over: 'tcp' | 'udp'): readonly Buffer[];
  /** What the client gets at once, before the nameserver has seen anything. */
  forged?(message: Buffer): Buffer;
  /** Kept until `release`. */
  readonly hold?: 'request' | 'answer';
  /** TCP: the connection ends in the middle of the answer. */
  readonly cut?: boolean;
}

export interface TamperingProxy {
  readonly address: string;
  readonly port: number;
  /** The next UPDATE message gets this fault. */
  arm(fault: Fault): void;
  /** The number of UPDATE messages that ever came. */
  updates(): number;
  /** Answers of the nameserver to the message with the fault. Resolves when it has given that many. */
  answered(count: number): Promise<readonly Buffer[]>;
  /** Sends what is kept. */
  release(): void;
  close(): Promise<void>;
}

const ownAddress = '127.0.0.1';

/** The way of one message: one object for each message of a client. */
interface Way {
  readonly over: 'tcp' | 'udp';
  /** To the nameserver; its answers come to `back`. */
  on(message: Buffer): void;
  /** To the client. */
  back(answer: Buffer): void;
  /** To the client: half of the bytes, and then the end. */
  cut(answer: Buffer): void;
}

/** The fault, and what is kept: the same for both transports. */
class Tampering {
  #armed: Fault | undefined;
  #held: (() => void)[] = [];
  #answers: Buffer[] = [];
  #listeners = new Set<() => void>();
  updates = 0;

  arm(fault: Fault): void {
    this.#armed = fault;
    this.#answers = [];
  }

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  answered(count: number): Promise<readonly Buffer[]> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#answers.length < count) return;
        this.#listeners.delete(look);
        resolve(this.#answers);
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Takes a message of a client. Returns what to do with its answers. */
  take(message: Buffer, way: Way): (answer: Buffer) => void {
    const isUpdate = ((message[2] ?? 0) & 0x78) === 0x28;
    if (isUpdate) this.updates += 1;
    const fault = isUpdate ? this.#armed : undefined;
    if (fault === undefined) {
      way.on(message);
      return (answer) => way.back(answer);
    }
    this.#armed = undefined;
    if (fault.forged) way.back(fault.forged(message));
    const goOn = () => {
      for (const each of fault.request?.(message) ?? [message]) way.on(each);
    };
    if (fault.hold === 'request') this.#held.push(goOn);
    else goOn();
    return (answer) => this.#answer(fault, answer, way);
  }

  #answer(fault: Fault, answer: Buffer, way: Way): void {
    const nth = this.#answers.length;
    const goBack = () => {
      if (fault.cut) return way.cut(answer);
      for (const each of fault.answer?.(answer, nth, way.over) ?? [answer]) way.back(each);
    };
    if (fault.hold === 'answer') this.#held.push(goBack);
    else goBack();
    this.#answers.push(answer);
    for (const look of [...this.#listeners]) look();
  }
}

/** Starts the proxy in front of that nameserver, on its own port. */
export async function startTamperingProxy(target: {
  readonly address: string;
  readonly port: number;
}): Promise<TamperingProxy> {
  const proxy = new Tampering();
  const sockets = new Set<Socket>();
  const datagrams = new Set<UdpSocket>();
  const server = createServer((client) => relay(proxy, client, target, sockets));
  await once(server.listen(0, ownAddress), 'listening');
  const { port } = server.address() as { port: number };
  const udp = createSocket('udp4', (message, from) => {
    const upstream = createSocket('udp4');
    datagrams.add(upstream);
    let answered: (answer: Buffer) => void = () => {};
    upstream.on('message', (answer) => answered(answer));
    upstream.on('error', () => {});
    const back = (answer: Buffer) => udp.send(answer, from.port, from.address);
    const on = (each: Buffer) => upstream.send(each, target.port, target.address);
    answered = proxy.take(message, { over: 'udp', on, back, cut: () => {} });
  });
  udp.bind(port, ownAddress);
  await once(udp, 'listening');
  return {
    address: ownAddress,
    port,
    arm: (fault) => proxy.arm(fault),
    updates: () => proxy.updates,
    answered: (count) => proxy.answered(count),
    release: () => proxy.release(),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      for (const socket of datagrams) socket.close();
      await Promise.all([once(udp.close(), 'close'), new Promise((resolve) => server.close(resolve))]);
    },
  };
}

const frame = (message: Buffer): Buffer => Buffer.concat([u16(message.length), message]);

/**
 * One connection of a client, with one connection to the nameserver; an answer belongs to the message with
 * its id.
 */
function relay(
  proxy: Tampering,
  client: Socket,
  target: { readonly address: string; readonly port: number },
  sockets: Set<Socket>,
): void {
  const upstream = connect(target.port, target.address);
  const answered = new Map<number, (answer: Buffer) => void>();
  for (const socket of [client, upstream]) {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  }
  // Not the other way round: what a client has sent still reaches the nameserver when the client is gone.
  upstream.on('close', () => client.end());
  const way: Way = {
    over: 'tcp',
    on: (message) => upstream.write(frame(message)),
    back: (answer) => void (client.writable && client.write(frame(answer))),
    cut: (answer) => client.end(frame(answer).subarray(0, 20)),
  };
  onFrames(client, (message) => answered.set(message.readUInt16BE(0), proxy.take(message, way)));
  onFrames(upstream, (answer) => answered.get(answer.readUInt16BE(0))?.(answer));
}

function onFrames(socket: Socket, take: (message: Buffer) => void): void {
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE()) {
      const message = Buffer.from(buffered.subarray(2, 2 + buffered.readUInt16BE()));
      buffered = buffered.subarray(2 + message.length);
      take(message);
    }
  });
}
