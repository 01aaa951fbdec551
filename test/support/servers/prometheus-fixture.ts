/** A real Prometheus that scrapes one source-dns, with the rules of the package. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { launch } from '../../../src/lab/host/processes.ts';
import { until } from '../../../src/lab/host/until.ts';
import { root } from '../checkout.ts';
import type { PrometheusPrograms } from './prometheus-programs.ts';

export interface Prometheus {
  /** The result of an instant query. Rejects if Prometheus does not understand the query. */
  query(promql: string): Promise<readonly QueryResult[]>;
  /** Those that fire. */
  firing(): Promise<readonly FiringAlert[]>;
  /** What Prometheus says of its last scrape of source-dns; empty: nothing is wrong. */
  scrapeError(): Promise<string>;
  stop(): Promise<void>;
}

interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const startMs = 60_000;

/** The waits of the rules are a second here, and each scrape half of one. */
export async function startPrometheus(
  { prometheus }: PrometheusPrograms,
  folder: string,
  target: string,
): Promise<Prometheus> {
  const rules = await readFile(join(root, 'monitoring', 'alert-rules.yaml'), 'utf8');
  const config = join(folder, 'prometheus.yml');
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'rules.yaml'), rules.replace(/\bfor: \d+[smhd]/g, 'for: 1s'));
  const shipped = await readFile(join(root, 'monitoring', 'prometheus.yaml'), 'utf8');
  await writeFile(
    config,
    `global: { evaluation_interval: 500ms }\n${shipped
      .replace('127.0.0.1:8053', target)
      .replace('scrape_interval: 5s', 'scrape_interval: 500ms\n    scrape_timeout: 500ms')
      .replace('alert-rules.yaml', join(folder, 'rules.yaml'))}`,
  );
  const port = await findFreePort(['127.0.0.1']);
  const options = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const server = launch('prometheus', prometheus, options, { cwd: folder, logFile: join(folder, 'log') });
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  };
  const answers = () =>
    get('targets').then(
      () => true,
      () => {
        if (!server.running) throw new Error(`Prometheus ended: ${server.log.tail()}`);
        return false;
      },
    );
  await until('Prometheus to answer', answers, startMs);
  return {
    async query(promql) {
      return ((await get(`query?query=${encodeURIComponent(promql)}`)) as { result: QueryResult[] }).result;
    },
    async firing() {
      const { alerts } = (await get('alerts')) as { alerts: (FiringAlert & { state: string })[] };
      return alerts.filter(({ state }) => state === 'firing');
    },
    async scrapeError() {
      const { activeTargets } = (await get('targets')) as {
        activeTargets: { health: string; lastError: string }[];
      };
      return activeTargets.map(({ lastError }) => lastError).join('; ');
    },
    stop: async () => {
      await server.stop(10_000);
    },
  };
}
