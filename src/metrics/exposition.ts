/** Writes samples in the text format of Prometheus, by prom-client. */

import type { Metric, Registry } from 'prom-client';
import { catalogue, type MetricName } from './catalogue.ts';
import type { Sample, Samples } from './samples.ts';

/** So many samples are written without a pause: about a millisecond. */
const samplesAtOnce = 500;

/** What the registry asks of a metric: all values of this moment. */
interface Family {
  readonly name: string;
  get(): Promise<unknown>;
}

/**
 * A writer. prom-client is loaded here and not before: it brings 50 modules that we do not use, 12 MB and
 * 60 ms of CPU, and many daemons are never scraped (docs/decisions/040).
 */
export async function loadWriter(): Promise<Writer> {
  const { Registry } = await import('prom-client');
  return new Writer(new Registry());
}

/** Values come from a snapshot of this moment, so no gauge of prom-client keeps what is gone. */
export class Writer {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text, in pieces. `pause` is called between them. */
  async write(samples: Samples, pause: () => Promise<void>): Promise<string> {
    const pieces: string[] = [];
    for (const name of Object.keys(catalogue) as MetricName[]) {
      const all = samples.of(name);
      for (let at = 0; at < all.length; at += samplesAtOnce) {
        const text = await this.#textOf(name, all.slice(at, at + samplesAtOnce));
        pieces.push(at === 0 ? text : withoutHead(text), '\n');
        await pause();
      }
    }
    return pieces.join('');
  }

  async #textOf(name: MetricName, values: readonly Sample[]): Promise<string> {
    const { type, help } = catalogue[name];
    const family: Family = {
      name,
      get: () => Promise.resolve({ name, help, type, values, aggregator: 'sum' }),
    };
    this.#registry.registerMetric(family as unknown as Metric);
    const text = await this.#registry.getSingleMetricAsString(name);
    this.#registry.removeSingleMetric(name);
    return text;
  }
}

/** Without `# HELP` and `# TYPE`: each may come once. */
const withoutHead = (text: string): string => text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1);
