/** The same request id twice does its work once: a failover tool repeats a hook whose answer it did not get. */

import type { Answer } from '../core/model/events.ts';

/** Ids that are remembered; the oldest is forgotten first. */
const rememberedIds = 1000;

type OnceAnswer =
  | { readonly kind: 'answer'; readonly promise: Promise<Answer> }
  /** The id came before, with another request. */
  | { readonly kind: 'reused' };

export interface Once {
  /** `request` is what the id stands for, as text. An answer in which nothing was done is forgotten: the id may then be tried again. */
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
