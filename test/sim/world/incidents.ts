/**
 * Incidents that happen in addition to the story of a world. Each has its own dice, so that a new incident
 * changes no other. The seed decides which incidents happen, and when.
 */

import { createPrng, type Prng } from './prng.ts';
import type { Act, Shape } from './script.ts';

interface Incident {
  /** The dice of the incident are made from the seed and this. */
  readonly name: string;
  /** The incident happens in one world of so many. */
  readonly oneIn: number;
  acts(chance: Prng, at: number, shape: Shape): readonly Act[];
}

/** Between these milliseconds: after the beginning of the story, and early enough for consequences. */
const [earliestMs, latestBeforeCalmMs] = [6000, 4000];

const incidents: readonly Incident[] = [
  {
    name: 'a replica is made writable by mistake',
    oneIn: 4,
    acts: (chance, at, shape) => [madeWritable(chance, at, shape)],
  },
  {
    name: 'a server restarts within a moment',
    oneIn: 3,
    acts: (chance, at, { servers }) => [
      quickRestart(chance, at, chance.pick(['source', 'source', chance.int(servers)])),
      ...(chance.chance(0.3) ? [quickRestart(chance, at + chance.between(1500, 6000), 'source')] : []),
    ],
  },
  {
    name: 'a replica is made writable by mistake, and then the source restarts',
    oneIn: 5,
    acts: (chance, at, shape) => [
      madeWritable(chance, at, shape),
      quickRestart(chance, at + chance.between(100, chance.pick([1000, 6000])), 'source'),
    ],
  },
  {
    name: 'the new source is promoted first, and then the old one is lost',
    oneIn: 6,
    acts(chance, at, { servers }) {
      const stepMs = chance.pick([300, 1500, 4000]);
      const lostAt = at + stepMs + chance.int(stepMs);
      return [
        { at, kind: 'switchover', to: chance.int(servers), mistake: 'promote-first', stepMs },
        {
          ...quickRestart(chance, lostAt, 'former'),
          downMs: chance.between(300, chance.pick([2000, 15_000])),
        },
      ];
    },
  },
  {
    name: 'the key loses a right, and the source is moved',
    oneIn: 4,
    acts: (chance, at, { servers }) => [
      {
        at,
        kind: 'policy',
        denies: chance.pick(['all', 'ledger', 'source']),
        forMs: chance.between(500, chance.pick([3000, 9000])),
      },
      { at: at + chance.int(300), kind: 'switchover', to: chance.int(servers), mistake: 'none', stepMs: 300 },
    ],
  },
];

/**
 * The incidents in the world of this seed, before the faults stop. The members of a group have other acts
 * (group-operator.ts).
 */
export function incidentsOf(seed: number, shape: Shape, calmAt: number): readonly Act[] {
  if (shape.group) return [];
  return incidents.flatMap(({ name, oneIn, acts }) => {
    const chance = diceOf(seed, name);
    return chance.int(oneIn) === 0
      ? acts(chance, chance.between(earliestMs, calmAt - latestBeforeCalmMs), shape)
      : [];
  });
}

/** One world in eight without a group is a cluster of two. */
export const sometimesOfTwo = (seed: number, shape: Shape): Shape =>
  !shape.group && diceOf(seed, 'a cluster of two').int(8) === 0 ? { ...shape, servers: 2 } : shape;

/** A stream of chance for this name alone. */
const diceOf = (seed: number, name: string): Prng =>
  createPrng(
    [...name].reduce((hash, char) => Math.imul(hash ^ char.charCodeAt(0), 0x01000193), seed ^ 0x811c9dc5),
  );

/** The server remains a replica, or somebody took its channel away first. */
const madeWritable = (chance: Prng, at: number, { servers }: Shape): Act => ({
  at,
  kind: 'writable',
  server: chance.int(servers),
  reset: chance.chance(0.5),
  forMs: chance.between(1000, chance.pick([4000, 20_000])),
});

/**
 * A restart, or a crash with a quick recovery: the server is back before anybody can be sure that it is lost.
 */
const quickRestart = (
  chance: Prng,
  at: number,
  who: 'source' | 'former' | number,
): Act & { kind: 'restart' } => ({
  at,
  kind: 'restart',
  who,
  downMs: chance.between(300, 2000),
  readOnly: chance.chance(0.4),
});
