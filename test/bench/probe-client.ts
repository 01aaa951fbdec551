/**
 * The client of the benchmark `probe`, a process of its own: its CPU and memory are those of its connections and
 * of nothing else. Its argument says what to do, as JSON; it prints what it found, as JSON.
 */

import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2';
import { splitAddress } from '../../src/core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../src/core/model/units.ts';
import { systemClock as clock } from '../../src/daemon/clock.ts';
import { createInFlight } from '../../src/daemon/in-flight.ts';
import type { AskingEffect } from '../../src/daemon/perform.ts';
import { createProber } from '../../src/mysql/probe.ts';

/** `probe`: what the daemon does. `select`: `SELECT 1` of mysql2. `bytes`: its bytes, with no parser. */
export type Subject = 'probe' | 'select' | 'bytes';

export interface ClientOrder {
  readonly subject: Subject;
  readonly tls: boolean;
  readonly servers: readonly ServerAddress[];
  readonly pids: readonly number[];
  readonly user: string;
  readonly password: string;
  /** Memory is the difference of the two, for each connection. */
  readonly few: number;
  readonly many: number;
  readonly perSecond: number;
  /** Not measured: the compiler of V8 is busy for the first thousands of questions. */
  readonly warmSeconds: number;
  readonly seconds: number;
}

export interface ClientFindings {
  readonly asked: number;
  readonly cpuUs: number;
  readonly serverCpuUs: number;
  readonly writes: number;
  readonly rssBytes: number;
  /** JavaScript heap, external memory and array buffers together. */
  readonly heapBytes: number;
}

/** One question; rejects where the answer is not as it should be. */
type Ask = () => Promise<void>;

const order = JSON.parse(process.argv[2] ?? '') as ClientOrder;
/** Opened at once. */
const atOnce = 8;
/** As a tick asks the servers of a cluster: to wake up for each question would cost as much as its bytes. */
const together = 4;
/** A probe may wait so long for the server: the machine may be busy. */
const patienceMs = 10_000;
const settleMs = 300;

const open: Readonly<Record<Subject, (server: ServerAddress) => Promise<Ask>>> = {
  probe: openProbe,
  select: async (server) => {
    const connection = await openBare(server);
    return () =>
      new Promise((resolve, reject) => {
        connection.query('SELECT 1', (error) => (error === null ? resolve() : reject(error)));
      });
  },
  bytes: async (server) => {
    const { stream } = (await openBare(server)) as unknown as { stream: Socket };
    stream.removeAllListeners('data');
    let heard = (): void => undefined;
    stream.on('data', () => heard());
    const sql = Buffer.from('SELECT 1');
    const packet = Buffer.concat([Buffer.of(sql.length + 1, 0, 0, 0, 3), sql]);
    return () =>
      new Promise((resolve) => {
        heard = resolve;
        stream.write(packet);
      });
  },
};

async function openProbe(server: ServerAddress): Promise<Ask> {
  const { user, password } = order;
  const prober = createProber({
    cluster: 'bench',
    servers: [{ address: server }],
    user,
    password,
    tls: order.tls ? 'preferred' : 'disabled',
    connectTimeoutMs: patienceMs,
    queryTimeoutMs: patienceMs,
    clock,
  });
  let ended: (reachable: boolean) => void = () => undefined;
  const inFlight = createInFlight(clock, (event) =>
    ended(event.kind === 'observed' && event.probe.kind === 'reachable'),
  );
  const adapters = { prober, zoneClients: new Map() };
  const ask: Ask = () =>
    new Promise((resolve, reject) => {
      ended = (reachable) => (reachable ? resolve() : reject(new Error(`${server}: no facts`)));
      const deadline = (clock.mono() + patienceMs) as MonoMs;
      inFlight.begin({ kind: 'probe', server, deadline } as AskingEffect, adapters);
    });
  await ask();
  return ask;
}

function openBare(server: ServerAddress): Promise<Connection> {
  const { host, port } = splitAddress(server);
  const { user, password, tls } = order;
  const options = { host, port, user, password, ...(tls && { ssl: { rejectUnauthorized: false } }) };
  return new Promise((resolve, reject) => {
    const connection = createConnection(options);
    connection.connect((error) => (error === null ? resolve(connection) : reject(error)));
  });
}

async function openUntil(asks: Ask[], count: number): Promise<void> {
  while (asks.length < count) {
    const more = Array.from({ length: Math.min(atOnce, count - asks.length) }, (_, index) => {
      const server = order.servers[(asks.length + index) % order.servers.length];
      if (server === undefined) throw new Error('no server');
      return open[order.subject](server);
    });
    asks.push(...(await Promise.all(more)));
  }
}

async function memory(asks: readonly Ask[]): Promise<{ readonly rss: number; readonly heap: number }> {
  for (let round = 0; round < 3; round += 1) for (const ask of asks) await ask();
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await pause(settleMs);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  // `external` contains the array buffers.
  return { rss, heap: heapUsed + external };
}

/** Some idle connections in turn, at an even rate; resolves with the number when all have answered. */
async function paced(asks: readonly Ask[], seconds: number): Promise<number> {
  const idle = [...asks];
  const busy = new Set<Promise<void>>();
  const begin = clock.mono();
  let asked = 0;
  for (let dueMs = 0; dueMs < seconds * 1000; dueMs += (1000 * together) / order.perSecond) {
    await pause(Math.max(0, begin + dueMs - clock.mono()));
    for (const ask of idle.splice(0, together)) {
      asked += 1;
      const answer = ask().finally(() => {
        busy.delete(answer);
        idle.push(ask);
      });
      busy.add(answer);
    }
  }
  await Promise.all(busy);
  return asked;
}

/** Ticks of 10 ms, user and system (proc(5), fields 14 and 15). */
function serverCpuUs(): number {
  const ticks = order.pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 10_000;
}

function countWrites(): () => number {
  let count = 0;
  const { write } = Socket.prototype;
  Socket.prototype.write = function (this: Socket, ...parts: unknown[]) {
    count += 1;
    return Reflect.apply(write, this, parts) as boolean;
  } as typeof write;
  return () => count;
}

async function main(): Promise<ClientFindings> {
  const writes = countWrites();
  const asks: Ask[] = [];
  await openUntil(asks, order.few);
  const before = await memory(asks);
  await openUntil(asks, order.many);
  const after = await memory(asks);
  await paced(asks, order.warmSeconds);
  const [cpuBefore, serverBefore, writesBefore] = [process.cpuUsage(), serverCpuUs(), writes()];
  const asked = await paced(asks, order.seconds);
  const cpu = process.cpuUsage(cpuBefore);
  const more = order.many - order.few;
  return {
    asked,
    cpuUs: cpu.user + cpu.system,
    serverCpuUs: serverCpuUs() - serverBefore,
    writes: writes() - writesBefore,
    rssBytes: (after.rss - before.rss) / more,
    heapBytes: (after.heap - before.heap) / more,
  };
}

const findings = await main();
process.stdout.write(`${JSON.stringify(findings)}\n`, () => process.exit(0));
