/** Commands that wait for their answers. Bounded in number and in time. */

import type { Answer, CommandResult } from '../core/model/events.ts';
import { commandQueueLimit } from '../core/model/limits.ts';
import type { ClusterSettings } from '../core/model/settings.ts';
import type { Clock } from '../ports.ts';

/** More waiting commands are a sign of serious trouble: refuse the next one. */
export const commandLimit = 64;
/** For the machine; the core answers by its own deadlines. */
const slackMs = 5000;
/** Read, write, and read back. */
const exchangesPerCommand = 3;

/** The longest wait for an answer of the core, in milliseconds: behind a full queue. */
export function commandTimeoutMs(settings: ClusterSettings): number {
  const slowest = Math.max(0, ...settings.publications.map((publication) => publication.timeoutMs));
  return slackMs + (commandQueueLimit + 1) * (settings.watch.probeTimeoutMs + exchangesPerCommand * slowest);
}

export interface CommandDesk {
  open(
    id: string,
  ):
    | { readonly kind: 'open'; readonly promise: Promise<Answer> }
    | { readonly kind: 'refused'; readonly answer: Answer };
  /** The answer of the core. A second or late answer is dropped. */
  answer(id: string, answer: Answer): void;
  /** An answer without the core: the same for every publication. */
  refusal(code: string, sentence: string, hint?: string): Answer;
  /** After a bug: every command rejects. */
  fail(error: unknown): void;
  /** At the end: every command that still waits gets `stopping`. */
  close(): void;
}

interface Waiter {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
  cancelTimeout(): void;
}

export function createCommandDesk(clock: Clock, settings: () => ClusterSettings): CommandDesk {
  const waiters = new Map<string, Waiter>();

  function refusal(code: string, sentence: string, hint?: string): Answer {
    const result = { kind: 'failed', code, sentence, ...(hint === undefined ? {} : { hint }) } as const;
    return {
      results: settings().publications.map(({ nameserver }): CommandResult => ({ nameserver, ...result })),
    };
  }

  function leave(id: string): Waiter | undefined {
    const waiter = waiters.get(id);
    waiters.delete(id);
    waiter?.cancelTimeout();
    return waiter;
  }

  return {
    refusal,
    open(id) {
      if (waiters.size >= commandLimit) {
        return {
          kind: 'refused',
          answer: refusal(
            'too-many-commands',
            `${commandLimit} commands are waiting already`,
            'try again in a moment',
          ),
        };
      }
      const promise = new Promise<Answer>((resolve, reject) => {
        const timeoutMs = commandTimeoutMs(settings());
        const cancelTimeout = clock.after(timeoutMs, () => {
          leave(id)?.resolve(
            refusal(
              'no-answer',
              `nothing was decided within ${timeoutMs} ms`,
              'source-dns status shows what it waits for',
            ),
          );
        });
        waiters.set(id, { resolve, reject, cancelTimeout });
      });
      return { kind: 'open', promise };
    },
    answer(id, answer) {
      leave(id)?.resolve(answer);
    },
    fail(error) {
      for (const id of [...waiters.keys()]) leave(id)?.reject(error);
    },
    close() {
      for (const id of [...waiters.keys()])
        leave(id)?.resolve(refusal('stopping', 'source-dns stopped before it could answer'));
    },
  };
}
