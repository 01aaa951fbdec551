/** How an instance asks the MySQL servers: over the simulated network, with the real reading of rows. */

import type { Places, Probe, Unasked } from '../../../src/core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../../src/core/model/units.ts';
import type { Resolution, ServerProber } from '../../../src/ports.ts';
import { createFakeProber, type FakeProber, unreachable } from '../../support/fake-prober.ts';
import type { Build } from '../mutants/build.ts';
import { createGlances } from './glances.ts';
import type { Life } from './machine.ts';
import type { Host } from './network.ts';
import { createPrng } from './prng.ts';
import { ipOf } from './settings.ts';
import type { World } from './world-types.ts';

export interface SimulatedProber extends ServerProber {
  /** The process of the server has ended, and its machine says so to every connection. */
  serverDied(server: ServerAddress): void;
}

export function createProber(
  world: World,
  host: Host,
  life: Life,
  build: Pick<Build, 'querySetOf' | 'readTraits'>,
): SimulatedProber {
  const { timeline, chance, network } = world;
  const prober = createFakeProber(world.mysql, build);
  /** Dice of its own: worlds where nothing waits stay the same. */
  const queue = createPrng(1);
  const listeners: ((server: ServerAddress) => void)[] = [];

  const isCut = (server: ServerAddress): boolean =>
    !network.isOpen(host, server) || !network.isOpen(server, host);

  /** Where the kept connections lead. */
  const kept = new Map<ServerAddress, Route>();

  /** The kept connection, or a new one: to the first address where a server runs. A refused one is not kept. */
  function routeOf(server: ServerAddress, { known, refuted }: Places): Route {
    const route = kept.get(server);
    if (route !== undefined && isKept(server)) return route;
    const isRefuted = (address: string) => refuted.includes(address);
    const found = resolved(world, server);
    const order = [...found.filter((address) => !isRefuted(address)), ...known, ...found.filter(isRefuted)];
    const routes = order.flatMap((address) => routeTo(world, address) ?? []);
    const running = routes.find(isRunning);
    if (running !== undefined) kept.set(server, running);
    else kept.delete(server);
    return running ?? routes[0] ?? { address: '', target: server, process: -1 };
  }

  /** The process at that end still runs. It may hang. */
  const isRunning = ({ target, process }: Route): boolean => {
    const server = world.mysql.server(target);
    return server.process === process && server.health !== 'down';
  };

  const glances = createGlances(world, life, (server) => {
    const target = kept.get(server)?.target;
    return target !== undefined && !isCut(target) && prober.glance(server, target) === 'differs';
  });

  const isKept = (server: ServerAddress): boolean => {
    const route = kept.get(server);
    return route !== undefined && isRunning(route);
  };

  const unasked = (server: ServerAddress, deadline: MonoMs): Promise<Unasked> =>
    new Promise((resolve) => {
      const failure = { code: 'connection-waits', message: `${server}: our connection waits for its turn` };
      timeline.after(Math.max(0, deadline - life.clock.mono()), () =>
        life.deliver(() => resolve({ kind: 'unasked', failure })),
      );
    });

  function disconnect(server: ServerAddress): void {
    prober.disconnect(server);
    kept.delete(server);
  }

  function probe(
    server: ServerAddress,
    deadline: MonoMs,
    places: Places = { known: [], refuted: [] },
  ): Promise<Probe | Unasked> {
    if (!isKept(server) && queue.chance(world.weather.waits)) return unasked(server, deadline);
    return ask(server, deadline, () => routeOf(server, places), prober);
  }

  function ask(
    server: ServerAddress,
    deadline: MonoMs,
    route: () => Route,
    asker: FakeProber,
  ): Promise<Probe> {
    const limitMs = Math.max(0, deadline - life.clock.mono());
    const askedAt = timeline.now;
    const dueAt = askedAt + limitMs;
    const there = Math.min(network.travelMs(limitMs), limitMs);
    const back = network.travelMs(limitMs);
    const lost = there + back > limitMs || chance.chance(world.weather.lost);
    return new Promise((resolve) =>
      timeline.after(there, () => {
        const measuredAt = timeline.now;
        const { target, address, process } = route();
        const isReached = !lost && process >= 0 && !isCut(target);
        const seen = isReached ? from(address, asker.probe(server, measuredAt, target)) : unreachable(server);
        const isSilent = seen.kind === 'unknown' && seen.failure.code === 'timeout';
        if (isSilent && asker === prober) disconnect(server);
        world.sightings.set(seen, {
          server,
          probe: about(server, target, seen),
          measuredAt,
          askedAt,
          dueAt,
          process: world.mysql.server(target).process,
        });
        timeline.after(isSilent ? limitMs - there : back, () => life.deliver(() => resolve(seen)));
      }),
    );
  }

  return {
    probe,
    probeAt: (server, address, deadline) =>
      ask(
        server,
        deadline,
        () => routeTo(world, address) ?? { address, target: server, process: -1 },
        createFakeProber(world.mysql, build),
      ),
    renew: disconnect,
    resolve: (server, deadline) =>
      new Promise<Resolution>((resolve) => {
        const failed = chance.chance(world.weather.lost);
        const ms = failed ? Math.max(0, deadline - life.clock.mono()) : network.travelMs(resolverMs);
        const failure = { code: 'not-found', message: `${server} could not be resolved` };
        timeline.after(ms, () =>
          life.deliver(() =>
            resolve(
              failed
                ? { kind: 'failed', failure }
                : { kind: 'addresses', addresses: resolved(world, server) },
            ),
          ),
        );
      }),
    // Nothing is discovered in this world.
    release: () => {},
    onConnectionLost: (listener) => void listeners.push(listener),
    serverDied(server) {
      disconnect(server);
      timeline.after(1, () => {
        if (isCut(server)) return;
        life.deliver(() => {
          for (const listener of listeners) listener(server);
        });
      });
    },
    watch: glances.watch,
    onGlanceDiffers: glances.onDiffers,
    close: async () => {},
  };
}

/** One end of a connection: the IP address, and the server there. */
interface Route {
  readonly address: string;
  readonly target: ServerAddress;
  readonly process: number;
}

const from = (peer: string, probe: Probe): Probe =>
  probe.kind === 'reachable' ? { ...probe, facts: { ...probe.facts, peer } } : probe;

/** An answer of another server says nothing about this server. */
const about = (server: ServerAddress, target: ServerAddress, seen: Probe): Probe =>
  target === server ? seen : unreachable(server);

const resolved = ({ resolver }: World, server: ServerAddress): readonly string[] =>
  resolver.get(server) ?? [ipOf(server)];

/** Servers do not move in this world. */
function routeTo({ members, mysql }: World, address: string): Route | undefined {
  const target = members.find((member) => ipOf(member) === address);
  return target && { address, target, process: mysql.server(target).process };
}

/** A resolver answers within so many milliseconds. */
const resolverMs = 100;
