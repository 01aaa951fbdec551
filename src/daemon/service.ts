/** All clusters of one configuration: a runtime for each, and their shared adapters. */

import type { LoadedCluster, LoadedConfig } from '../config/loaded.ts';
import type { Answer, Command } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Advice, Wish } from '../core/model/procedure.ts';
import type { Snapshot } from '../core/report/snapshot-types.ts';
import type { Vitals } from '../core/report/snapshot-vitals.ts';
import type { KnownCluster } from '../hook/resolve.ts';
import type { ServerProber } from '../ports.ts';
import {
  clientsOf,
  type OpenNameserver,
  openNameservers,
  sameFence,
  sameProber,
  withoutFence,
} from './adapters.ts';
import { Admission } from './admission.ts';
import { configuredCluster } from './known-cluster.ts';
import { Load, ownUsage } from './load.ts';
import { ProbeTurns } from './probe-turns.ts';
import { type ClusterRuntime, createClusterRuntime } from './runtime.ts';
import type { Reconfigured, ServiceOptions } from './service-options.ts';
import { type Visit, Visits } from './visits.ts';
import { ofWaiting } from './waiting-snapshot.ts';

export interface Service {
  clusters(): readonly string[];
  /** The instances that watch a cluster which this one does not. Undefined: there is no such cluster. */
  elsewhere(cluster: string): readonly string[] | undefined;
  /** Undefined: this instance watches no such cluster. */
  snapshot(cluster: string): Snapshot | undefined;
  /** The clusters of this instance that wait for their turn: nobody watches them here yet. */
  waiting(): ReadonlySet<string>;
  /** The same in numbers and codes, for monitoring. */
  vitals(cluster: string): Vitals | undefined;
  /** What hooks may call the clusters and their servers, also those that only others watch. */
  known(): readonly KnownCluster[];
  advice(cluster: string, wish: Wish): Advice | undefined;
  /** How late the latest of all clusters is; see the runtime. */
  overdueMs(): number;
  /** For so long that an operator should know it, servers at rest are asked more rarely than configured. */
  isOverloaded(): boolean;
  /** Also to a cluster that only others watch. Undefined: there is no such cluster. */
  command(cluster: string, command: Command): Promise<Answer> | undefined;
  /** Adds, removes and changes clusters, and keeps the others. Refused whole if a key is unusable. */
  reconfigure(config: LoadedConfig): Promise<Reconfigured>;
  /** Finishes the updates in flight and closes every adapter. */
  stop(): Promise<void>;
}

type StartedService =
  | { readonly kind: 'started'; readonly service: Service }
  | { readonly kind: 'failed'; readonly failures: readonly Failure[] };

interface RunningCluster {
  readonly runtime: ClusterRuntime;
  readonly prober: ServerProber;
  readonly config: LoadedCluster;
}

interface Elsewhere {
  readonly config: LoadedCluster;
  readonly known: KnownCluster;
}

export async function startService(options: ServiceOptions): Promise<StartedService> {
  const { config, maker, onWarning } = options;
  const opened = await openNameservers(config.nameservers.values(), new Map(), maker, onWarning);
  if (opened.kind === 'failed') return opened;
  opened.warnings.forEach(onWarning);
  const service = new ClusterSet(options, opened.nameservers);
  for (const cluster of config.clusters) service.add(cluster);
  service.leaveToOthers(config);
  return { kind: 'started', service };
}

