/** The floor under a move, on the same servers and disk: one question to MySQL, one update of BIND. */

import type { BindPair } from '../../../src/lab/servers/bind.ts';
import { BareConnection } from './bare-connection.ts';
import { type Figure, median, percentile } from './benchmark.ts';
import { monotonicMs } from './monotonic.ts';
import type { ReplicaPair } from './replica-pair.ts';
import { keyOf, preparedUpdate, updateChain } from './update-chain.ts';

/** `bind` must let the key change the names of a cluster `floor`. */
export async function floorFigures(
  pair: ReplicaPair,
  bind: BindPair,
  times: number,
): Promise<readonly Figure[]> {
  const questions = await timed(times, await asking(pair));
  const updates = await timed(times, await updating(bind));
  return [
    { what: 'floor: one question to a MySQL server, median', value: median(questions), unit: 'ms' },
    {
      what: 'floor: one prepared update of BIND with its two fsyncs, median',
      value: median(updates),
      unit: 'ms',
    },
    { what: 'floor: one prepared update of BIND, p99', value: percentile(updates, 0.99), unit: 'ms' },
  ];
}

interface Work {
  once(): Promise<unknown>;
  end(): void;
}

async function asking(pair: ReplicaPair): Promise<Work> {
  const connection = await pair.cluster.all[0].mysqld.connect();
  return {
    once: () => connection.query('SELECT @@server_uuid, @@read_only, @@super_read_only, @@offline_mode'),
    end: () => connection.destroy(),
  };
}

async function updating(bind: BindPair): Promise<Work> {
  const key = await keyOf(bind.keyFile);
  const chain = updateChain(bind.zone, 'floor');
  const connection = await BareConnection.open(bind.primary.port, bind.primary.address);
  let id = 0;
  return {
    once: () => {
      id += 1;
      return connection.exchange(preparedUpdate(chain.next(), key, id));
    },
    end: () => connection.close(),
  };
}

async function timed(times: number, { once, end }: Work): Promise<readonly number[]> {
  const found: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const begin = monotonicMs();
    await once();
    found.push(monotonicMs() - begin);
  }
  end();
  return found;
}
