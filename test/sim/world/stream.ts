/**
 * A TCP connection to a nameserver: bytes arrive in order, or later, or not at all. A write arrives even
 * after its sender has given up.
 */

import { EventEmitter } from 'node:events';
import type { Life } from './machine.ts';
import type { NameserverProcess } from './nameserver.ts';
import type { Host } from './network.ts';
import { isUpdate } from './update-bytes.ts';
import type { World } from './world-types.ts';

/** About the timeout of a resolver, in milliseconds: delays go up to it, or beyond. */
const patienceMs = 1000;
/**
 * A lost segment is sent again after so many milliseconds, as Linux does at first, until the segment arrives.
 */
const retransmitMs = 200;

export interface Ends {
  readonly world: World;
  readonly life: Life;
  readonly client: Host;
  readonly server: NameserverProcess;
}

/** The part of net.Socket that the transport uses. */
export class SimulatedStream extends EventEmitter {
  readonly #ends: Ends;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;
  #serverProcess = 0;
  #received = Buffer.alloc(0);
  #corked: Buffer[] | undefined;
  #destroyed = false;

  constructor(ends: Ends) {
    super();
    this.#ends = ends;
    const { world, client, server } = ends;
    this.#toServer = new Pipe(world, client, server.host);
    this.#toClient = new Pipe(world, server.host, client);
    this.#toServer.push(world.network.travelMs(patienceMs), () => this.#synArrives());
  }

  write(bytes: Buffer): boolean {
    if (this.#corked) this.#corked.push(bytes);
    else this.#leave(bytes);
    return true;
  }

  cork(): void {
    this.#corked ??= [];
  }

  uncork(): void {
    const kept = this.#corked ?? [];
    this.#corked = undefined;
    for (const bytes of kept) this.#leave(bytes);
  }

  /** What was written before is still on its way. */
  destroy(): this {
    this.#destroyed = true;
    return this;
  }

  #synArrives(): void {
    const { server, world } = this.#ends;
    if (this.#destroyed) return;
    const { isUp, process } = server;
    this.#serverProcess = process;
    if (isUp) server.onDeath(process, () => this.#reset());
    this.#toClient.push(world.network.travelMs(patienceMs), () =>
      this.#tell(
        isUp ? ['connect'] : ['error', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
      ),
    );
  }

  #leave(bytes: Buffer): void {
    if (this.#destroyed) return;
    const { world, client } = this.#ends;
    const message = bytes.subarray(2);
    world.leaves(client, message);
    this.#toServer.push(requestDelay(world, message), () => this.#arrives(bytes));
  }

  #arrives(bytes: Buffer): void {
    const { server, client } = this.#ends;
    if (!server.isUp || server.process !== this.#serverProcess) {
      this.#reset();
      return;
    }
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 2 && this.#received.length >= 2 + this.#received.readUInt16BE(0)) {
      const end = 2 + this.#received.readUInt16BE(0);
      const message = this.#received.subarray(2, end);
      this.#received = this.#received.subarray(end);
      for (const answer of server.receive(message, 'tcp', client)) this.#answer(answer);
    }
  }

  #answer(answer: Buffer): void {
    const { world } = this.#ends;
    const frame = Buffer.alloc(2 + answer.length);
    frame.writeUInt16BE(answer.length);
    answer.copy(frame, 2);
    // A segment may end anywhere.
    const cut = world.chance.chance(0.1) ? world.chance.int(frame.length) : frame.length;
    for (const part of [frame.subarray(0, cut), frame.subarray(cut)])
      if (part.length > 0) this.#toClient.push(answerDelay(world), () => this.#tell(['data', part]));
  }

  /** The process at the other end is gone, and its machine says so. */
  #reset(): void {
    const { world } = this.#ends;
    this.#toClient.push(world.network.travelMs(patienceMs), () =>
      this.#tell(['error', Object.assign(new Error('read'), { code: 'ECONNRESET' })]),
    );
  }

  #tell([event, ...values]: readonly [string, ...unknown[]]): void {
    this.#ends.life.deliver(() => {
      if (!this.#destroyed) this.emit(event, ...values);
    });
  }
}

/** One direction of a connection: in order, and sent again until it arrives. */
class Pipe {
  readonly #world: World;
  readonly #from: Host;
  readonly #to: Host;
  readonly #queue: { readonly at: number; readonly arrive: () => void }[] = [];
  #busy = false;

  constructor(world: World, from: Host, to: Host) {
    this.#world = world;
    this.#from = from;
    this.#to = to;
  }

  push(delayMs: number, arrive: () => void): void {
    this.#queue.push({ at: this.#world.timeline.now + delayMs, arrive });
    this.#pump();
  }

  #pump(): void {
    const [head] = this.#queue;
    if (this.#busy || head === undefined) return;
    this.#busy = true;
    const attempt = (): void => {
      if (!this.#world.network.isOpen(this.#from, this.#to)) {
        this.#world.timeline.after(retransmitMs, attempt);
        return;
      }
      this.#queue.shift();
      this.#busy = false;
      head.arrive();
      this.#pump();
    };
    this.#world.timeline.at(head.at, attempt);
  }
}

/**
 * How long a request is on its way. An update may take so long that its sender has given up, and its
 * signature is about to expire, or has expired.
 */
export function requestDelay({ weather, chance, network }: World, message: Buffer): number {
  const travel = network.travelMs(patienceMs);
  if (isUpdate(message) && chance.chance(weather.late))
    return travel + chance.between(patienceMs, chance.pick([1, 3]) * weather.fudgeMs);
  return travel + (chance.chance(weather.lost) ? chance.between(retransmitMs, 2 * patienceMs) : 0);
}

export function answerDelay({ weather, chance, network }: World): number {
  return (
    network.travelMs(patienceMs) +
    (chance.chance(weather.lost) ? chance.between(retransmitMs, 2 * patienceMs) : 0)
  );
}
