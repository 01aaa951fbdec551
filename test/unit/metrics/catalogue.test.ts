/** The names of metrics: docs, dashboard and alert rules know the same ones as the program. */

import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { catalogue, type MetricName } from '../../../src/metrics/catalogue.ts';
import { textOfFile } from '../../support/checkout.ts';

const names = Object.keys(catalogue) as MetricName[];
/** The names of a histogram's parts in a scrape, or the name itself. */
const seriesOf = (name: MetricName): readonly string[] =>
  catalogue[name].type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
const series = new Set(names.flatMap((name) => seriesOf(name)));
const namesIn = (file: string): readonly string[] => [
  ...new Set(textOfFile(file).match(/\b(?:source_dns|process)_[a-z_]+\b/g)),
];

test('docs/METRICS.md has exactly these rows', () => {
  const rows = names.map((name) => {
    const { type, help, labels } = catalogue[name];
    return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
  });
  const found = textOfFile('docs/METRICS.md').match(/^\| `[a-z_]+` \|.*$/gm);
  expect(found).toEqual(rows);
});

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly labels: { readonly severity: string } }[];
  }[];
}

test('docs/METRICS.md has every alert, with its severity', () => {
  const { groups } = parse(textOfFile('monitoring/alert-rules.yaml')) as Rules;
  const alerts = groups.flatMap(({ rules }) =>
    rules.map(({ alert, labels }) => `${alert} ${labels.severity}`),
  );
  const rows = textOfFile('docs/METRICS.md').matchAll(/^\| `(SourceDns\w+)` \| .* \| (\w+) \|$/gm);
  expect([...rows].map(([, alert, severity]) => `${alert} ${severity}`)).toEqual(alerts);
});

test('names follow the conventions of Prometheus: base units, and _total for counters alone', () => {
  const durations = names.filter((name) => /duration|delay|lateness|age|lag|propagation|busy/.test(name));
  expect(durations.filter((name) => !/_seconds(?:_total)?$/.test(name))).toEqual([]);
  expect(names.filter((name) => name.endsWith('_total') !== (catalogue[name].type === 'counter'))).toEqual(
    [],
  );
  expect(names.filter((name) => /milli|_ms\b|_percent/.test(name))).toEqual([]);
  // Prometheus gives these to each target itself.
  const labels = names.flatMap((name): readonly string[] => catalogue[name].labels);
  expect(labels.filter((label) => label === 'job' || label === 'instance' || label === 'le')).toEqual([]);
});

const files = ['monitoring/alert-rules.yaml', 'monitoring/grafana-dashboard.json'];

test.each(files)('%s asks for metrics that exist, and no others', (file) => {
  const asked = namesIn(file);
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter((name) => !series.has(name))).toEqual([]);
});

test('dashboard or alert rules use every metric: the others would be series for nobody', () => {
  const used = files.flatMap(namesIn);
  const unused = names.filter((name) => !seriesOf(name).some((one) => used.includes(one)));
  expect(unused).toEqual([]);
});

test('an average of the dashboard is absent where nothing was counted: NaN would be shown as a value', () => {
  const quotients = [...textOfFile('monitoring/grafana-dashboard.json').matchAll(/"expr": "(.* \/ .*)"/g)];
  expect(quotients.length).toBeGreaterThan(0);
  for (const [, expr] of quotients) expect(expr).toMatch(/ \/ \(sum\(increase\(\w+_count\{.*\) > 0\)$/);
});