class ClusterSet implements Service {
  readonly #options: ServiceOptions;
  readonly #running = new Map<string, RunningCluster>();
  readonly #admission: Admission;
  readonly #load: Load;
  readonly #turns: ProbeTurns;
  readonly #visits = new Visits((cluster) => this.#visit(cluster));
  #elsewhere: ReadonlyMap<string, Elsewhere> = new Map();
  #nameservers: ReadonlyMap<string, OpenNameserver>;
  /** Reloads and the stop run one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  #stopping = false;

  constructor(options: ServiceOptions, nameservers: ReadonlyMap<string, OpenNameserver>) {
    this.#options = options;
    const opening = (): number => options.maker.waiting?.() ?? 0;
    this.#admission = new Admission(options.clock, opening);
    this.#load = new Load(
      {
        ...(options.usage ?? ownUsage),
        waiting: () => opening() + this.#admission.waiting.size,
        onOverload: (since) => options.onOverload?.(since, () => this.waiting()),
      },
      options.clock.mono(),
    );
    this.#turns = new ProbeTurns(options.clock);
    this.#nameservers = nameservers;
  }

  add(config: LoadedCluster): void {
    const { onRecord, onChange } = this.#options;
    const { cluster } = config.settings;
    const opened = this.#open(config, onRecord, () => onChange?.(cluster));
    this.#running.set(cluster, { ...opened, config });
    this.#admission.add(cluster, opened.runtime);
  }

  leaveToOthers({ elsewhere }: LoadedConfig): void {
    this.#elsewhere = new Map(
      elsewhere.map((config) => [
        config.settings.cluster,
        { config, known: configuredCluster(config.settings) },
      ]),
    );
  }

  #open(config: LoadedCluster, onRecord: ServiceOptions['onRecord'], onChange?: () => void): Visit {
    const { maker, clock, random, remembered, onBug } = this.#options;
    const { settings } = config;
    const prober = maker.prober(config);
    const runtime = createClusterRuntime({
      settings,
      remembered: remembered(settings.cluster),
      prober,
      zoneClients: clientsOf(config, this.#nameservers),
      fencer: maker.fencer?.(config),
      clock,
      random,
      load: this.#load,
      turns: this.#turns,
      onRecord,
      onBug,
      ...(onChange && { onChange }),
    });
    return { runtime, prober };
  }

  /** Nobody would see that an alarm of a visit is over. */
  #visit(config: LoadedCluster): Visit {
    return this.#open(withoutFence(config), (entry) => {
      if (entry.kind !== 'alarm') this.#options.onRecord(entry);
    });
  }

  clusters(): readonly string[] {
    return [...this.#running.keys()];
  }

  waiting(): ReadonlySet<string> {
    return new Set(this.#admission.waiting.keys());
  }

  snapshot(cluster: string): Snapshot | undefined {
    const snapshot = this.#running.get(cluster)?.runtime.snapshot();
    return snapshot && this.#admission.waiting.has(cluster) ? ofWaiting(snapshot) : snapshot;
  }

  vitals(cluster: string): Vitals | undefined {
    return this.#running.get(cluster)?.runtime.vitals();
  }

  elsewhere(cluster: string): readonly string[] | undefined {
    return this.#elsewhere.get(cluster)?.config.settings.watchers;
  }

  known(): readonly KnownCluster[] {
    return [
      ...[...this.#running.values()].map(({ runtime }) => runtime.known()),
      ...[...this.#elsewhere.values()].map(({ known }) => known),
    ];
  }

  advice(cluster: string, wish: Wish): Advice | undefined {
    return this.#running.get(cluster)?.runtime.advice(wish);
  }

  overdueMs(): number {
    return Math.max(0, ...[...this.#running.values()].map(({ runtime }) => runtime.overdueMs()));
  }

  isOverloaded(): boolean {
    return this.#load.isOverloaded;
  }

  command(cluster: string, command: Command): Promise<Answer> | undefined {
    const watched = this.#running.get(cluster);
    if (watched !== undefined) {
      this.#admission.letIn(cluster);
      return watched.runtime.command(command);
    }
    const elsewhere = this.#stopping ? undefined : this.#elsewhere.get(cluster);
    return elsewhere && this.#visits.command(elsewhere.config, command);
  }

  reconfigure(config: LoadedConfig): Promise<Reconfigured> {
    return this.#next(() => this.#reconfigure(config));
  }

  stop(): Promise<void> {
    this.#stopping = true;
    return this.#next(async () => {
      this.#admission.stop();
      await Promise.all([...[...this.#running.values()].map(end), this.#visits.ended()]);
      await Promise.all([...this.#nameservers.values()].map(({ client }) => client.close()));
    });
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }

  async #reconfigure(config: LoadedConfig): Promise<Reconfigured> {
    const nothing = { kind: 'done', added: [], changed: [], removed: [] } as const;
    if (this.#stopping) return nothing;
    const before = this.#nameservers;
    const opened = await openNameservers(
      config.nameservers.values(),
      before,
      this.#options.maker,
      this.#options.onWarning,
    );
    if (opened.kind === 'failed') return { kind: 'refused', failures: opened.failures };
    opened.warnings.forEach(this.#options.onWarning);
    this.#nameservers = opened.nameservers;

    const wanted = new Map(config.clusters.map((cluster) => [cluster.settings.cluster, cluster]));
    const removed = [...this.#running].filter(([name]) => !wanted.has(name));
    for (const [name] of removed) {
      this.#running.delete(name);
      this.#admission.leave(name);
    }
    const added = [...wanted].filter(([name]) => !this.#running.has(name));
    const kept = [...wanted].flatMap(([name, cluster]) => this.#change(name, cluster, before) ?? []);
    for (const [, cluster] of added) this.add(cluster);
    this.leaveToOthers(config);

    await Promise.all([
      ...removed.map(([, running]) => end(running)),
      ...kept.map((change) => change.done),
      this.#visits.ended(),
    ]);
    const unused = [...before.values()].filter(
      ({ client }) => ![...this.#nameservers.values()].some((open) => open.client === client),
    );
    await Promise.all(unused.map(({ client }) => client.close()));
    return {
      kind: 'done',
      added: names(added),
      changed: kept.map((change) => change.name),
      removed: names(removed),
    };
  }

  /** Starts to change a running cluster. Undefined if it is new or unchanged. */
  #change(
    name: string,
    config: LoadedCluster,
    before: ReadonlyMap<string, OpenNameserver>,
  ): { name: string; done: Promise<void> } | undefined {
    const running = this.#running.get(name);
    if (running === undefined) return undefined;
    const sameSettings = JSON.stringify(running.config.settings) === JSON.stringify(config.settings);
    const sameLogin = sameProber(running.config, config);
    const sameClients = config.settings.publications.every(
      ({ nameserver }) => before.get(nameserver)?.client === this.#nameservers.get(nameserver)?.client,
    );
    if (sameSettings && sameLogin && sameClients && sameFence(running.config, config)) return undefined;
    // It has not begun: another one takes its place in the queue.
    if (this.#admission.waiting.has(name)) {
      this.add(config);
      return { name, done: end(running) };
    }
    const prober = sameLogin ? running.prober : this.#options.maker.prober(config);
    this.#running.set(name, { runtime: running.runtime, prober, config });
    const ended = running.runtime.reconfigure(config.settings, {
      prober,
      zoneClients: clientsOf(config, this.#nameservers),
      fencer: this.#options.maker.fencer?.(config),
    });
    return { name, done: sameLogin ? ended : ended.then(() => running.prober.close()) };
  }
}

const names = (clusters: readonly (readonly [string, unknown])[]): readonly string[] =>
  clusters.map(([name]) => name);

async function end({ runtime, prober }: RunningCluster): Promise<void> {
  await runtime.stop();
  await prober.close();
}
