/** When the servers of a cluster are glanced at: as often as wanted, within a budget of the process. */

import { type MonoMs, plusMs, type ServerAddress } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { stoodStillMs } from './deadline.ts';

/** During incidents. In quiet time a glance only makes a planned move faster. */
const mostPerSecond = 2000;
const mostQuietPerSecond = 350;
/** A longer pause is one of a quiet time. Milliseconds. */
const quietPauseMs = 100;
/** Quiet glances of all clusters come together: to wake up costs more than a glance. Milliseconds. */
const slotMs = 50;

/** One for a process. Where more glances are wanted than it has, the pauses grow by the same factor. */
export class GlanceBudget {
  readonly #hasty: Budget;
  readonly #quiet: Budget;

  constructor(perSecond = mostPerSecond, quietPerSecond = mostQuietPerSecond) {
    this.#hasty = new Budget(perSecond);
    this.#quiet = new Budget(quietPerSecond);
  }

  /** From now on `who` wants to glance at so many servers, with this pause; 0: at none. */
  want(who: object, servers: number, everyMs: number): void {
    const isQuiet = everyMs >= quietPauseMs;
    const perSecond = (1000 * servers) / everyMs;
    this.#hasty.want(who, isQuiet ? 0 : perSecond);
    this.#quiet.want(who, isQuiet ? perSecond : 0);
  }

  /** How long this pause must be. */
  pauseMs(everyMs: number): number {
    return everyMs * (everyMs >= quietPauseMs ? this.#quiet : this.#hasty).stretch;
  }
}

class Budget {
  readonly #perSecond: number;
  readonly #wanted = new Map<object, number>();
  #sum = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  want(who: object, perSecond: number): void {
    this.#sum += perSecond - (this.#wanted.get(who) ?? 0);
    if (perSecond === 0) this.#wanted.delete(who);
    else this.#wanted.set(who, perSecond);
  }

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
    this.#budget.want(this, servers.length, this.#everyMs);
    this.#cancel();
    if (servers.length > 0) this.#arm();
  }

  #arm(): void {
    const now = this.#clock.mono();
    const wanted = plusMs(now, this.#budget.pauseMs(this.#everyMs));
    const due = this.#everyMs < quietPauseMs ? wanted : ((Math.ceil(wanted / slotMs) * slotMs) as MonoMs);
    this.#cancel = this.#clock.after(due - now, () => {
      // After a pause of ours, first read what lies in the sockets.
      if (this.#clock.mono() - due < stoodStillMs) for (const server of this.#servers) this.#glance(server);
      this.#arm();
    });
  }
}
