/** Real servers, BIND and source-dns, to see what a fence does: for its tests and its benchmark. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import type { HistoryEntry } from '../../src/core/model/events.ts';
import type { Snapshot } from '../../src/core/report/snapshot-types.ts';
import { askDaemon } from '../../src/http/client.ts';
import { executed, executedOf, replicateFrom, replicating } from '../../src/lab/dba/dba.ts';
import { launch, type ServerProcess } from '../../src/lab/host/processes.ts';
import { until } from '../../src/lab/host/until.ts';
import { provideBind } from '../../src/lab/programs/bind-programs.ts';
import type { Progress } from '../../src/lab/programs/programs.ts';
import { type BindPair, startBindPair } from '../../src/lab/servers/bind.ts';
import { type Cluster, type LabServer, startCluster } from '../../src/lab/servers/cluster.ts';
import { type Product, provideProduct } from '../../src/lab/servers/products.ts';
import { accountName } from '../../src/mysql/answer/grants.ts';
import { fenceAccountStatements, fenceSetOf } from '../../src/mysql/flavour/fence-set.ts';
import { readTraits } from '../../src/mysql/flavour/flavour.ts';

const reloadMs = 20_000;
const fenceUser = 'source_dns_fence';

/** Servers that begin as a source and its replicas, with the account that fences. */
export class FencedCluster {
  readonly name: string;
  readonly cluster: Cluster;

  private constructor(name: string, cluster: Cluster) {
    this.name = name;
    this.cluster = cluster;
  }

  static async start(name: string, product: Product, folder: string, replicas = 1): Promise<FencedCluster> {
    const plan = {
      product: 'MySQL',
      names: ['a', 'b', 'c'].slice(0, replicas + 1).map((each) => `${name} ${each}`),
      readOnly: (index: number) => index > 0,
      options: () => ['--innodb-buffer-pool-size=16M', '--max-connections=200', '--log-output=TABLE'],
    } as const;
    const made = new FencedCluster(name, await startCluster(plan, product, join(folder, name)));
    const set = fenceSetOf(readTraits([{ Variable_name: 'version', Value: product.version }]));
    if (typeof set === 'string') throw new Error(set);
    await made.all[0].mysqld.sql(
      ...fenceAccountStatements(accountName(fenceUser, '127.0.0.%'), set).map((sql) =>
        sql.replace('<password>', made.cluster.accounts.watcher),
      ),
      'CREATE DATABASE IF NOT EXISTS shop',
      // Without a key: servers that were separated for a moment can follow each other again.
      'CREATE TABLE shop.orders (at DOUBLE)',
    );
    for (const replica of made.all.slice(1)) await made.follow(replica, made.all[0]);
    return made;
  }

  get all(): Cluster['all'] {
    return this.cluster.all;
  }

  at(index: number): LabServer {
    const server = this.all[index];
    if (server === undefined) throw new Error(`no server ${index}`);
    return server;
  }

  /** Resolves when the replica has everything. */
  async follow(replica: LabServer, source: LabServer): Promise<void> {
    await replicateFrom(replica, source, this.cluster.accounts);
    await replicating([replica]);
    await executed(replica, await executedOf(source));
  }

  /** The old source stays as it is. */
  async promote({ mysqld }: LabServer): Promise<void> {
    await mysqld.sql('STOP REPLICA', 'RESET REPLICA ALL', 'SET GLOBAL read_only = OFF');
  }

  connect({ mysqld }: LabServer): Promise<Connection> {
    const { address: host, port } = mysqld;
    return createConnection({ host, port, user: 'web', password: this.cluster.accounts.web });
  }

  async isClosed({ mysqld }: LabServer): Promise<boolean> {
    const [row] = await mysqld.sql('SELECT @@global.super_read_only AS closed');
    return Number(row?.['closed']) === 1;
  }
}

/** A client that knows nothing of DNS: it writes to one server until that ends its connection. */
export interface Writer {
  /** When the server acknowledged the first write, and the last one so far (performance.now). */
  firstAt(): number;
  lastAt(): number;
  /** How many writes were acknowledged. */
  count(): number;
  /** Resolves when the connection has ended, or the server refuses the writes. */
  readonly over: Promise<void>;
}

export function startWriter(connection: Connection): Writer {
  let [firstAt, lastAt, count] = [0, 0, 0];
  const write = async (): Promise<void> => {
    for (;;) {
      await connection.query('INSERT INTO shop.orders (at) VALUES (?)', [performance.now()]);
      lastAt = performance.now();
      if (count === 0) firstAt = lastAt;
      count += 1;
      await delay(1);
    }
  };
  const over = write().catch(() => connection.destroy());
  return { firstAt: () => firstAt, lastAt: () => lastAt, count: () => count, over };
}

export interface FenceStage {
  readonly clusters: readonly FencedCluster[];
  readonly bind: BindPair;
  /** Writes the configuration with or without `fence`, and reloads it. Resolves when it is in force. */
  configure(fenced: boolean): Promise<void>;
  snapshot(cluster: string): Promise<Snapshot>;
  history(cluster: string): Promise<readonly HistoryEntry[]>;
  /** As `source-dns follow`. Rejects if that is refused. */
  follow(cluster: string, server: string): Promise<void>;
  /** Resolves when this server is published, everywhere. */
  published(cluster: string, server: string): Promise<void>;
  /** A new process of the daemon. Resolves when the API answers. */
  restart(): Promise<void>;
  /** The daemon stands still meanwhile. */
  standingStill(work: () => Promise<void>): Promise<void>;
  readonly logFile: string;
  stop(): Promise<void>;
}

