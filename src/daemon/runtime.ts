/** The only interpreter of effects: one cluster, one state, one event at a time. */

import type { Answer, Command, Effect, Event, HistoryEntry } from '../core/model/events.ts';
import type { Advice, Wish } from '../core/model/procedure.ts';
import type { Remembered } from '../core/model/remembered.ts';
import type { ClusterSettings } from '../core/model/settings.ts';
import { type ClusterState, initialState, isUp } from '../core/model/state.ts';
import type { MonoMs, Now, ServerAddress } from '../core/model/units.ts';
import { snapshot } from '../core/report/snapshot.ts';
import { adviceOf } from '../core/report/snapshot-advice.ts';
import type { Snapshot } from '../core/report/snapshot-types.ts';
import { type Vitals, vitals } from '../core/report/snapshot-vitals.ts';
import { step } from '../core/step.ts';
import type { KnownCluster } from '../hook/resolve.ts';
import type { Clock, Random } from '../ports.ts';
import { type CommandDesk, createCommandDesk } from './command-desk.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { watchedCluster } from './known-cluster.ts';
import type { Load } from './load.ts';
import type { Adapters } from './perform.ts';
import type { ProbeTurns } from './probe-turns.ts';
import { tellStep } from './step-channel.ts';

/** The functions of the core that the runtime drives. */
export interface Core {
  readonly initialState: typeof initialState;
  readonly step: typeof step;
  readonly snapshot: typeof snapshot;
}

/** What the runtimes of a process share. */
export type ProcessLoad = Pick<Load, 'haste' | 'stretch' | 'restStretch' | 'sharesTurns'>;
export type Turns = Pick<ProbeTurns, 'take'>;

interface RuntimeOptions extends Adapters {
  readonly settings: ClusterSettings;
  readonly remembered: readonly Remembered[];
  readonly clock: Clock;
  readonly random: Random;
  /** Default: the real core. The simulator gives mutants. */
  readonly core?: Core;
  /** Shared by all runtimes of the process; default: its own. */
  readonly load?: ProcessLoad;
  /** The same; default: every probe begins at once. */
  readonly turns?: Turns;
  /** For the log and the history. */
  onRecord(entry: HistoryEntry): void;
  /** Called after each batch of events. */
  onChange?(): void;
  /** `step` or a listener threw. The runtime ends, because half a state must not go on. Called once. */
  onBug(error: unknown): void;
}

export interface ClusterRuntime {
  readonly cluster: string;
  /** The first tick comes at once. */
  start(): void;
  /** Whether its servers were asked, its zone was read, and nothing is being written. */
  isUp(): boolean;
  /** Changes nothing, and draws no random token. */
  snapshot(): Snapshot;
  /** The same in numbers and codes, for monitoring. */
  vitals(): Vitals;
  /** What a hook may call this cluster and its servers. */
  known(): KnownCluster;
  /** The procedure for a person. Changes nothing, as above. */
  advice(wish: Wish): Advice;
  /** For how long the next look at what is due should have happened; 0 unless it runs. */
  overdueMs(): number;
  /** The core's answer, or `stopping`, `too-many-commands`, `no-answer`. Rejects only after a bug. */
  command(command: Command): Promise<Answer>;
  /** New settings, and adapters that differ. Resolves when the old adapters may be closed. */
  reconfigure(settings: ClusterSettings, adapters?: Partial<Adapters>): Promise<void>;
  /** Finishes fences and updates in flight and reads these back, by their deadlines. Closes no adapter. */
  stop(): Promise<void>;
}

/** Nothing happens before `start`. */
export const createClusterRuntime = (options: RuntimeOptions): ClusterRuntime => new Runtime(options);

