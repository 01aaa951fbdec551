/** `api`: what readers of the API cost the daemon. */

import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryEntry } from '../../src/core/model/events.ts';
import { snapshot } from '../../src/core/report/snapshot.ts';
import type { ClusterApi } from '../../src/http/cluster-api.ts';
import { startApi } from '../../src/http/server.ts';
import { apiSocketPath } from '../../src/http/unix-socket.ts';
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
  title: 'readers of the API',
  about:
    'The HTTP server on its unix socket, with 1,000 clusters of four servers at rest in the real core, and 500 listeners of `GET /v1/events`. The clients are in the same process, so the times are too long rather than too short. The longest pause of the event loop, in CPU time, is what a failover would wait for the reader.',
  async run(run) {
    const size = sizes[run.scale];
    const folder = await mkdtemp(join(tmpdir(), 'source-dns-api-'));
    const socketPath = apiSocketPath(folder);
    const started = await startApi({
      socketPath,
      onBug: (error) => {
        throw error;
      },
    });
    if (started.kind === 'failed') throw new Error(started.failure.message);
    const { server } = started;
    server.serve(daemonOf(size.clusters));
    const listeners: Listener[] = [];
    try {
      const alone = await readings(socketPath, size.rounds);
      for (let count = 0; count < size.listeners; count += 1) listeners.push(await listen(socketPath));
      run.say(`${listeners.length} listeners`);
      const together = await readings(socketPath, size.rounds);
      const told = await tellings(size.events, listeners, (entry) => server.tell(entry));
      return figures(size, { alone, together, told });
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
  readonly told: readonly { readonly ms: number; readonly cpuMs: number }[];
}

function figures(
  { clusters, listeners }: typeof sizes.full,
  { alone, together, told }: Found,
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
    {
      what: `an event, until ${listeners} listeners have it, median`,
      value: median(told.map(({ ms }) => ms)),
      unit: 'ms',
    },
    { what: 'CPU for it, clients included', value: median(told.map(({ cpuMs }) => cpuMs)), unit: 'ms' },
  ];
}

async function readings(socketPath: string, rounds: number): Promise<readonly Reading[]> {
  const all: Reading[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const pauses = watchPauses();
    const begun = performance.now();
    const answer = await exchange(socketPath);
    all.push({ ms: performance.now() - begun, pauseMs: pauses.longestMs(), bytes: answer });
  }
  return all.slice(Math.min(3, rounds - 1));
}

/** How many bytes the answer has. To read the JSON would be a pause of the client. */
function exchange(socketPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let bytes = 0;
    socket.on('data', (piece) => {
      bytes += piece.length;
    });
    socket.on('error', reject).on('close', () => resolve(bytes));
    socket.write('GET /v1/clusters HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
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