interface StageOptions {
  /** node and the entry file of source-dns. */
  readonly program: readonly string[];
  /** A new folder. The caller removes it. */
  readonly folder: string;
  /** By the name of the cluster. */
  readonly replicas: Readonly<Record<string, number>>;
  readonly fenced: boolean;
  readonly progress: Progress;
}

/** Resolves when every name is published. */
export async function startFenceStage(options: StageOptions): Promise<FenceStage> {
  const { folder, fenced, progress } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closers.reverse()) await close();
  };
  try {
    const product = await provideProduct('MySQL', [], progress);
    const names = Object.keys(options.replicas);
    const bind = await startBindPair(await provideBind(progress), {
      folder: join(folder, 'bind'),
      clusters: names,
    });
    closers.push(bind.stop);
    const starts = await Promise.allSettled(
      names.map(async (name) => {
        const started = await FencedCluster.start(name, product, folder, options.replicas[name]);
        closers.push(started.cluster.kill9);
        return started;
      }),
    );
    const clusters = starts.map((start) => {
      if (start.status === 'rejected') throw start.reason;
      return start.value;
    });
    const stage = await startDaemon({ ...options, bind, clusters }, closers);
    await stage.configure(fenced);
    for (const { name, all } of clusters) await stage.published(name, all[0].server);
    return { ...stage, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Parts = StageOptions & { readonly bind: BindPair; readonly clusters: readonly FencedCluster[] };

async function startDaemon(parts: Parts, closers: (() => Promise<unknown>)[]): Promise<FenceStage> {
  const { folder, clusters, bind } = parts;
  const stateDir = join(folder, 'state');
  const file = join(folder, 'source-dns.yaml');
  const socket = join(stateDir, 'api.sock');
  await mkdir(stateDir, { recursive: true, mode: 0o750 });
  let daemon: ServerProcess | undefined;
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> => {
    const result = await askDaemon(socket, {
      method,
      path,
      timeoutMs: 10_000,
      ...(body !== undefined && { body }),
    });
    if (result.kind === 'document') return result.body;
    throw new Error(`${path}: ${JSON.stringify(result)}\n${daemon?.log.tail()}`);
  };
  const snapshot = async (name: string) => (await ask('GET', `/v1/clusters/${name}`)) as Snapshot;
  const start = async (): Promise<void> => {
    const [command = '', ...first] = parts.program;
    const process = launch('source-dns run', command, [...first, '--config', file, 'run'], {
      cwd: folder,
      logFile: join(folder, 'source-dns.log'),
      through: [],
    });
    daemon = process;
    closers.push(() => process.stop(10_000));
    await until('source-dns to answer', () =>
      ask('GET', '/v1/clusters').then(
        () => true,
        () => false,
      ),
    );
  };
  return {
    clusters,
    bind,
    configure: async (fenced) => {
      await writeConfiguration(parts, { file, stateDir, fenced });
      if (daemon === undefined) return await start();
      const reloaded = daemon.awaitLine(/reloaded/, reloadMs);
      daemon.signal('SIGHUP');
      await reloaded;
    },
    snapshot,
    history: async (name) =>
      ((await ask('GET', `/v1/clusters/${name}/history`)) as { entries: readonly HistoryEntry[] }).entries,
    follow: async (name, server) => {
      await ask('POST', `/v1/clusters/${name}/follow`, { server });
    },
    published: (name, server) =>
      until(`${server} to be published`, async () => {
        const { ledger, publications } = await snapshot(name);
        return ledger?.source === server && publications[0]?.propagation?.complete === true;
      }),
    restart: async () => {
      await daemon?.stop(10_000);
      await start();
    },
    standingStill: async (work) => {
      await daemon?.suspend();
      try {
        await work();
      } finally {
        daemon?.signal('SIGCONT');
      }
    },
    logFile: join(folder, 'source-dns.log'),
    stop: async () => {},
  };
}

async function writeConfiguration(
  { folder, clusters, bind: { primary, secondary, zone, keyFile } }: Parts,
  { file, stateDir, fenced }: { readonly file: string; readonly stateDir: string; readonly fenced: boolean },
): Promise<void> {
  const texts: string[] = [];
  for (const { name, cluster, all } of clusters) {
    const password = join(folder, `${name}.password`);
    await writeFile(password, `${cluster.accounts.watcher}\n`, { mode: 0o600 });
    texts.push(`  ${name}:
    servers: [${all.map(({ server }) => `"${server}"`).join(', ')}]
    mysql: { user: source_dns, password_file: ${password} }
    publish:
      nameserver: ns1
      zone: ${zone}.
      source: { name: source.${name}.${zone}., ttl: 1 }
    watch: { settle: 1s, max_moves: 100, max_moves_window: 1s }
    allow_loopback: true
${fenced ? `    fence: { user: ${fenceUser}, password_file: ${password}, spare: [backup] }\n` : ''}`);
  }
  await writeFile(
    file,
    `instance: stage
state_dir: ${stateDir}
clusters:
${texts.join('')}nameservers:
  ns1:
    address: ${primary.address}
    port: ${primary.port}
    key_file: ${keyFile}
    verify: ["${primary.address}:${primary.port}", "${secondary.address}:${secondary.port}"]
`,
  );
}
