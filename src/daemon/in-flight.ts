/** The effects that have begun and not ended. Each ends in exactly one event, whatever its adapter does. */

import type { Event } from '../core/model/events.ts';
import type { Clock } from '../ports.ts';
import { type Adapters, type AskingEffect, adapterBug, adapterDeadline, ask, unanswered } from './perform.ts';

/** An adapter that keeps its promise answers at the deadline; its own words are better than the guard's, so that comes a little later. */
export const guardGraceMs = 50;

export interface InFlight {
  /** Asks the adapter, and sees to it that one event comes of it. */
  begin(effect: AskingEffect, adapters: Adapters): void;
  /** The update of that try must not leave any more. */
  recall(token: string): void;
  /** Resolves when all that have begun so far have ended. */
  ended(): Promise<void>;
  /** Resolves when none of these is left, also none that began meanwhile. */
  none(which: (effect: AskingEffect) => boolean): Promise<void>;
  /** Forgets all: no timer is left, no event comes any more. */
  abandon(): void;
}

/** For whatever is no update: a controller for each probe costs more than the rest of its way through here. */
const neverRecalled = new AbortController().signal;

interface Entry {
  readonly effect: AskingEffect;
  readonly ended: Promise<void>;
  /** Only an update can be called back. */
  readonly recall: AbortController | undefined;
  forget(): void;
}

/** `post` gets the event that ends an effect. */
export function createInFlight(clock: Clock, post: (event: Event) => void): InFlight {
  const entries = new Set<Entry>();

  function begin(effect: AskingEffect, adapters: Adapters): void {
    let over: () => void = () => {};
    const recall = effect.kind === 'update' ? new AbortController() : undefined;
    const entry: Entry = {
      effect,
      recall,
      ended: new Promise((resolve) => {
        over = resolve;
      }),
      forget() {
        entries.delete(entry);
        cancelGuard();
        over();
      },
    };
    const end = (event: Event): void => {
      // Whoever comes second, the adapter or the guard, finds the entry gone.
      if (!entries.has(entry)) return;
      entries.delete(entry);
      cancelGuard();
      post(event);
      over();
    };
    entries.add(entry);
    const guardMs = Math.max(0, effect.deadline - clock.mono()) + guardGraceMs;
    const cancelGuard = clock.after(guardMs, () => end(unanswered(effect, adapterDeadline(effect))));
    ask(effect, adapters, recall?.signal ?? neverRecalled).then(end, (error: unknown) =>
      end(unanswered(effect, adapterBug(effect, error))),
    );
  }

  const wait = async (some: readonly Entry[]): Promise<void> => {
    await Promise.all(some.map((entry) => entry.ended));
  };

  async function none(which: (effect: AskingEffect) => boolean): Promise<void> {
    const left = [...entries].filter((entry) => which(entry.effect));
    if (left.length === 0) return;
    await wait(left);
    return none(which);
  }

  return {
    begin,
    recall(token) {
      for (const { effect, recall } of entries)
        if (effect.kind === 'update' && effect.try === token) recall?.abort();
    },
    ended: () => wait([...entries]),
    none,
    abandon() {
      for (const entry of [...entries]) entry.forget();
    },
  };
}
