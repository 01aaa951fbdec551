/** One cluster in the pure core alone: time is a number, and a small false world answers every effect. */

import type { Effect, Event } from '../../src/core/model/events.ts';
import type { ServerFacts } from '../../src/core/model/observation.ts';
import { type ClusterState, initialState } from '../../src/core/model/state.ts';
import type { ServerAddress } from '../../src/core/model/units.ts';
import { step } from '../../src/core/step.ts';
import { createFakeZone } from './fake-zone.ts';
import { address, at, clusterSettings, fqdn, publicationSettings, replicaOf, seen } from './given.ts';

/** What one call of `step` cost. */
export interface Cost {
  readonly event: Event;
  readonly ms: number;
}

export interface Rehearsal {
  /** The state now. */
  readonly state: ClusterState;
  readonly nowMs: number;
  /** Plays this long, and tells the cost of each step if somebody asks. */
  play(ms: number, tell?: (cost: Cost) => void): void;
  /** Posts an event now. */
  post(event: Event, tell?: (cost: Cost) => void): void;
}

/** What a server answers at that time. `index`: 0 is the source. */
export type Answers = (index: number, nowMs: number) => Partial<ServerFacts>;

interface Later {
  readonly atMs: number;
  readonly event: Event;
}

/** A probe takes this long; each server another time, as in life. The source answers last. */
const probeMs = (index: number): number => (index === 0 ? 2 : 1 + (index % 7) / 8);

/** A cluster of `count` servers: the first one is the source, and the others replicate from it. */
export function rehearse(count: number, answers: Answers): Rehearsal {
  const names = Array.from({ length: count }, (_, index) => `db${index + 1}`);
  const indexOf = new Map(names.map((name, index) => [address(name), index]));
  const settings = clusterSettings(names, { publications: [publicationSettings()] });
  const zone = createFakeZone(fqdn('example.'));
  let state = initialState(settings, [], at(0));
  let nowMs = 0;
  let wakeMs = 0;
  let queue: Later[] = [];

  const probed = (server: ServerAddress): Event => {
    const index = indexOf.get(server) ?? 0;
    const name = names[index] as string;
    const facts = replicaOf('db1', name, { peer: ipOf(index), ...answers(index, nowMs) });
    const asSource = { readOnly: false, superReadOnly: false, channels: [] };
    return { kind: 'observed', server, probe: seen(index === 0 ? { ...facts, ...asSource } : facts) };
  };
  const answerTo = (effect: Effect): Event | undefined => {
    switch (effect.kind) {
      case 'probe':
        return probed(effect.server);
      case 'resolve':
        return {
          kind: 'resolved',
          server: effect.server,
          addresses: [ipOf(indexOf.get(effect.server) ?? 0)],
        };
      case 'read-zone':
        return { kind: 'zone-read', nameserver: 'ns1', reading: zone.read(effect.questions) };
      case 'update':
        return { kind: 'update-done', nameserver: 'ns1', try: effect.try, outcome: zone.apply(effect.plan) };
      case 'propagate': {
        const report = { nameservers: [{ nameserver: 'ns1', answeredAt: at(nowMs).wall, serial: 1 }] };
        return { kind: 'propagated', nameserver: 'ns1', epoch: effect.epoch, report };
      }
      default:
        return undefined;
    }
  };
  const take = (event: Event, tell?: (cost: Cost) => void): void => {
    const begin = performance.now();
    const [next, effects] = step(state, event, at(nowMs));
    tell?.({ event, ms: performance.now() - begin });
    state = next;
    for (const effect of effects) {
      if (effect.kind === 'wake') wakeMs = effect.at;
      const index = 'server' in effect ? (indexOf.get(effect.server) ?? 0) : 0;
      const answer = answerTo(effect);
      if (answer !== undefined) queue.push({ atMs: nowMs + probeMs(index), event: answer });
    }
    queue.sort((a, b) => a.atMs - b.atMs);
  };
  return {
    get state() {
      return state;
    },
    get nowMs() {
      return nowMs;
    },
    post: take,
    play(ms, tell) {
      const endMs = nowMs + ms;
      for (;;) {
        const [first] = queue;
        const nextMs = Math.min(first?.atMs ?? Number.POSITIVE_INFINITY, wakeMs);
        if (nextMs > endMs) break;
        nowMs = nextMs;
        if (first === undefined || wakeMs < first.atMs) take({ kind: 'tick' }, tell);
        else {
          queue = queue.slice(1);
          take(first.event, tell);
        }
      }
      nowMs = endMs;
    },
  };
}

const ipOf = (index: number): string => `192.0.${2 + Math.floor(index / 250)}.${(index % 250) + 1}`;

/** What a cluster in good order says when all is at rest; else the benchmark measures something else. */
export function expectSteady({ state }: Rehearsal): void {
  for (const { decision, writing } of state.publications.values())
    if (decision.kind !== 'point-to' || decision.reason !== 'steady' || writing.inFlight)
      throw new Error(`the cluster is not at rest: ${decision.reason}`);
}
