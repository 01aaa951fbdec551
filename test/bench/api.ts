/** `api`: what readers of the API and viewers of the status page cost the daemon. */

import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HistoryEntry } from '../../src/core/model/events.ts';
import { snapshot } from '../../src/core/report/snapshot.ts';
import type { ClusterApi } from '../../src/http/cluster-api.ts';
import { startApi } from '../../src/http/server.ts';
import { apiSocketPath } from '../../src/http/unix-socket.ts';
import { assetsOf } from '../../src/page/assets.ts';
import { statusPage } from '../../src/page/plugin.ts';
import { at, gtids } from '../support/given.ts';
import { clusterName } from '../support/many-clusters.ts';
import { rehearse } from '../support/rehearsal.ts';
import { type Benchmark, type Figure, median } from './harness/benchmark.ts';
import { watchPauses } from './harness/pauses.ts';

const sizes = {
  full: { clusters: 1000, listeners: 500, rounds: 10, events: 50 },
  smoke: { clusters: 3, listeners: 5, rounds: 2, events: 2 },
};

export const api: Benchmark = {
  name: 'api',
  title: 'readers of the API and of the page',
  about:
    'The HTTP server on its unix socket, with 1,000 clusters of four servers at rest in the real core, and 500 listeners of `GET /v1/events`, which then are 500 windows with the overview of the status page: after an event each asks for its new part, and one for which no connection is left asks again within a second, as the page does. The clients are in the same process, so the times are too long rather than too short. The longest pause of the event loop, in CPU time, is what a failover would wait for the reader.',
  async run(run) {
    const size = sizes[run.scale];
    const folder = await mkdtemp(join(tmpdir(), 'source-dns-api-'));
    const socketPath = apiSocketPath(folder);
    const started = await startApi({
      socketPath,
      plugins: [statusPage(async () => assetsOf([]))],
      onBug: (error) => {
        throw error;
      },
    });
    if (started.kind === 'failed') throw new Error(started.failure.message);
    const { server } = started;
    server.serve(daemonOf(size.clusters));
    const listeners: Listener[] = [];
    try {
      const alone = await readings(socketPath, '/v1/clusters', size.rounds);
      const page = await readings(socketPath, '/', size.rounds);
      for (let count = 0; count < size.listeners; count += 1) listeners.push(await listen(socketPath));
      run.say(`${listeners.length} listeners`);
      const together = await readings(socketPath, '/v1/clusters', size.rounds);
      const pageTogether = await readings(socketPath, '/', size.rounds);
      const told = await tellings(size.events, listeners, (entry) => server.tell(entry));
      const viewed = await viewings(socketPath, size);
      return figures(size, { alone, together, page, pageTogether, told, viewed });
    } finally {
      for (const { socket } of listeners) socket.destroy();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Reading {
  readonly ms: number;
  readonly pauseMs: number;
  readonly bytes: number;
}

interface Found {
  readonly alone: readonly Reading[];
  readonly together: readonly Reading[];
  readonly page: readonly Reading[];
  readonly pageTogether: readonly Reading[];
  readonly told: readonly { readonly ms: number; readonly cpuMs: number }[];
  /** Until every viewer has the part. */
  readonly viewed: readonly Reading[];
}

function figures(
  { clusters, listeners }: typeof sizes.full,
  { alone, together, page, pageTogether, told, viewed }: Found,
): readonly Figure[] {
  const about = (what: string, readings: readonly Reading[]): readonly Figure[] => [
    { what: `${what}: answer, median`, value: median(readings.map(({ ms }) => ms)), unit: 'ms' },
    {
      what: `${what}: longest pause of the event loop, median`,
      value: median(readings.map(({ pauseMs }) => pauseMs)),
      unit: 'ms',
      ...(clusters >= 1000 && { target: { atMost: 20 } }),
    },
  ];
  return [
    ...about(`GET /v1/clusters, ${clusters} clusters`, alone),
    ...about(`the same beside ${listeners} listeners`, together),
    { what: 'its size', value: (alone[0]?.bytes ?? 0) / 1000, unit: 'KB' },
    ...about('GET / (the status page)', page),
    ...about(`the page beside ${listeners} listeners`, pageTogether),
    { what: 'its size', value: (page[0]?.bytes ?? 0) / 1000, unit: 'KB' },
    {
      what: `an event, until ${listeners} listeners have it, median`,
      value: median(told.map(({ ms }) => ms)),
      unit: 'ms',
    },
    { what: 'CPU for it, clients included', value: median(told.map(({ cpuMs }) => cpuMs)), unit: 'ms' },
    ...about(`${listeners} viewers, until each has the new part`, viewed),
  ];
}

function readings(socketPath: string, path: string, rounds: number): Promise<readonly Reading[]> {
  return measured(rounds, async () => (await exchange(socketPath, path)).bytes);
}

/** All viewers look at once. */
function viewings(socketPath: string, { listeners, rounds }: typeof sizes.full): Promise<readonly Reading[]> {
  const view = async (): Promise<number> => {
    for (;;) {
      const { bytes, isBusy } = await exchange(socketPath, '/?part');
      if (!isBusy) return bytes;
      await delay(600 + 400 * Math.random());
    }
  };
  return measured(Math.min(5, rounds), async () => {
    const sizesOfParts = await Promise.all(Array.from({ length: listeners }, view));
    return sizesOfParts[0] ?? 0;
  });
}

/** The first rounds are for the compiler. */
async function measured(rounds: number, ask: () => Promise<number>): Promise<readonly Reading[]> {
  const all: Reading[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pauses = watchPauses();
    const begun = performance.now();
    const bytes = await ask();
    all.push({ ms: performance.now() - begun, pauseMs: pauses.longestMs(), bytes });
  }
  return all.slice(Math.min(3, rounds - 1));
}

/** How many bytes the answer has. To read the JSON would be a pause of the client. Busy: ask again. */
function exchange(socketPath: string, path: string): Promise<{ bytes: number; isBusy: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let bytes = 0;
    let isBusy = true;
    socket.on('data', (piece) => {
      if (bytes === 0) isBusy = !piece.toString('latin1').startsWith('HTTP/1.1 200');
      bytes += piece.length;
    });
    // Closed before it is read, for another one, too.
    socket.on('error', () => {}).on('close', () => resolve({ bytes, isBusy }));
    socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  });
}

interface Listener {
  readonly socket: Socket;
  /** Resolves with the next data. */
  next(): Promise<void>;
}

async function listen(socketPath: string): Promise<Listener> {
  const socket = connect(socketPath);
  const next = (): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.once('data', () => resolve());
      socket.once('close', () => reject(new Error('a listener was closed')));
    });
  const greeted = next();
  socket.write('GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await greeted;
  return { socket, next };
}

