/** Effects that have begun and not ended. Each ends in exactly one event, whatever its adapter does. */

import type { Event } from '../core/model/events.ts';
import { plusMs } from '../core/model/units.ts';
import type { Clock } from '../ports.ts';
import { type Adapters, type AskingEffect, adapterBug, adapterDeadline, ask, unanswered } from './perform.ts';
import type { ProbeTurns } from './probe-turns.ts';

/** An adapter should answer by the deadline in its own words; the guard comes a little later. */
export const guardGraceMs = 50;

export interface InFlight {
  /** Asks the adapter; exactly one event follows. */
  begin(effect: AskingEffect, adapters: Adapters): void;
  /** The update of this try must not leave any more. */
  recall(token: string): void;
  /** Resolves when all current effects have ended. */
  ended(): Promise<void>;
  /** Resolves when none of these is left, including those that begin meanwhile. */
  none(which: (effect: AskingEffect) => boolean): Promise<void>;
  /** Forgets all: no timer is left, and no event follows. */
  abandon(): void;
}

/** For all effects but updates: a controller per probe would be the most expensive part of it. */
const neverRecalled = new AbortController().signal;

interface Entry {
  readonly effect: AskingEffect;
  readonly ended: Promise<void>;
  /** Only an update can be recalled. */
  readonly recall: AbortController | undefined;
  forget(): void;
}

/** `post` gets the event that ends an effect. Without `turns` every probe begins at once. */
export function createInFlight(
  clock: Clock,
  post: (event: Event) => void,
  turns?: Pick<ProbeTurns, 'take'>,
): InFlight {
  const entries = new Set<Entry>();

  function begin(effect: AskingEffect, adapters: Adapters): void {
    let over: () => void = () => {};
    let cancelGuard: () => void = () => {};
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
      // Adapter and guard may both end it: the second finds no entry.
      if (!entries.has(entry)) return;
      entries.delete(entry);
      cancelGuard();
      post(event);
      over();
    };
    entries.add(entry);
    const start = (begun: AskingEffect): void => {
      // After a busy moment Node may call timers that are due in another order: the adapter's own deadline first.
      cancelGuard = clock.after(Math.max(0, begun.deadline - clock.mono()), () => {
        cancelGuard = clock.after(guardGraceMs, () => end(unanswered(begun, adapterDeadline(begun))));
      });
      ask(begun, adapters, recall?.signal ?? neverRecalled).then(end, (error: unknown) =>
        end(unanswered(begun, adapterBug(begun, error))),
      );
    };
    if (effect.kind !== 'probe' || turns === undefined) {
      start(effect);
      return;
    }
    const wanted = clock.mono();
    let waits = false;
    turns.take(() => {
      if (!entries.has(entry)) return;
      // Probes of one step that begin at once were asked at the same time: some rules compare these times.
      const waitedMs = waits ? clock.mono() - wanted : 0;
      start(waits ? { ...effect, waitedMs, deadline: plusMs(effect.deadline, waitedMs) } : effect);
    });
    waits = true;
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
