/** When the servers of a cluster are glanced at: as often as wanted, within a budget of the process. */

import { type MonoMs, plusMs, type ServerAddress } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { stoodStillMs } from './deadline.ts';

const mostPerSecond = 2000;

/** One for a process. Where more glances are wanted than it has, all pauses grow by the same factor. */
export class GlanceBudget {
  readonly #perSecond: number;
  readonly #wanted = new Map<object, number>();
  #sum = 0;

  constructor(perSecond = mostPerSecond) {
    this.#perSecond = perSecond;
  }

  /** `who` wants so many glances a second from now on. */
  want(who: object, perSecond: number): void {
    this.#sum += perSecond - (this.#wanted.get(who) ?? 0);
    if (perSecond === 0) this.#wanted.delete(who);
    else this.#wanted.set(who, perSecond);
  }

  /** How many times as long a pause must be. */
  get stretch(): number {
    return Math.max(1, this.#sum / this.#perSecond);
  }
}

/** One timer for a cluster, and none while nothing is watched. */
export class Glances {
  readonly #clock: Clock;
  readonly #budget: GlanceBudget;
  readonly #glance: (server: ServerAddress) => void;
  #servers: readonly ServerAddress[] = [];
  #everyMs = 0;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, budget: GlanceBudget, glance: (server: ServerAddress) => void) {
    this.#clock = clock;
    this.#budget = budget;
    this.#glance = glance;
  }

  watch(servers: readonly ServerAddress[], everyMs: number): void {
    this.#servers = servers;
    this.#everyMs = Math.max(1, everyMs);
    this.#budget.want(this, (1000 * servers.length) / this.#everyMs);
    this.#cancel();
    if (servers.length > 0) this.#arm();
  }

  #arm(): void {
    const ms = this.#everyMs * this.#budget.stretch;
    const due: MonoMs = plusMs(this.#clock.mono(), ms);
    this.#cancel = this.#clock.after(ms, () => {
      // After a pause of ours, first read what lies in the sockets.
      if (this.#clock.mono() - due < stoodStillMs) for (const server of this.#servers) this.#glance(server);
      this.#arm();
    });
  }
}