async function tellings(
  events: number,
  listeners: readonly Listener[],
  tell: (entry: HistoryEntry) => void,
): Promise<Found['told']> {
  const told: Found['told'][number][] = [];
  for (const { socket } of listeners) socket.setMaxListeners(events + 10);
  for (let count = 0; count < events; count += 1) {
    const heard = Promise.all(listeners.map((listener) => listener.next()));
    const [begun, before] = [performance.now(), process.cpuUsage()];
    tell({
      at: '2026-11-22T11:30:00.123Z',
      cluster: clusterName(0),
      nameserver: 'ns1',
      kind: 'alarm',
      raised: true,
      alarm: { code: 'server-unknown', subject: `db${count}`, sentence: 'It does not answer.' },
    });
    await heard;
    const { user, system } = process.cpuUsage(before);
    told.push({ ms: performance.now() - begun, cpuMs: (user + system) / 1000 });
  }
  return told;
}

/** The state of one cluster stands for all, under their own names; each snapshot is made anew. */
function daemonOf(clusters: number): ClusterApi {
  const cluster = rehearse(4, (index) => ({ gtidExecuted: gtids(`db1:1-${100 - index}`) }));
  cluster.play(8000);
  const names = Array.from({ length: clusters }, (_, index) => clusterName(index));
  return {
    clusters: () => names,
    snapshot: (name) => ({ ...snapshot(cluster.state, at(cluster.nowMs + 300)), cluster: name }),
    advice: () => undefined,
    history: () => [],
    known: () => [],
    note: () => {},
    command: () => undefined,
  };
}
