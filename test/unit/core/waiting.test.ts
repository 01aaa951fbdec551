/**
 * Shows S4: waiting alone never turns a hold into a move, except for the documented `settle`. Only time
 * passes in these worlds: no answer comes, no probe ends.
 */

import { describe, expect, test } from 'vitest';
import { situationOf } from '../../../src/core/decide/situation-of.ts';
import type { Probe } from '../../../src/core/model/observation.ts';
import type { ClusterState, ServerMemory } from '../../../src/core/model/state.ts';
import type { MonoMs } from '../../../src/core/model/units.ts';
import { intendedWrite } from '../../../src/core/publish/intent.ts';
import { step } from '../../../src/core/step.ts';
import { at, random, withOver } from '../../support/given.ts';
import { anyWorld, withCrowd } from './random-world.ts';
import { twin } from './twin.ts';
import { situationOfWorld, type TwinWorld } from './twin-world.ts';

/** Around `fresh_for` (3 s), twice the heartbeat period (2 s), `settle` (30 s) and `gone_after` (10 min). */
const moments = [1, 500, 1200, 2100, 2800, 3001, 31_000, 700_000];

/**
 * So many worlds of each kind in which something prevents a move, and some in which the name would move now.
 */
const kinds: Readonly<Record<string, number>> = {
  'hold two-sources': 400,
  'hold published-source-alive': 200,
  'hold minority-view': 200,
  'hold unknown-source': 300,
  'hold candidate-behind': 100,
  'hold ledger-lost': 200,
  'hold flapping': 50,
  'hold settling': 30,
  'point-to switchover': 90,
  'point-to failover': 90,
  'point-to followers-moved': 100,
};

/** Enough for the rarest kind. */
const lastSeed = 60_000;

/** Without its own share of the worlds, `followers-moved` would be too rare. */
const worldOf = (seed: number): TwinWorld =>
  seed % 10 === 0 ? withCrowd(seed, anyWorld(seed)) : anyWorld(seed);

/** The seeds of the first of these worlds, by kind. Commands are excluded: they are not time. */
function tenseSeeds(): ReadonlyMap<string, readonly number[]> {
  const found = new Map(Object.keys(kinds).map((kind): [string, number[]] => [kind, []]));
  const isFull = (kind: string): boolean => found.get(kind)?.length === kinds[kind];
  for (let seed = 1; seed <= lastSeed && !Object.keys(kinds).every(isFull); seed += 1) {
    const world = worldOf(seed);
    const kind = world.command ? '' : twin(world).split(' ').slice(0, 2).join(' ');
    if (!isFull(kind)) found.get(kind)?.push(seed);
  }
  return found;
}

/** The world of this seed. Some answers are older than others, and every server is being asked. */
function stateOfSeed(seed: number): ClusterState {
  const situation = situationOfWorld(worldOf(seed));
  const pick = random(seed + 1_000_000);
  const { state, publication } = situation;
  const servers = [...state.servers].map(
    ([address, memory]) => [address, olderBy(memory, pick(2999), pick(2600))] as const,
  );
  // Moves leave the window one by one: a hold for `flapping` must not end by that.
  const moves = Array.from({ length: pick(8) }, () => (0 - pick(600_000)) as MonoMs);
  const asked = withOver(publication, {
    limits: { moves },
    zone: { reading: true },
    writing: { nextAt: at(9e9).mono },
  });
  return {
    ...state,
    servers: new Map(servers),
    publications: new Map([['ns1', asked]]),
    staleBefore: at(-10_000).mono,
  };
}

function olderBy(memory: ServerMemory, ageMs: number, heardAgoMs: number): ServerMemory {
  const { latest, factsAt } = memory;
  const older = <T extends number>(then: T): T => (then - ageMs) as T;
  const heard = (probe: Probe): Probe =>
    probe.kind === 'reachable'
      ? {
          ...probe,
          facts: {
            ...probe.facts,
            channels: probe.facts.channels.map((channel) => ({ ...channel, heardAgoMs })),
          },
        }
      : probe;
  const probe = latest && heard(latest.probe);
  return {
    ...memory,
    ...(latest && probe ? { latest: { ...latest, probe, at: older(latest.at) } } : {}),
    ...(probe?.kind === 'reachable' ? { facts: probe.facts } : {}),
    ...(factsAt === undefined ? {} : { factsAt: older(factsAt) }),
    receiving: new Map(
      [...memory.receiving].map(([name, one]) => [name, { ...one, since: older(one.since) }]),
    ),
    probing: at(9e9).mono,
  };
}

interface Wait {
  readonly decision: string;
  readonly move: string | undefined;
  /** In a cluster of two, weak evidence that lasts is enough. */
  readonly settles: boolean;
}

/**
 * The decisions as time passes; `sleepAt`: before that moment the machine sleeps, so that the clocks part.
 */
function waits(seed: number, sleepAt: number | undefined): readonly Wait[] {
  // The first step makes these worlds consistent: a server that answers is not gone.
  let [state] = step(stateOfSeed(seed), { kind: 'tick' }, at(0));
  return moments.map((ms) => {
    const now = at(ms);
    const wall = sleepAt !== undefined && ms >= sleepAt ? now.wall + 3_600_000 : now.wall;
    [state] = step(state, { kind: 'tick' }, { ...now, wall: wall as typeof now.wall });
    const publication = state.publications.get('ns1')!;
    const { decision } = publication;
    const intended = intendedWrite(situationOf(state, publication, now), decision);
    const move = intended?.what === 'move' ? intended.ledger.source : undefined;
    const settles = decision.reason === 'failover' && state.servers.size === 2;
    return { decision: `${decision.kind} ${decision.reason}`, move, settles };
  });
}

/** The first move after a hold. */
function movedByWaiting(steps: readonly Wait[]): number | undefined {
  const index = steps.findIndex(
    ({ move, settles }, step) =>
      move !== undefined && !settles && steps[step - 1]?.move === undefined && step > 0,
  );
  return index < 0 ? undefined : index;
}

describe('in worlds in which only time passes', () => {
  const found = tenseSeeds();
  const seeds = [...found.values()].flat();

  test('every kind gets as many worlds as it asks for', () => {
    const missing = Object.entries(kinds).flatMap(([kind, wanted]) => {
      const got = found.get(kind)?.length ?? 0;
      return got < wanted ? [`${kind}: ${got} of ${wanted} worlds by seed ${lastSeed}`] : [];
    });
    expect(missing).toEqual([]);
  });

  test.each([
    ['no hold becomes a move', undefined],
    ['no hold becomes a move when the machine sleeps in between', 1500],
  ])('%s', (_, sleepAt) => {
    const broken: unknown[] = [];
    const moves = { first: 0, settled: 0, ended: 0 };
    for (const seed of seeds) {
      if (broken.length > 1) break;
      const steps = waits(seed, sleepAt);
      const moved = movedByWaiting(steps);
      if (moved !== undefined)
        broken.push({
          seed,
          atMs: moments[moved],
          steps: steps.map(({ decision }) => decision),
          world: worldOf(seed),
        });
      if (steps[0]?.move !== undefined) moves.first += 1;
      if (steps.some(({ settles }) => settles)) moves.settled += 1;
      if (steps[0]?.move !== undefined && steps.at(-1)?.move === undefined) moves.ended += 1;
    }
    expect(broken).toEqual([]);
    // These worlds have something to decide, and the evidence for a move does get old.
    expect(moves.first).toBeGreaterThan(seeds.length / 20);
    expect(moves.ended).toBeGreaterThan(seeds.length / 20);
  });
});
