/** `source-dns run` as a process, over some pairs; it writes down each of its steps. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { askDaemon } from '../../../src/http/client.ts';
import { launch } from '../../../src/lab/host/processes.ts';
import { until } from '../../../src/lab/host/until.ts';
import type { BindPair } from '../../../src/lab/servers/bind.ts';
import type { Cluster } from '../../../src/lab/servers/cluster.ts';
import type { TracedStep } from './trace-steps.ts';

interface WatchedPair {
  readonly name: string;
  readonly cluster: Cluster;
  readonly servers: readonly string[];
}

export interface TracedDaemon {
  snapshot(cluster: string): Promise<Snapshot>;
  history(cluster: string): Promise<readonly HistoryEntry[]>;
  /** Every step of a cluster so far. */
  steps(cluster: string): Promise<readonly TracedStep[]>;
  stop(): Promise<void>;
}

/** The compiled program has `src/` beside `test/`. */
const compiled = join(import.meta.dirname, '..', '..', '..');
const stopMs = 10_000;

/** Resolves when it answers on its socket. The folder must not exist. */
export async function startTracedDaemon(
  folder: string,
  pairs: readonly WatchedPair[],
  bind: BindPair,
): Promise<TracedDaemon> {
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { recursive: true, mode: 0o750 });
  const clusters = await Promise.all(pairs.map((pair) => clusterText(folder, pair, bind)));
  const config = join(folder, 'source-dns.yaml');
  await writeFile(
    config,
    `instance: bench\nstate_dir: ${stateDir}\nclusters:\n${clusters.join('')}${nameserverText(bind)}`,
  );
  const traceFile = join(folder, 'steps.jsonl');
  const daemon = launch(
    'source-dns run',
    process.execPath,
    [
      '--import',
      join(import.meta.dirname, 'trace-steps.js'),
      join(compiled, 'src', 'main.js'),
      '--config',
      config,
      'run',
    ],
    { cwd: folder, logFile: join(folder, 'source-dns.log'), through: ['env', `TRACE_FILE=${traceFile}`] },
  );
  const get = async (path: string): Promise<unknown> => {
    const result = await askDaemon(join(stateDir, 'api.sock'), { method: 'GET', path, timeoutMs: 5000 });
    if (result.kind === 'document') return result.body;
    throw new Error(`source-dns did not answer ${path}: ${JSON.stringify(result)}\n${daemon.log.tail()}`);
  };
  await until('source-dns to answer on its socket', () =>
    get('/v1/clusters').then(
      () => true,
      (error: unknown) => {
        if (!daemon.running) throw error;
        return false;
      },
    ),
  );
  return {
    snapshot: async (cluster) => (await get(`/v1/clusters/${cluster}`)) as Snapshot,
    history: async (cluster) =>
      ((await get(`/v1/clusters/${cluster}/history`)) as { entries: readonly HistoryEntry[] }).entries,
    steps: async (cluster) =>
      (await readFile(traceFile, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as TracedStep)
        .filter((step) => step.cluster === cluster),
    stop: async () => {
      await daemon.stop(stopMs);
    },
  };
}

async function clusterText(
  folder: string,
  { name, cluster, servers }: WatchedPair,
  bind: BindPair,
): Promise<string> {
  const passwordFile = join(folder, `${name}.password`);
  await writeFile(passwordFile, `${cluster.accounts.watcher}\n`, { mode: 0o600 });
  return `  ${name}:
    servers: [${servers.map((server) => `"${server}"`).join(', ')}]
    mysql: { user: source_dns, password_file: ${passwordFile} }
    publish:
      nameserver: ns1
      zone: ${bind.zone}.
      source: { name: source.${name}.${bind.zone}., ttl: 1 }
    watch: { max_moves: 100, max_moves_window: 1s }
    allow_loopback: true
`;
}

const nameserverText = ({ primary, secondary, keyFile }: BindPair): string => `nameservers:
  ns1:
    address: ${primary.address}
    port: ${primary.port}
    key_file: ${keyFile}
    verify: ["${primary.address}:${primary.port}", "${secondary.address}:${secondary.port}"]
`;
