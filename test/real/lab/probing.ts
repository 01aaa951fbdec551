/** Probers and probes for the tests with real servers. */

import { setTimeout as pause } from 'node:timers/promises';
import type { ServerFacts } from '../../../src/core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../../src/core/model/units.ts';
import { systemClock as clock } from '../../../src/daemon/clock.ts';
import { createProber, type ProberOptions } from '../../../src/mysql/probe.ts';
import type { ServerProber } from '../../../src/ports.ts';

export { clock };

export const deadline = (ms = 5000): MonoMs => (clock.mono() + ms) as MonoMs;

/** A prober of these servers; default account: `source_dns`. The caller closes it. */
export const proberFor = (
  servers: readonly ServerAddress[],
  password: string,
  options: Partial<ProberOptions> = {},
): ServerProber =>
  createProber({
    cluster: 'shop',
    servers: servers.map((address) => ({ address })),
    user: 'source_dns',
    password,
    tls: 'preferred',
    connectTimeoutMs: 2000,
    queryTimeoutMs: 1000,
    clock,
    ...options,
  });

/** The facts of a probe. Throws if there are none. */
export async function factsOf(prober: ServerProber, server: ServerAddress): Promise<ServerFacts> {
  const answer = await prober.probe(server, deadline());
  if (answer.kind !== 'reachable') throw new Error(`${answer.kind}: ${answer.failure.message}`);
  return answer.facts;
}

/** Probes again until the answer matches, at most 20 s. */
export async function until<T>(ask: () => Promise<T> | T, wanted: (answer: T) => boolean): Promise<T> {
  const end = deadline(20_000);
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (clock.mono() > end) throw new Error(`still ${JSON.stringify(answer)}`);
    await pause(10);
  }
}
