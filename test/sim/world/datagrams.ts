/**
 * A UDP socket towards a nameserver: datagrams get lost, come twice, overtake each other, and answers may be
 * forged.
 */

import { EventEmitter } from 'node:events';
import { answerDelay, type Ends, requestDelay } from './stream.ts';

/** The part of dgram.Socket that the transport uses. */
export class SimulatedDatagrams extends EventEmitter {
  readonly #ends: (address: string) => Ends;
  #peer: Ends | undefined;
  #closed = false;

  constructor(ends: (address: string) => Ends) {
    super();
    this.#ends = ends;
  }

  connect(_port: number, address: string, connected: () => void): void {
    this.#peer = this.#ends(address);
    this.#peer.world.timeline.after(0, () => this.#peer?.life.deliver(() => !this.#closed && connected()));
  }

  send(message: Buffer): void {
    const { world, client } = this.#peer as Ends;
    world.leaves(client, message);
    for (let copies = this.#copies(); copies > 0; copies -= 1)
      world.timeline.after(requestDelay(world, message), () => this.#arrives(message));
  }

  close(): void {
    this.#closed = true;
  }

  /** No, one or two copies of a datagram arrive. */
  #copies(): number {
    const { world } = this.#peer as Ends;
    if (world.chance.chance(world.weather.lost)) return 0;
    return world.chance.chance(world.weather.twice) ? 2 : 1;
  }

  #arrives(message: Buffer): void {
    const { world, client, server } = this.#peer as Ends;
    if (!world.network.isOpen(client, server.host)) return;
    if (!server.isUp) {
      this.#back(() => this.emit('error', Object.assign(new Error('send'), { code: 'ECONNREFUSED' })));
      return;
    }
    for (const answer of server.receive(message, 'udp', client))
      for (let copies = this.#copies(); copies > 0; copies -= 1)
        this.#back(() => this.emit('message', answer));
  }

  #back(tell: () => void): void {
    const { world, client, server, life } = this.#peer as Ends;
    world.timeline.after(answerDelay(world), () => {
      if (world.network.isOpen(server.host, client)) life.deliver(() => !this.#closed && tell());
    });
  }
}
