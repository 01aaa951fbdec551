/** Asks one nameserver for one TXT RRset, again and again. At most one question is under way. */

import { Resolver } from 'node:dns/promises';

/** The part of Node's resolver that is used. */
export interface TxtResolver {
  resolveTxt(name: string): Promise<string[][]>;
  cancel(): void;
}

export type OpenResolver = (nameserver: string, timeoutMs: number) => TxtResolver;

export const openResolver: OpenResolver = (nameserver, timeoutMs) => {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([nameserver]);
  return resolver;
};

export type Answer =
  | { readonly kind: 'rdata'; readonly rdata: readonly (readonly string[])[] }
  | { readonly kind: 'failed'; readonly error: unknown };

interface AskerOptions {
  readonly resolver: TxtResolver;
  readonly name: string;
  readonly timeoutMs: number;
  /** From one question to the next one. */
  readonly pauseMs: () => number;
  readonly heard: (answer: Answer) => void;
}

/** Its timers keep no process alive. */
export class Asker {
  readonly #options: AskerOptions;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isClosed = false;

  constructor(options: AskerOptions) {
    this.#options = options;
    void this.#ask();
  }

  /** Asks now, if no question is under way. */
  wake(): void {
    if (this.#isAsking || this.#isClosed) return;
    clearTimeout(this.#timer);
    void this.#ask();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#options.resolver.cancel();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const begun = performance.now();
    const answer = await this.#answer();
    if (this.#isClosed) return;
    this.#isAsking = false;
    this.#options.heard(answer);
    if (this.#isClosed) return;
    const rest = Math.max(1, this.#options.pauseMs() - (performance.now() - begun));
    this.#timer = setTimeout(() => void this.#ask(), rest).unref();
  }

  async #answer(): Promise<Answer> {
    const { resolver, name, timeoutMs } = this.#options;
    const patience = setTimeout(() => resolver.cancel(), timeoutMs).unref();
    try {
      return { kind: 'rdata', rdata: await resolver.resolveTxt(name) };
    } catch (error) {
      return isAbsent(error) ? { kind: 'rdata', rdata: [] } : { kind: 'failed', error };
    } finally {
      clearTimeout(patience);
    }
  }
}

/** No such name, or no TXT at that name: an answer too. */
const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA');