class Runtime implements ClusterRuntime {
  readonly cluster: string;
  readonly #options: RuntimeOptions;
  readonly #core: Core;
  readonly #queue: Event[] = [];
  readonly #inFlight: InFlight;
  readonly #desk: CommandDesk;
  #state: ClusterState;
  #settings: ClusterSettings;
  #adapters: Adapters;
  #phase: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #draining = false;
  #cancelWake: () => void = () => {};
  #wakeAt: MonoMs | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: RuntimeOptions) {
    const { settings, remembered, clock, random, prober, zoneClients, fencer } = options;
    const { core = { initialState, step, snapshot } } = options;
    this.cluster = settings.cluster;
    this.#options = options;
    this.#core = core;
    this.#settings = settings;
    this.#adapters = { prober, zoneClients, fencer };
    this.#inFlight = createInFlight(clock, (event) => this.#post(event), options.turns);
    this.#desk = createCommandDesk(clock, () => this.#settings);
    this.#state = core.initialState(settings, remembered, this.#now(random.token()));
  }

  start(): void {
    if (this.#phase !== 'new') throw new Error('a runtime is started once');
    this.#phase = 'running';
    this.#wakeAt = this.#options.clock.mono();
    this.#listen();
    this.#post({ kind: 'tick' });
  }

  isUp(): boolean {
    return isUp(this.#state);
  }

  snapshot(): Snapshot {
    return this.#core.snapshot(this.#state, this.#now(''));
  }

  vitals(): Vitals {
    return vitals(this.#state, this.#now(''));
  }

  known(): KnownCluster {
    return watchedCluster(this.#state);
  }

  advice(wish: Wish): Advice {
    return adviceOf(this.#state, this.#now(''), wish);
  }

  overdueMs(): number {
    if (this.#phase !== 'running' || this.#wakeAt === undefined) return 0;
    return Math.max(0, this.#options.clock.mono() - this.#wakeAt);
  }

  command(command: Command): Promise<Answer> {
    if (this.#phase !== 'running')
      return Promise.resolve(
        this.#desk.refusal('stopping', 'source-dns is not running, or is about to stop'),
      );
    const id = this.#options.random.token();
    const opened = this.#desk.open(id);
    if (opened.kind === 'refused') return Promise.resolve(opened.answer);
    this.#post({ kind: 'command', id, command });
    return opened.promise;
  }

  reconfigure(settings: ClusterSettings, adapters: Partial<Adapters> = {}): Promise<void> {
    if (this.#phase === 'new') throw new Error('a runtime is reconfigured after its start');
    const before = this.#inFlight.ended();
    const newProber = adapters.prober !== undefined && adapters.prober !== this.#adapters.prober;
    this.#adapters = { ...this.#adapters, ...adapters };
    this.#settings = settings;
    if (newProber) this.#listen();
    this.#post({ kind: 'reconfigured', settings });
    return before;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#finish();
    return this.#stopped;
  }

  #now(token: string): Now {
    const { clock, load } = this.#options;
    const mono = clock.mono();
    return {
      mono,
      wall: clock.wall(),
      token,
      stretch: load?.stretch(mono) ?? 1,
      restStretch: load?.restStretch(mono) ?? 1,
      sharesTurns: load?.sharesTurns ?? false,
    };
  }

  /** The only entry for events. An event that arrives during another one waits. */
  #post(event: Event): void {
    if (this.#phase === 'new' || this.#phase === 'stopped') return;
    this.#queue.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next);
      this.#options.onChange?.();
    } catch (error) {
      this.#end();
      this.#desk.fail(error);
      this.#options.onBug(error);
    } finally {
      this.#draining = false;
    }
  }

  /** The only place where the state changes. */
  #take(event: Event): void {
    const [state, effects] = this.#core.step(this.#state, event, this.#now(this.#options.random.token()));
    this.#state = state;
    this.#noteHaste();
    tellStep({ cluster: this.cluster, event, effects });
    for (const effect of effects) this.#perform(effect, event);
  }

  #noteHaste(): void {
    const { clock, load } = this.#options;
    const { suspectUntil, servers } = this.#state;
    load?.haste(this, this.#phase === 'running' && clock.mono() < suspectUntil ? servers.size : 0);
  }

  #perform(effect: Effect, cause: Event): void {
    if (effect.kind === 'record') this.#options.onRecord(effect.entry);
    else if (effect.kind === 'reply') this.#desk.answer(effect.id, effect.answer);
    else if (effect.kind === 'wake') this.#wake(effect.at);
    else if (effect.kind === 'recall') this.#inFlight.recall(effect.try);
    else if (effect.kind === 'release') this.#adapters.prober.release(effect.server);
    else if (effect.kind === 'renew') this.#adapters.prober.renew(effect.server);
    else if (effect.kind === 'watch') this.#adapters.prober.watch(effect.servers, effect.everyMs);
    else if (this.#phase === 'running' || readsBack(effect, cause))
      this.#inFlight.begin(effect, this.#adapters);
  }

  #wake(at: MonoMs): void {
    this.#cancelWake();
    if (this.#phase !== 'running') return;
    this.#wakeAt = at;
    const { clock } = this.#options;
    this.#cancelWake = clock.after(Math.max(0, at - clock.mono()), () => {
      // A timer may fire early; a tick before its time would find nothing due.
      if (clock.mono() < at) this.#wake(at);
      else this.#post({ kind: 'tick' });
    });
  }

  #listen(): void {
    const { prober } = this.#adapters;
    // A replaced prober closes its connections; that says nothing about the servers.
    const listen = (kind: 'connection-lost' | 'glance-differs') => (server: ServerAddress) => {
      if (this.#adapters.prober === prober) this.#post({ kind, server });
    };
    prober.onConnectionLost(listen('connection-lost'));
    prober.onGlanceDiffers(listen('glance-differs'));
  }

  async #finish(): Promise<void> {
    if (this.#phase === 'running') {
      this.#phase = 'stopping';
      this.#cancelWake();
      // A reading may show the outcome of an update: it counts as part of it.
      await this.#inFlight.none(({ kind }) => kind === 'update' || kind === 'read-zone' || kind === 'fence');
    }
    this.#end();
    this.#desk.close();
  }

  #end(): void {
    this.#phase = 'stopped';
    this.#noteHaste();
    this.#queue.length = 0;
    this.#cancelWake();
    this.#inFlight.abandon();
  }
}

/** An update that ends while we stop is still read back, for the history. */
const readsBack = (effect: Effect, cause: Event): boolean =>
  effect.kind === 'read-zone' && cause.kind === 'update-done';
