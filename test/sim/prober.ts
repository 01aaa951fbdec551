/** How an instance asks the MySQL servers: through the network, and with the real reading of rows. */

import type { Probe } from '../../src/core/observation.ts';
import type { MonoMs, ServerAddress } from '../../src/core/units.ts';
import type { Resolution, ServerProber } from '../../src/ports.ts';
import type { Build } from './build.ts';
import { createFakeProber, unreachable } from './fake-prober.ts';
import type { Life } from './machine.ts';
import type { Host } from './network.ts';
import { ipOf } from './settings.ts';
import type { World } from './world-types.ts';

export interface SimulatedProber extends ServerProber {
  /** The server's process has ended, and its machine says so to every connection. */
  serverDied(server: ServerAddress): void;
}

export function createProber(world: World, host: Host, life: Life, build: Pick<Build, 'querySetOf' | 'readTraits'>): SimulatedProber {
  const { timeline, chance, network } = world;
  const prober = createFakeProber(world.mysql, build);
  const listeners: ((server: ServerAddress) => void)[] = [];

  const isCut = (server: ServerAddress): boolean => !network.isOpen(host, server) || !network.isOpen(server, host);

  function probe(server: ServerAddress, deadline: MonoMs): Promise<Probe> {
    const limitMs = Math.max(0, deadline - life.clock.mono());
    const askedAt = timeline.now;
    const dueAt = askedAt + limitMs;
    const there = Math.min(network.travelMs(limitMs), limitMs);
    const back = network.travelMs(limitMs);
    const lost = there + back > limitMs || chance.chance(world.weather.lost);
    return new Promise((resolve) =>
      timeline.after(there, () => {
        const measuredAt = timeline.now;
        const seen = lost || isCut(server) ? unreachable(server) : prober.probe(server, measuredAt);
        const isSilent = seen.kind === 'unknown' && seen.failure.code === 'timeout';
        if (isSilent) prober.disconnect(server);
        world.sightings.set(seen, { server, probe: seen, measuredAt, askedAt, dueAt, process: world.mysql.server(server).process });
        timeline.after(isSilent ? limitMs - there : back, () => life.deliver(() => resolve(seen)));
      }),
    );
  }

  return {
    probe,
    resolve: (server, deadline) =>
      new Promise<Resolution>((resolve) => {
        const failed = chance.chance(world.weather.lost);
        const ms = failed ? Math.max(0, deadline - life.clock.mono()) : network.travelMs(resolverMs);
        const failure = { code: 'not-found', message: `${server} could not be resolved` };
        timeline.after(ms, () =>
          life.deliver(() => resolve(failed ? { kind: 'failed', failure } : { kind: 'addresses', addresses: [ipOf(server)] })),
        );
      }),
    // Nothing is discovered in this world.
    release: () => {},
    onConnectionLost: (listener) => void listeners.push(listener),
    serverDied(server) {
      timeline.after(1, () => {
        if (isCut(server)) return;
        life.deliver(() => {
          for (const listener of listeners) listener(server);
        });
      });
    },
    close: async () => {},
  };
}

/** A resolver answers faster than this. Milliseconds. */
const resolverMs = 100;
