/** The benchmark `fence`: how long a former source that lives, or returns, takes writes. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { executedOf } from '../../src/lab/dba/dba.ts';
import { until } from '../../src/lab/host/until.ts';
import type { LabServer } from '../../src/lab/servers/cluster.ts';
import { Observer } from '../../src/lab/stage/observer.ts';
import {
  type FencedCluster,
  type FenceStage,
  startFenceStage,
  startWriter,
  type Writer,
} from '../support/fence-stage.ts';
import { type Benchmark, type Figure, median, percentile } from './harness/benchmark.ts';

interface Scale {
  readonly rounds: number;
  readonly writers: number;
  readonly returning: number;
}
const full: Scale = { rounds: 12, writers: 20, returning: 50 };
const smoke: Scale = { rounds: 1, writers: 2, returning: 3 };

const answerMs = 20_000;
/** A server that was killed accepts connections again. */
const startMs = 60_000;
/** After the fence. A writer that is not over by then was spared. */
const endMs = 2000;
const name = 'shop';
const program = [process.execPath, join(import.meta.dirname, '..', '..', 'src', 'main.js')];

/** Of one round, in milliseconds. */
interface Round {
  readonly writableMs: number;
  readonly wrote: boolean;
  readonly writers: number;
  /** How many of them the server ended, or refused. */
  readonly over: number;
}

