/**
 * The farm's process: thousands of simulated MySQL servers behind one listening port. The address that a client chose
 * in 127.0.0.0/8 says which server it means. It obeys the orders of the benchmark that started it.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FarmCluster, type FarmServer, numberOf } from './cluster.ts';
import type { Done, FarmSize, Order } from './orders.ts';
import { Speaker } from './speaker.ts';
import { Tallying } from './tallying.ts';

class Farm {
  readonly #size: FarmSize;
  readonly #listener: Server;
  #clusters: readonly FarmCluster[] = [];
  #servers: readonly FarmServer[] = [];
  readonly #speakers = new Set<Speaker>();
  #tallying: Tallying;

  constructor(size: FarmSize) {
    this.#size = size;
    this.#tallying = new Tallying(size.intervalMs);
    this.#listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** One socket for all servers: a socket for each would be the most expensive part of them. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) =>
      this.#listener.listen({ host: '0.0.0.0', port: 0, backlog: 4096 }, resolve),
    );
    const { clusters } = this.#size;
    this.#clusters = Array.from({ length: clusters }, (_, n) => new FarmCluster(n, this.#size, this.port));
    this.#servers = this.#clusters.flatMap(({ servers }) => servers);
  }

  get port(): number {
    return (this.#listener.address() as { port: number }).port;
  }

  #accept(socket: Socket): void {
    const server = this.#servers[numberOf(socket.localAddress ?? '') ?? -1];
    socket.on('error', () => undefined);
    this.#tallying.connected();
    // An address without a server may also be one of a client from outside of this machine.
    if (server === undefined || server.health === 'down') {
      socket.resetAndDestroy();
      return;
    }
    const speaker = new Speaker(server, socket, this.#size.tls, (which, what) =>
      this.#tallying.asked(which, what),
    );
    this.#speakers.add(speaker);
    socket.once('close', () => this.#speakers.delete(speaker));
  }

  async obey(order: Order): Promise<Done> {
    if (order.kind === 'begin-tally') this.#beginTally();
    else if (order.kind === 'kill-sources') this.#killSources();
    else if (order.kind === 'promote') await this.#promote(order.perSecond);
    else if (order.kind === 'silence-half') this.#silenceHalf();
    else if (order.kind === 'heal') this.#heal();
    const at = performance.timeOrigin + performance.now();
    return { at, port: this.port, tally: this.#tallying.report(this.#speakers.size) };
  }

  #beginTally(): void {
    this.#tallying = new Tallying(this.#size.intervalMs);
    for (const server of this.#servers) server.probedAt = undefined;
  }

  #killSources(): void {
    const now = performance.now();
    for (const cluster of this.#clusters) cluster.killSource(now);
    for (const { server, socket } of this.#speakers) if (server.health === 'down') socket.resetAndDestroy();
  }

  async #promote(perSecond: number): Promise<void> {
    const begun = performance.now();
    for (const [index, cluster] of this.#clusters.entries()) {
      const wait = begun + (index * 1000) / perSecond - performance.now();
      if (wait >= 1) await delay(wait);
      cluster.promote(1, performance.now());
    }
  }

  #silenceHalf(): void {
    for (const { number, servers } of this.#clusters)
      for (const [member, server] of servers.entries())
        if (member < servers.length / 2 === (number % 2 === 0)) server.health = 'silent';
  }

  #heal(): void {
    for (const server of this.#servers) if (server.health === 'silent') server.health = 'up';
    for (const speaker of this.#speakers) speaker.resume();
  }
}

let farm: Farm | undefined;

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  void (async () => {
    if (order.kind === 'listen') {
      farm = new Farm(order.size);
      await farm.listen();
    }
    process.send?.({ id, done: await farm?.obey(order) });
  })();
});
// The benchmark has ended, in whatever way.
process.on('disconnect', () => process.exit(0));
