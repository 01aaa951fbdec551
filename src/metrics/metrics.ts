/** All metrics of the daemon: listens to what happens, and answers a scrape. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HistoryEntry } from '../core/model/events.ts';
import type { Vitals } from '../core/report/snapshot-vitals.ts';
import { type StepTaken, stepTaken } from '../daemon/step-channel.ts';
import type { Scrape } from '../http/cluster-api.ts';
import type { Clock } from '../ports.ts';
import { addCluster, addNotWatched } from './cluster-metrics.ts';
import { EventTallies } from './event-tallies.ts';
import { loadWriter, type Writer } from './exposition.ts';
import { ProcessTallies } from './process-tallies.ts';
import { Samples } from './samples.ts';

/** A scrape works no longer than this before it lets others work. Milliseconds. */
const sliceMs = 4;
/** After a scrape its text is answered again for so many times as long as the scrape took. */
const restTimes = 4;

/** What a scrape asks of the daemon. */
export interface MetricsSource {
  readonly instance: string;
  readonly version: string;
  /** Connections to MySQL servers that wait for their turn to be opened. */
  connectionsWaiting(): number;
  /** There is too much to do: see the service. */
  isOverloaded(): boolean;
  clusters(): readonly string[];
  /** Those of them that wait for their turn to be watched. */
  waiting(): ReadonlySet<string>;
  /** The clusters that only other instances watch. */
  elsewhere(): readonly string[];
  /** Undefined: it was removed meanwhile. */
  vitals(cluster: string): Vitals | undefined;
}

/** One for a daemon. It hears of events from its beginning on. */
export class Metrics {
  readonly #clock: Clock;
  readonly #events = new EventTallies();
  readonly #process: ProcessTallies;
  readonly #onStep = (step: unknown): void => this.#events.step(step as StepTaken, this.#clock.mono());
  #reload: { readonly successful: boolean; readonly takenAt: number };
  #writer: Promise<Writer> | undefined;
  #running: Promise<Scrape> | undefined;
  #last: { readonly scrape: Scrape; readonly until: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#process = new ProcessTallies(clock);
    this.#reload = { successful: true, takenAt: clock.wall() };
    subscribe(stepTaken, this.#onStep);
  }

  /** The history got this entry. */
  record(entry: HistoryEntry): void {
    this.#events.record(entry);
  }

  /** A reload has ended. */
  reloaded(successful: boolean): void {
    const takenAt = successful ? this.#clock.wall() : this.#reload.takenAt;
    this.#reload = { successful, takenAt };
  }

  /** Loads what the first scrape needs, so that the scrape does not have to wait for it. */
  async prepare(): Promise<void> {
    this.#writer ??= loadWriter();
    await this.#writer;
  }

  /**
   * The values of this moment. Requests that come together share one scrape, and a scrape rests after it: so
   * the readers take at most a fifth of the CPU, however many they are.
   */
  scrape(source: MetricsSource): Promise<Scrape> {
    if (this.#last !== undefined && this.#clock.mono() < this.#last.until)
      return Promise.resolve(this.#last.scrape);
    this.#running ??= this.collect(source).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** A scrape that is shared with nobody. */
  async collect(source: MetricsSource): Promise<Scrape> {
    this.#writer ??= loadWriter();
    const writer = await this.#writer;
    let worked = 0;
    let begun = this.#clock.mono();
    const pause = async (): Promise<void> => {
      const ms = this.#clock.mono() - begun;
      if (ms < sliceMs) return;
      worked += ms;
      await nextTurn();
      begun = this.#clock.mono();
    };
    const samples = await this.#samples(source, pause);
    const text = await writer.write(samples, pause);
    const scrape = { contentType: writer.contentType, text };
    const now = this.#clock.mono();
    this.#last = { scrape, until: now + restTimes * (worked + now - begun) };
    return scrape;
  }

  stop(): void {
    unsubscribe(stepTaken, this.#onStep);
    this.#process.stop();
  }

  async #samples(source: MetricsSource, pause: () => Promise<void>): Promise<Samples> {
    const samples = new Samples();
    const { instance, version } = source;
    const clusters = source.clusters();
    const nameservers = new Set<string>();
    const waiting = source.waiting();
    let ready = true;
    for (const cluster of clusters) {
      const vitals = source.vitals(cluster);
      if (vitals === undefined) continue;
      if (waiting.has(cluster)) addNotWatched(samples, cluster);
      else addCluster(samples, vitals);
      for (const { nameserver, ready: isReady } of vitals.publications) {
        nameservers.add(nameserver);
        ready &&= isReady;
      }
      await pause();
    }
    for (const cluster of source.elsewhere()) addNotWatched(samples, cluster);
    this.#events.keep(new Set(clusters), nameservers);
    this.#events.tell(samples);
    this.#process.tell(samples);
    const build = { version, node: process.versions.node, instance_name: instance };
    samples.add('source_dns_build_info', build, 1);
    samples.add('source_dns_ready', {}, ready ? 1 : 0);
    samples.add('source_dns_config_reload_successful', {}, this.#reload.successful ? 1 : 0);
    samples.add('source_dns_config_taken_timestamp_seconds', {}, this.#reload.takenAt / 1000);
    samples.add('source_dns_connections_waiting', {}, source.connectionsWaiting());
    samples.add('source_dns_clusters_waiting', {}, waiting.size);
    samples.add('source_dns_overloaded', {}, source.isOverloaded() ? 1 : 0);
    return samples;
  }
}
