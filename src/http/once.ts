/** The same request id twice works once: a failover tool repeats a hook if it gets no answer. */

import type { Answer } from '../core/model/events.ts';

/** The oldest id is forgotten first. */
const rememberedIds = 1000;

type OnceAnswer =
  | { readonly kind: 'answer'; readonly promise: Promise<Answer> }
  /** The id was used for another request. */
  | { readonly kind: 'reused' };

export interface Once {
  /** `request`: the request as text. If nothing was done, the id is forgotten and may be tried again. */
  run(id: string, request: string, work: () => Promise<Answer>): OnceAnswer;
}

export function createOnce(limit: number = rememberedIds): Once {
  const known = new Map<string, { readonly request: string; readonly promise: Promise<Answer> }>();
  return {
    run(id, request, work) {
      const before = known.get(id);
      if (before !== undefined)
        return before.request === request ? { kind: 'answer', promise: before.promise } : { kind: 'reused' };
      const promise = work();
      const entry = { request, promise };
      known.set(id, entry);
      for (const oldest of known.keys()) {
        if (known.size <= limit) break;
        known.delete(oldest);
      }
      const forget = (): void => {
        if (known.get(id) === entry) known.delete(id);
      };
      promise.then((answer) => {
        if (!answer.results.some((result) => result.kind === 'done')) forget();
      }, forget);
      return { kind: 'answer', promise };
    },
  };
}