export const fence: Benchmark = {
  name: 'fence',
  title: 'How long a former source takes writes',
  about: `Two real MySQL servers, a real BIND, one daemon with \`fence\`. First the replica is promoted while
the source lives, takes writes and has clients that know nothing of DNS; an operator gives \`follow\`. The
time runs from the first authoritative answer with the new address to the last write that the old source
acknowledges; it is below zero where that came first. Then the source gets SIGKILL, the name moves, and the
server starts again, writable, with clients that wait for it. The time runs from its first acknowledged write
to its last one.`,
  async run({ scale, say }) {
    const size = scale === 'smoke' ? smoke : full;
    const folder = await mkdtemp(join(tmpdir(), 'sd-bench-'));
    const stage = await startFenceStage({
      program,
      folder,
      replicas: { [name]: 1 },
      fenced: true,
      progress: say,
    });
    try {
      const pair = new Pair(stage, size);
      await pair.start();
      const alive: Round[] = [];
      const returned: Round[] = [];
      for (let round = 1; round <= size.rounds; round += 1) {
        alive.push(await pair.leaveAlive());
        returned.push(await pair.crash());
        say(`round ${round} of ${size.rounds}`);
      }
      await pair.stop();
      return [
        ...figuresOf('alive: from the answer to its last write', alive, 150),
        ...figuresOf('returned: from its first write to its last one', returned, 1500),
        {
          what: 'returned: rounds in which it took a write at all',
          value: (100 * returned.filter(({ wrote }) => wrote).length) / returned.length,
          unit: '%',
        },
      ];
    } finally {
      await stage.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

function figuresOf(what: string, rounds: readonly Round[], atMost: number): readonly Figure[] {
  const times = rounds.map(({ writableMs }) => writableMs);
  const sum = (key: 'writers' | 'over') => rounds.reduce((all, round) => all + round[key], 0);
  return [
    { what: `${what}, median`, value: median(times), unit: 'ms', target: { atMost } },
    { what: `${what}, worst`, value: percentile(times, 1), unit: 'ms' },
    {
      what: `${what}: clients that were cut or refused`,
      value: (100 * sum('over')) / sum('writers'),
      unit: '%',
      target: { atLeast: 100 },
    },
  ];
}

/** The two servers take turns. */
class Pair {
  readonly #stage: FenceStage;
  readonly #size: Scale;
  readonly #cluster: FencedCluster;
  readonly #observer: Observer;
  #source: LabServer;
  #replica: LabServer;

  constructor(stage: FenceStage, size: Scale) {
    const [cluster] = stage.clusters;
    if (cluster === undefined) throw new Error('a stage without a cluster');
    this.#stage = stage;
    this.#size = size;
    this.#cluster = cluster;
    this.#observer = new Observer(stage.bind.primary, `source.${name}.${stage.bind.zone}`);
    [this.#source, this.#replica] = [cluster.at(0), cluster.at(1)];
  }

  start(): Promise<void> {
    return this.#observer.start();
  }

  stop(): Promise<void> {
    return this.#observer.stop();
  }

  /** The source lives on, and its clients write. */
  async leaveAlive(): Promise<Round> {
    const connections = await Promise.all(
      Array.from({ length: this.#size.writers }, () => this.#cluster.connect(this.#source)),
    );
    const writers = connections.map(startWriter);
    await until('writes', () => writers.every((writer) => writer.count() > 0));
    await this.#cluster.promote(this.#replica);
    const answered = this.#observer.answers(this.#replica.mysqld.address, answerMs);
    await this.#stage.follow(name, this.#replica.server);
    const answeredAt = await answered;
    const over = await this.#closed(writers);
    await this.#exchange();
    const lastAt = Math.max(...writers.map((writer) => writer.lastAt()));
    return { writableMs: lastAt - answeredAt, wrote: true, writers: writers.length, over };
  }

  /** The source crashes, and returns writable. */
  async crash(): Promise<Round> {
    await this.#source.mysqld.kill9();
    await this.#cluster.promote(this.#replica);
    await this.#stage.published(name, this.#replica.server);
    const end = performance.now() + startMs;
    const client = async (): Promise<Writer> => {
      for (;;) {
        const connection = await this.#cluster.connect(this.#source).catch((error: unknown) => {
          if (performance.now() > end) throw error;
        });
        if (connection !== undefined) return startWriter(connection);
        await delay(1);
      }
    };
    // Its configuration closes the second server of the stage.
    const [writers] = await Promise.all([
      Promise.all(Array.from({ length: this.#size.returning }, client)),
      this.#source.mysqld.start(['--super-read-only=OFF', '--read-only=OFF']),
    ]);
    const over = await this.#closed(writers);
    await this.#exchange();
    const times = writers.filter((writer) => writer.count() > 0);
    const first = Math.min(...times.map((writer) => writer.firstAt()));
    const last = Math.max(...times.map((writer) => writer.lastAt()));
    const wrote = times.length > 0;
    return { writableMs: wrote ? last - first : 0, wrote, writers: writers.length, over };
  }

  /** Resolves when the old source is closed, with the number of writers that have ended soon after. */
  async #closed(writers: readonly Writer[]): Promise<number> {
    await until('the fence', () => this.#cluster.isClosed(this.#source));
    const end = delay(endMs, 0, { ref: false });
    const ended = await Promise.all(writers.map(({ over }) => Promise.race([over.then(() => 1), end])));
    return ended.reduce((all, one) => all + one, 0);
  }

  /** The old source becomes a replica. It forgets the transactions that the new one lacks. */
  async #exchange(): Promise<void> {
    const [old, next] = [this.#source, this.#replica];
    await old.mysqld.sql(
      'SET GLOBAL super_read_only = OFF',
      'RESET BINARY LOGS AND GTIDS',
      `SET GLOBAL gtid_purged = '${await executedOf(next)}'`,
      'SET GLOBAL super_read_only = ON',
    );
    await this.#cluster.follow(old, next);
    await next.mysqld.sql('INSERT INTO shop.orders (at) VALUES (0)');
    await until('the old source to have rejoined', async () => {
      const { ledger, servers } = await this.#stage.snapshot(name);
      return (
        ledger?.source === next.server &&
        ledger.was.length === 0 &&
        servers.every(({ server, role }) => role === (server === next.server ? 'source' : 'replica'))
      );
    });
    [this.#source, this.#replica] = [next, old];
  }
}
