/** Does to real servers, links, disks and clocks what the plan says, and mends it. */
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { ChaosServer } from './cluster.ts';
import type { Dealings } from './dealings.ts';
import { namedOf } from './nameservers.ts';
import { addressOf, type HostName, hostNames } from './network.ts';
import type { Cast } from './operator.ts';
import type { End, Fault, HandEdit, Part } from './plan.ts';
import { sourceName, type Watcher } from './watchers.ts';
import type { World } from './world.ts';
import { addressesOf } from './zone-content.ts';

const nsupdateTimeoutMs = 10_000;
/** An address without a server. */
const otherAddress = '10.99.200.7';
/** Two commits with this content could otherwise not be told from a commit of source-dns. */
const otherTtl = 77;

/** Whether the fault is of the source itself. */
export const isOfSource = (fault: Fault): boolean =>
  ('server' in fault && fault.server === 'source') || ('host' in fault && fault.host === 'source');

export class Faults {
  /** Servers that do not work now. */
  readonly broken = new Set<ChaosServer>();
  /** When the source of the beginning was mended. */
  sourceBackAt: number | undefined;
  readonly handEdits: { edit: HandEdit; at: number }[] = [];
  readonly #world: World;
  readonly #dealings: Dealings;
  readonly #parts: Readonly<Record<Part, ChaosServer>>;

  constructor(world: World, dealings: Dealings, { source, heir, others }: Omit<Cast, 'broken'>) {
    this.#world = world;
    this.#dealings = dealings;
    const [second = heir, third = heir] = others;
    this.#parts = { source, heir, second, third };
  }

  /**
   * Begins the fault, lets it last, and mends it. `until` resolves after so many milliseconds, or when the
   * round is interrupted.
   */
  async suffer(fault: Fault, forMs: number): Promise<void> {
    await this.#begin(fault, forMs);
    if (fault.kind !== 'kill-watcher') await delay(forMs);
    await this.#end(fault);
    if (isOfSource(fault)) this.sourceBackAt = performance.now();
  }

  #host(end: End): HostName {
    return end in this.#parts ? this.#parts[end as Part].host : (end as HostName);
  }

  #watcher(number: number): Watcher {
    return this.#world.watchers[number - 1] as Watcher;
  }

  async #begin(fault: Fault, forMs: number): Promise<void> {
    const { network, nameservers } = this.#world;
    switch (fault.kind) {
      case 'kill-mysqld':
      case 'hang-mysqld':
      case 'restart-mysqld':
        return await this.#breakServer(fault.kind, this.#parts[fault.server]);
      case 'cut':
        await network.cut(this.#host(fault.one), this.#host(fault.other));
        if (!fault.oneWay) await network.cut(this.#host(fault.other), this.#host(fault.one));
        return;
      case 'isolate':
        return await this.#isolate(this.#host(fault.host), true);
      case 'slow-link':
        return await network.slow(this.#host(fault.host));
      case 'kill-named':
        return await namedOf(nameservers, fault.nameserver).kill9();
      case 'hang-named':
        return await namedOf(nameservers, fault.nameserver).suspend();
      case 'restart-named':
        return await namedOf(nameservers, fault.nameserver).stop();
      case 'disk-full':
        return await nameservers.fillDisk(fault.nameserver);
      case 'clock':
        return await this.#watcher(fault.watcher).setClock(fault.minutes * 60_000);
      case 'kill-watcher':
        return await this.#killOften(this.#watcher(fault.watcher), fault.times, fault.forgets, forMs);
      case 'hang-watcher':
        return this.#watcher(fault.watcher).signal('SIGSTOP');
      case 'restart-watcher':
        return await this.#watcher(fault.watcher).stop();
      case 'hand':
        return await this.#edit(fault.edit);
    }
  }

  async #end(fault: Fault): Promise<void> {
    const { network, nameservers } = this.#world;
    switch (fault.kind) {
      case 'kill-mysqld':
      case 'hang-mysqld':
      case 'restart-mysqld':
        return await this.#mendServer(this.#parts[fault.server]);
      case 'cut':
        await network.join(this.#host(fault.one), this.#host(fault.other));
        if (!fault.oneWay) await network.join(this.#host(fault.other), this.#host(fault.one));
        return;
      case 'isolate':
        return await this.#isolate(this.#host(fault.host), false);
      case 'slow-link':
        return await network.fast(this.#host(fault.host));
      case 'kill-named':
      case 'restart-named':
        // A secondary that never wrote its zone to disk gets it only from the primary. If the primary is away
        // for long, the calm starts the secondary.
        return await namedOf(nameservers, fault.nameserver)
          .start()
          .catch(() => undefined);
      case 'hang-named':
        return namedOf(nameservers, fault.nameserver).resume();
      case 'disk-full':
        return await nameservers.freeDisk(fault.nameserver);
      case 'clock':
        return await this.#watcher(fault.watcher).setClock(0);
      case 'kill-watcher':
      case 'restart-watcher':
        return await this.#watcher(fault.watcher).start();
      case 'hang-watcher':
        return this.#watcher(fault.watcher).signal('SIGCONT');
      case 'hand':
        return;
    }
  }

  async #breakServer(how: string, server: ChaosServer): Promise<void> {
    this.broken.add(server);
    if (how === 'kill-mysqld') await server.mysqld.kill9();
    else if (how === 'hang-mysqld') await server.mysqld.suspend();
    else await server.mysqld.stop();
  }

  /** The server comes back as it is configured: the source writable, whatever happened meanwhile. */
  async #mendServer(server: ChaosServer): Promise<void> {
    server.mysqld.resume();
    await this.#dealings.start(server, server === this.#parts.source);
    this.broken.delete(server);
  }

  async #isolate(host: HostName, isolated: boolean): Promise<void> {
    const { network } = this.#world;
    for (const other of hostNames) {
      if (other === host) continue;
      for (const [from, to] of [
        [host, other],
        [other, host],
      ] as const)
        await (isolated ? network.cut(from, to) : network.join(from, to));
    }
  }

  async #killOften(watcher: Watcher, times: number, forgets: boolean, forMs: number): Promise<void> {
    for (let time = 1; time <= times; time++) {
      await watcher.kill();
      await watcher.start(forgets);
      await delay(forMs / times);
    }
  }

  async #edit(edit: HandEdit): Promise<void> {
    const { nameservers, programs, referee } = this.#world;
    const shown = addressesOf(referee.zone, sourceName).split(' ')[0];
    const add = (address: string | undefined, ttl: number) =>
      `update delete ${sourceName} A\nupdate add ${sourceName} ${ttl} A ${address}\n`;
    const changes = {
      'other-address': add(otherAddress, 1),
      ttl: add(shown, otherTtl),
      'no-address': `update delete ${sourceName} A\n`,
      'no-ledger': `update delete _source-dns.${sourceName} TXT\n`,
    };
    // Noted first: without an answer nobody knows whether the edit was applied.
    this.handEdits.push({ edit, at: performance.now() });
    const input = `server ${addressOf('ns1')} 53\nzone ${nameservers.pair.zone}\n${changes[edit]}send\n`;
    await execa(programs.bind.nsupdate, ['-k', nameservers.pair.keyFile, '-v', '-t', '3'], {
      input,
      reject: false,
      timeout: nsupdateTimeoutMs,
    });
  }
}
