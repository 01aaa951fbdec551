/** When the servers of a cluster are glanced at: as often as wanted, within a budget of the process. */

import { type MonoMs, plusMs, type ServerAddress } from '../../core/model/units.ts';
import { Demand } from '../../demand.ts';
import type { Clock } from '../../ports.ts';
import { stoodStillMs } from './deadline.ts';

/** During incidents. In quiet time a glance only makes a planned move faster. */
const mostPerSecond = 2000;
const mostQuietPerSecond = 350;
/**
 * So many times as long a quiet pause may be: then there are two glances in an interval. Fewer would cost a
 * third of what the probes cost, and tell hardly more.
 */
const mostQuietStretch = 3;
/** How soon glances begin again when others want fewer. Milliseconds. */
const lookAgainMs = 10_000;
/** A longer pause is one of a quiet time. Milliseconds. */
const quietPauseMs = 100;
/** Quiet glances of all clusters come together: to wake up costs more than a glance. Milliseconds. */
const slotMs = 50;

/**
 * One for a process. Where more glances are wanted than it has, the pauses grow by the same factor, and quiet
 * glances end at last.
 */
export class GlanceBudget {
  readonly #hasty = new Demand();
  readonly #quiet = new Demand();
  readonly #perSecond: number;

  /** Of hasty glances. */
  constructor(perSecond = mostPerSecond) {
    this.#perSecond = perSecond;
  }

  /** From now on `who` glances at so many servers, with this pause. */
  want(who: object, servers: number, everyMs: number): void {
    const perSecond = (1000 * servers) / everyMs;
    this.#hasty.want(who, isQuiet(everyMs) ? 0 : perSecond);
    this.#quiet.want(who, isQuiet(everyMs) ? perSecond : 0);
  }

  /** How long this pause must be. Undefined: no glance, the next probe tells as much. */
  pauseMs(everyMs: number): number | undefined {
    const stretch = isQuiet(everyMs)
      ? this.#quiet.sum / mostQuietPerSecond
      : this.#hasty.sum / this.#perSecond;
    if (isQuiet(everyMs) && stretch > mostQuietStretch) return undefined;
    return everyMs * Math.max(1, stretch);
  }
}

const isQuiet = (everyMs: number): boolean => everyMs >= quietPauseMs;

/** One timer for a cluster, and none while nothing is watched. */
export class Glances {
  readonly #clock: Clock;
  readonly #budget: GlanceBudget;
  readonly #glance: (server: ServerAddress) => void;
  #servers: readonly ServerAddress[] = [];
  #everyMs = 0;
  /** When the present pause began. */
  #since: MonoMs | undefined;
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
    if (servers.length === 0) this.#since = undefined;
    else this.#arm();
  }

  /** A new pace does not begin the pause anew: a pace that changes often would prevent every glance. */
  #arm(): void {
    this.#since ??= this.#clock.mono();
    const pauseMs = this.#budget.pauseMs(this.#everyMs);
    const wanted = plusMs(this.#since, pauseMs ?? lookAgainMs);
    const due = isQuiet(this.#everyMs) ? ((Math.ceil(wanted / slotMs) * slotMs) as MonoMs) : wanted;
    this.#cancel = this.#clock.after(Math.max(0, due - this.#clock.mono()), () => {
      this.#since = undefined;
      // After a pause of ours, first read what lies in the sockets.
      if (pauseMs !== undefined && this.#clock.mono() - due < stoodStillMs)
        for (const server of this.#servers) this.#glance(server);
      this.#arm();
    });
  }
}
