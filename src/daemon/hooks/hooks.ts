/** The outgoing hooks: calls programs and URLs after moves and at alarms, and never delays the name. */

import type { HookConfig, LoadedConfig } from '../../config/loaded.ts';
import type { Secret } from '../../config/secret.ts';
import type { HistoryEntry } from '../../core/model/events.ts';
import { isoTime, type MonoMs, plusMs } from '../../core/model/units.ts';
import type { Clock, Random } from '../../ports.ts';
import type { Trying } from './attempt.ts';
import { type HookCall, type HookList, hookCallOf } from './hook-call.ts';
import { type HookLimits, hookLimits } from './hook-limits.ts';
import { HookQueue, type QueueOptions } from './hook-queue.ts';
import { createOneLookup } from './one-lookup.ts';
import { postJson, shownUrl } from './post-json.ts';
import { createGroups } from './process-group.ts';

export interface Hooks {
  /** For each entry of the history: calls its hooks. Never throws, never waits. */
  take(entry: HistoryEntry): void;
  /** From the next call on. What waits for a hook that is no longer there is dropped, with a record. */
  replace(config: HooksSettings): void;
  /** Resolves when nothing runs and nothing waits, or after `ms`. */
  finished(ms: number): Promise<void>;
  /** Drops what waits; what runs has a little time, and is then killed. */
  stop(): Promise<void>;
}

type Queues = Readonly<Record<HookList, readonly HookQueue[]>>;

type HooksSettings = Pick<LoadedConfig, 'instance' | 'hooks' | 'clusters'>;

interface HooksOptions {
  readonly config: HooksSettings;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: the bounds of the service. */
  readonly limits?: Partial<HookLimits>;
  /** For the log and the history: entries of the kind `hook`. */
  onRecord(entry: HistoryEntry): void;
  onBug(error: unknown): void;
}

/** Starts nothing before the first entry. */
export const createHooks = (options: HooksOptions): Hooks => new HookSet(options);

