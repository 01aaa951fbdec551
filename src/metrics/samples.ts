/** The values of one scrape, by metric. */

import type { LabelsOf, MetricName } from './catalogue.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** A part of a histogram: `source_dns_propagation_seconds_bucket`. */
  readonly metricName?: string;
}

/** A longer label is cut. Host names have at most 255 characters, with port and brackets a few more. */
const longestLabel = 300;
/** Control characters, halves of a character, and line ends of other kinds. */
const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029]/u;
const everyUnprintable = new RegExp(unprintable, 'gu');

/** Text of MySQL and DNS is untrusted: no control characters, and a bounded length. */
const isClean = (text: string): boolean => text.length <= longestLabel && !unprintable.test(text);
const cleaned = (text: string): string =>
  (text.length <= longestLabel ? text : `${text.slice(0, longestLabel - 1)}…`).replace(everyUnprintable, '?');

const cleanedLabels = (labels: Sample['labels']): Sample['labels'] =>
  Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, cleaned(text)]));

/** Fills up during a scrape. */
export class Samples {
  readonly #families = new Map<MetricName, Sample[]>();

  /** A value that is not a number is left out: NaN would spoil every sum and rate. */
  add<Name extends MetricName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    if (Number.isNaN(value)) return;
    const given: Readonly<Record<string, string>> = labels;
    const isPlain = Object.values(given).every(isClean);
    this.put(name, { labels: isPlain ? given : cleanedLabels(given), value });
  }

  /** A sample whose labels come from this program. */
  put(name: MetricName, sample: Sample): void {
    const family = this.#families.get(name);
    if (family === undefined) this.#families.set(name, [sample]);
    else family.push(sample);
  }

  of(name: MetricName): readonly Sample[] {
    return this.#families.get(name) ?? [];
  }
}
