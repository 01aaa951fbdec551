/** The calls of one hook: in order, at most so many at once, the rest waits within a bound. */

import type { HookConfig } from '../../config/loaded.ts';
import type { HookRecord } from '../../core/model/hook-record.ts';
import type { Clock } from '../../ports.ts';
import type { Attempt, Trying } from './attempt.ts';
import type { HookCall, HookList } from './hook-call.ts';
import type { HookLimits } from './hook-limits.ts';

export interface QueueOptions {
  readonly list: HookList;
  /** The program, or the origin of the URL. */
  readonly shown: string;
  readonly hook: HookConfig;
  readonly waitingLimit: number;
  readonly limits: HookLimits;
  readonly clock: Clock;
  /** One attempt; `stop` ends it. */
  try(hook: HookConfig, call: HookCall, stop: AbortSignal): Trying | Promise<Trying>;
  /** Resolves when the next attempt of any hook may start. */
  turn(): Promise<void>;
  onRecord(call: HookCall, record: HookRecord): void;
  onBug(error: unknown): void;
}

interface Running {
  readonly call: HookCall;
  readonly stop: AbortController;
  /** It waits for its next attempt: this ends the wait. */
  wake?: (() => void) | undefined;
}

export class HookQueue {
  /** The place of the hook in its list. */
  index = 0;
  readonly #options: QueueOptions;
  readonly #waiting: HookCall[] = [];
  readonly #running = new Map<string, Running>();
  readonly #idle = new Set<() => void>();
  #dropped: { readonly count: number; readonly last: HookCall } | undefined;
  #failedInARow = 0;
  /** Why no further call begins. */
  #closed: string | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get list(): HookList {
    return this.#options.list;
  }

  get hook(): HookConfig {
    return this.#options.hook;
  }

  /** Never throws, never waits. Beyond the bound the oldest waiting call is dropped. */
  add(call: HookCall): void {
    this.#waiting.push(call);
    if (this.#waiting.length > this.#options.waitingLimit) this.#drop(this.#waiting.shift());
    for (const running of this.#running.values()) if (running.call.topic === call.topic) running.wake?.();
    if (this.#closed !== undefined) this.close(this.#closed);
    this.#begin();
  }

  /** Drops what waits, and says so. `reason`: the end of a sentence. Running attempts go on. */
  close(reason: string): void {
    this.#closed ??= reason;
    for (const call of this.#waiting.splice(0)) this.#drop(call);
    for (const running of this.#running.values()) running.wake?.();
    if (this.#running.size === 0) this.#tellDropped();
  }

  /** Ends the running attempts. */
  break(): void {
    for (const { stop } of this.#running.values()) stop.abort();
  }

  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.add(resolve));
  }

  #begin(): void {
    const { atOnce } = this.#options.limits;
    while (this.#running.size < atOnce && this.#closed === undefined) {
      const at = this.#waiting.findIndex(({ order }) => !this.#running.has(order));
      const [call] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (call === undefined) return;
      const running: Running = { call, stop: new AbortController() };
      this.#running.set(call.order, running);
      this.#run(running).catch(this.#options.onBug);
    }
  }

  async #run(running: Running): Promise<void> {
    const { call } = running;
    const { clock, turn } = this.#options;
    let begin = clock.mono();
    let gone: Promise<void> = Promise.resolve();
    for (let attempts = 1; ; attempts++) {
      await turn();
      if (attempts === 1) begin = clock.mono();
      if (this.#closed !== undefined) {
        this.#drop(call);
        break;
      }
      const trying = await this.#options.try(this.#options.hook, call, running.stop.signal);
      gone = trying.gone;
      const attempt = await trying.attempt;
      const last = await this.#lastOf(running, attempt, attempts);
      if (last === undefined) continue;
      this.#tell(call, last, { attempts, ms: Math.round(clock.mono() - begin) });
      break;
    }
    // A process that nothing ends keeps its place: the number of processes has a bound.
    await gone;
    this.#running.delete(call.order);
    this.#tellDropped();
    this.#begin();
    if (this.#running.size > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  /** Waits before the next attempt. Not undefined: the answer, because there is no further attempt. */
  async #lastOf(running: Running, attempt: Attempt, attempts: number): Promise<Attempt | undefined> {
    const { limits, clock } = this.#options;
    if (attempt.again === undefined) return attempt;
    if (attempts >= limits.attempts)
      return attempts > 1 ? told(attempt, `${attempts} attempts failed`) : attempt;
    const wanted = Math.max(limits.retryMs * 2 ** (attempts - 1), attempt.again.afterMs ?? 0);
    const isFree = (): boolean => this.#closed === undefined && !this.#hasNewer(running.call);
    if (isFree())
      await new Promise<void>((resolve) => {
        const cancel = clock.after(Math.min(limits.longestRetryMs, wanted), resolve);
        running.wake = () => {
          cancel();
          resolve();
        };
      });
    running.wake = undefined;
    if (this.#closed !== undefined) return told(attempt, `no further attempt: ${this.#closed}`);
    return this.#hasNewer(running.call) ? told(attempt, 'no further attempt: newer news waits') : undefined;
  }

  #hasNewer({ topic }: HookCall): boolean {
    return this.#waiting.some((waiting) => waiting.topic === topic);
  }

  #drop(call: HookCall | undefined): void {
    if (call !== undefined) this.#dropped = { count: (this.#dropped?.count ?? 0) + 1, last: call };
  }

  #tell(call: HookCall, attempt: Attempt, times: Pick<HookRecord, 'attempts' | 'ms'>): void {
    const { again: _, ...answer } = attempt;
    this.#failedInARow = answer.outcome === 'done' ? 0 : this.#failedInARow + 1;
    const inARow = this.#failedInARow > 1 ? this.#failedInARow : undefined;
    this.#record(call, { ...answer, ...times, inARow });
  }

  /** One record for all: a storm of alarms must not become a storm of records. */
  #tellDropped(): void {
    if (this.#dropped === undefined) return;
    const { count, last } = this.#dropped;
    this.#dropped = undefined;
    const why = this.#closed ?? `more than ${this.#options.waitingLimit} calls waited for this hook`;
    const sentence = `${count === 1 ? '1 call was' : `${count} calls were`} dropped, the last one for ${last.cluster}: ${why}`;
    this.#record(last, { outcome: 'dropped', sentence, count, attempts: 0, ms: 0 });
  }

  #record(call: HookCall, rest: Omit<HookRecord, 'place' | 'hook' | 'about'>): void {
    const { list, shown, onRecord } = this.#options;
    onRecord(call, { place: `${list}[${this.index}]`, hook: shown, about: call.about, ...rest });
  }
}

const told = (attempt: Attempt, more: string): Attempt => ({
  ...attempt,
  sentence: `${attempt.sentence}; ${more}`,
});
