/** Starts the farm of simulated MySQL servers in a process of its own, and gives it orders. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addressOf } from './cluster.ts';
import type { Done, FarmSize, Order } from './orders.ts';

export interface Farm {
  readonly pid: number;
  /** `address:port` of each server, cluster by cluster. */
  readonly clusters: readonly (readonly string[])[];
  order(order: Order): Promise<Done>;
  stop(): Promise<void>;
}

/** Resolves when it listens. */
export async function startFarm(size: FarmSize): Promise<Farm> {
  const child = fork(fileURLToPath(new URL('./process.js', import.meta.url)), {
    execArgv: ['--max-semi-space-size=64'],
  });
  const ended = new Promise<never>((_, reject) =>
    child.once('exit', (code, signal) => reject(new Error(`the farm ended (${code ?? signal})`))),
  );
  ended.catch(() => undefined);
  const order = orders(child);
  const obeyed = (what: Order): Promise<Done> => Promise.race([order(what), ended]);
  const { port } = await obeyed({ kind: 'listen', size });
  const clusters = Array.from({ length: size.clusters }, (_, cluster) =>
    Array.from(
      { length: size.servers },
      (__, member) => `${addressOf(cluster * size.servers + member)}:${port}`,
    ),
  );
  return {
    pid: child.pid ?? 0,
    clusters,
    order: obeyed,
    stop: async () => {
      child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}

/** Each order has a number, which comes back with what was done. */
function orders(child: ChildProcess): (order: Order) => Promise<Done> {
  const waiting = new Map<number, (done: Done) => void>();
  child.on('message', ({ id, done }: { id: number; done: Done }) => {
    waiting.get(id)?.(done);
    waiting.delete(id);
  });
  let last = 0;
  return (order) =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      child.send({ id: last, order });
    });
}
