/** What an instance asks of the world: probes, reads, updates. Each ends in exactly one event, by its deadline. */

import type { Effect, Event } from '../../src/core/events.ts';
import type { Failure } from '../../src/core/observation.ts';
import type { ServerAddress, WallMs } from '../../src/core/units.ts';
import { createFakeProber, unreachable } from './fake-prober.ts';
import { travel } from './nameserver.ts';
import type { InstanceName } from './settings.ts';
import type { World } from './world-types.ts';

export type Asking = Extract<Effect, { readonly deadline: unknown }>;

/** Hands the event that ends an effect over; `before` tells the judge, at the moment when the event is really taken. */
export type Done = (event: Event, before?: () => void) => void;

/** What an instance cannot reach. */
export interface Reach {
  cutFrom: ReadonlySet<ServerAddress>;
  cutFromNameserver: boolean;
}

/** `limitMs` from now is the effect's deadline; `wall` the instance's own wall clock. */
export type Errands = (effect: Asking, limitMs: number, wall: WallMs, done: Done) => void;

const silence: Failure = { code: 'timeout', message: 'ns1 does not answer' };

export function createErrands(world: World, name: InstanceName, reach: Reach): Errands {
  const { timeline, judge } = world;
  const prober = createFakeProber(world.mysql);

  function probe(server: ServerAddress, limitMs: number, done: Done): void {
    const dueAt = timeline.now + limitMs;
    const there = Math.min(travel(world, limitMs), limitMs);
    const back = travel(world, limitMs);
    const cut = reach.cutFrom.has(server) || there + back > limitMs || world.chance.chance(world.weather.lostRequest);
    timeline.after(there, () => {
      const measuredAt = timeline.now;
      const seen = cut ? unreachable(server) : prober.probe(server, timeline.now);
      const silent = seen.kind === 'unknown' && seen.failure.code === 'timeout';
      if (silent) prober.disconnect(server);
      const { process } = world.mysql.server(server);
      const sighting = { server, probe: seen, measuredAt, dueAt, process };
      timeline.after(silent ? limitMs - there : back, () =>
        done({ kind: 'observed', server, probe: seen }, () => judge.observed(name, sighting)),
      );
    });
  }

  function read(effect: Asking & { kind: 'read-zone' }, limitMs: number, done: Done): void {
    const { nameserver, questions } = effect;
    if (reach.cutFromNameserver)
      timeline.after(limitMs, () => done({ kind: 'zone-read', nameserver, reading: { kind: 'failed', failure: silence } }));
    else world.nameserver.read(questions, limitMs, (reading) => done({ kind: 'zone-read', nameserver, reading }));
  }

  function update(effect: Asking & { kind: 'update' }, limitMs: number, wall: WallMs, done: Done): void {
    const { nameserver, plan } = effect;
    const sent = judge.sent(name, effect.try, plan, wall);
    world.log(`${timeline.now} ${name} -> #${sent.number} ${JSON.stringify(plan.changes)}`);
    const ended = (outcome: (Event & { kind: 'update-done' })['outcome']) =>
      done({ kind: 'update-done', nameserver, try: effect.try, outcome });
    if (reach.cutFromNameserver) timeline.after(limitMs, () => ended({ kind: 'unknown', failure: silence }));
    else world.nameserver.update(sent, limitMs, ended);
  }

  function propagate({ nameserver, epoch }: Asking & { kind: 'propagate' }, wall: WallMs, done: Done): void {
    const report = { nameservers: [{ nameserver: 'ns1', answeredAt: wall, serial: world.nameserver.zone.serial }] };
    timeline.after(5, () => done({ kind: 'propagated', nameserver, epoch, report }));
  }

  return (effect, limitMs, wall, done) => {
    if (effect.kind === 'probe') probe(effect.server, limitMs, done);
    else if (effect.kind === 'read-zone') read(effect, limitMs, done);
    else if (effect.kind === 'update') update(effect, limitMs, wall, done);
    else if (effect.kind === 'propagate') propagate(effect, wall, done);
    // Every server has `publish`, so nobody asks; nobody would answer.
    else timeline.after(limitMs, () => done({ kind: 'resolved', server: effect.server, failure: silence }));
  };
}