class HookSet implements Hooks {
  readonly #options: HooksOptions;
  readonly #limits: HookLimits;
  readonly #groups = createGroups();
  readonly #lookup = createOneLookup();
  /** The alarms that are not over, by topic, with their clusters. */
  readonly #raised = new Map<string, string>();
  #instance: string;
  #queues: Queues;
  /** Their hooks were removed, and a last call still runs. */
  readonly #leaving = new Set<HookQueue>();
  #nextStart: MonoMs;
  #lastTurn: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(options: HooksOptions) {
    this.#options = options;
    this.#limits = { ...hookLimits, ...options.limits };
    this.#instance = options.config.instance;
    this.#nextStart = options.clock.mono();
    this.#queues = this.#queuesOf(options.config, []);
  }

  take(entry: HistoryEntry): void {
    const made = hookCallOf(entry, this.#instance, this.#options.random.token());
    if (made === undefined || (entry.kind === 'alarm' && !this.#isNews(made.call, entry.raised))) return;
    for (const queue of this.#queues[made.list]) queue.add(made.call);
  }

  /** A worse alarm is recorded once more, with another sentence: nobody is woken up twice for it. */
  #isNews({ topic, cluster }: HookCall, raised: boolean): boolean {
    if (!raised) return this.#raised.delete(topic);
    if (this.#raised.has(topic)) return false;
    this.#raised.set(topic, cluster);
    return true;
  }

  replace(config: HooksSettings): void {
    const clusters = new Set(config.clusters.map(({ settings }) => settings.cluster));
    for (const [topic, cluster] of this.#raised) if (!clusters.has(cluster)) this.#raised.delete(topic);
    const before = this.#all();
    this.#instance = config.instance;
    this.#queues = this.#queuesOf(config, before);
    const kept = new Set(this.#all());
    for (const queue of before.filter((one) => !kept.has(one))) {
      queue.close('the hook was changed or removed');
      this.#leaving.add(queue);
      void queue.idle().then(() => this.#leaving.delete(queue));
    }
  }

  finished(ms: number): Promise<void> {
    return this.#idle(this.#all(), ms);
  }

  async #idle(queues: readonly HookQueue[], ms: number): Promise<void> {
    let cancel: () => void = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(ms, resolve);
    });
    await Promise.race([Promise.all(queues.map((queue) => queue.idle())), late]);
    cancel();
  }

  async stop(): Promise<void> {
    const { stopMs, graceMs, afterKillMs } = this.#limits;
    this.#isStopping = true;
    const queues = [...this.#all(), ...this.#leaving];
    for (const queue of queues) queue.close('source-dns stops');
    await this.#idle(queues, stopMs);
    for (const queue of queues) queue.break();
    await this.#idle(queues, graceMs + 2 * afterKillMs);
  }

  #all(): readonly HookQueue[] {
    return [...this.#queues.after_move, ...this.#queues.on_alarm];
  }

  /** A hook that stays as it is keeps its queue, also at another place of the list. */
  #queuesOf({ hooks }: HooksSettings, present: readonly HookQueue[]): Queues {
    const free = [...present];
    const { waitingMoves, waitingAlarms } = this.#limits;
    const listed = (list: HookList, wanted: readonly HookConfig[], waitingLimit: number) =>
      wanted.map((hook, index) => {
        const at = free.findIndex((one) => one.list === list && identity(one.hook) === identity(hook));
        const [known] = at < 0 ? [] : free.splice(at, 1);
        const queue = known ?? new HookQueue(this.#queueOptions(list, hook, waitingLimit));
        queue.index = index;
        return queue;
      });
    return {
      after_move: listed('after_move', hooks.afterMove, waitingMoves),
      on_alarm: listed('on_alarm', hooks.onAlarm, waitingAlarms),
    };
  }

  #queueOptions(list: HookList, hook: HookConfig, waitingLimit: number): QueueOptions {
    const { clock, onRecord, onBug } = this.#options;
    const limits = this.#limits;
    // What starts programs takes 0.1 s to load. Not every daemon needs it, and no move waits for it.
    // A failure is told by the call that needs it.
    if (hook.kind === 'command') import('./run-command.ts').catch(() => undefined);
    return {
      list,
      shown: hook.kind === 'command' ? hook.program : shownUrl(hook.url.reveal()),
      hook,
      waitingLimit,
      limits,
      clock,
      turn: () => this.#turn(),
      try: async (one, call, stop) => {
        if (one.kind !== 'command')
          return this.#start(() => postJson(one, call, { clock, limits, lookup: this.#lookup, stop }));
        const { runCommand } = await import('./run-command.ts');
        return this.#start(() => runCommand(one, call, { clock, limits, groups: this.#groups, stop }));
      },
      onRecord: ({ cluster, nameserver }, record) =>
        onRecord({ at: isoTime(clock.wall()), cluster, nameserver, kind: 'hook', ...record }),
      onBug,
    };
  }

  /** One start after the other, each in its time. */
  #turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(() => this.#pause());
    return this.#lastTurn;
  }

  /** Never within the call of `take`: what the move still needs comes first. */
  async #pause(): Promise<void> {
    const { clock } = this.#options;
    const left = (): number => (this.#isStopping ? 0 : Math.max(0, this.#nextStart - clock.mono()));
    do await new Promise<void>((resolve) => clock.after(left(), resolve));
    while (left() > 0);
    this.#nextStart = plusMs(clock.mono(), this.#limits.betweenStartsMs);
  }

  /** A start stops the event loop: the more memory we have, the longer (fork(2)). So it has its share only. */
  #start(begin: () => Trying): Trying {
    const { clock } = this.#options;
    const from = clock.mono();
    const trying = begin();
    const to = clock.mono();
    this.#nextStart = plusMs(to, Math.max(this.#limits.betweenStartsMs, restForWork * (to - from)));
    return trying;
  }
}

/** After a start that took 5 ms the next one waits 45 ms: starts take at most a tenth of the time. */
const restForWork = 9;

/** Two hooks with the same text are the same hook, secrets included. */
function identity(hook: HookConfig): string {
  const revealed = (values: ReadonlyMap<string, Secret>) =>
    [...values].map(([name, secret]) => [name, secret.reveal()]);
  return hook.kind === 'command'
    ? JSON.stringify([hook.program, hook.args, revealed(hook.env), hook.timeoutMs])
    : JSON.stringify([hook.url.reveal(), revealed(hook.headers), hook.timeoutMs]);
}
