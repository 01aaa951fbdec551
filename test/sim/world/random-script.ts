/** Draws the script of a seed: everything that chance decides about a run, before the run begins. */

import { incidentsOf, sometimesOfTwo } from './incidents.ts';
import { inOtherModes } from './modes.ts';
import { createPrng, type Prng } from './prng.ts';
import {
  type Act,
  type Chapter,
  faultsForMs,
  plainShape,
  type Script,
  type Shape,
  settleForMs,
  silenceForMs,
  slowestProbeMs,
  type Weather,
} from './script.ts';
import { addressesOf, type InstanceName, instanceNames } from './settings.ts';
import { inOddZone } from './zone-odds.ts';

/** `fences`: old sources are fenced, whatever the seed says. */
export function scriptOf(seed: number, fences = seed % 7 === 5): Script {
  const chance = createPrng(seed);
  const shape = inOddZone(
    seed,
    sometimesOfTwo(seed, inOtherModes(seed, { ...grouped(seed, shapeOf(chance)), fences })),
  );
  return {
    seed,
    shape,
    weather: { ...weatherOf(chance), waits: seed % 12 === 10 ? 0.4 : 0, crowdMs: crowdMsOf(seed) },
    chapters: [chapterOf(faultsOf(seed, shape, chance))],
  };
}

/** These faults, and then calm. */
export const chapterOf = (acts: readonly Act[], faultsMs = faultsForMs): Chapter => ({
  acts: acts.filter((act) => act.at < faultsMs).toSorted((a, b) => a.at - b.at),
  calmAt: faultsMs,
  settledAt: faultsMs + settleForMs,
  endAt: faultsMs + settleForMs + silenceForMs,
});

/** What happens in one chapter. The seed decides which of the rare things happen. */
export const faultsOf = (seed: number, shape: Shape, chance: Prng): readonly Act[] => [
  ...actsOf({ chance, hosts: hostsOf(shape), shape }, faultsForMs),
  ...leavings(seed, shape),
  ...misled(seed, shape, faultsForMs),
  ...switchesOf(seed, faultsForMs),
  ...incidentsOf(seed, shape, faultsForMs),
];

function shapeOf(chance: Prng): Shape {
  const replicas = chance.pick([undefined, undefined, undefined, 'source', 'keep', 'withdraw'] as const);
  const drift = (): number => chance.pick([0, 0.0001, -0.0001, 0.0005]);
  return {
    ...plainShape,
    servers: chance.pick([4, 4, 4, 3, 5]),
    versions: plainShape.versions.map(() => chance.pick(['8.4.6', '9.7.4', '9.7.4', '26.4.0'])),
    instances: chance.pick([2, 2, 3]),
    transport: chance.pick(['tcp', 'tcp', 'udp']),
    resolves: chance.chance(0.15),
    alias: chance.chance(0.15),
    withdraws: chance.chance(0.1),
    guarded: chance.chance(0.15),
    ...(chance.chance(0.2) ? { later: chance.pick(['east', 'west'] as const) } : {}),
    drift: { east: drift(), west: drift(), north: drift() },
    ...(replicas ? { replicas } : {}),
  };
}

/** Every sixth world has a group, whatever the dice say, so that all other worlds stay the same. */
const grouped = (seed: number, shape: Shape): Shape =>
  seed % 6 === 0 ? { ...shape, group: true, servers: seed % 4 === 0 ? 3 : 5 } : shape;

/**
 * In every seventeenth world a switch closes sources. Uses its own dice, so that all other worlds stay the
 * same.
 */
function switchesOf(seed: number, until: number): Act[] {
  if (seed % 17 !== 4) return [];
  const chance = createPrng(seed + 1_000_000);
  const acts: Act[] = [];
  for (let at = chance.between(5000, 9000); at < until - 6000; at += chance.between(8000, 14_000)) {
    const variable = chance.pick([
      'innodb_force_recovery',
      'innodb_read_only',
      'transaction_read_only',
      'offline_mode',
      'offline_mode',
    ] as const);
    const refuses = variable === 'offline_mode' && chance.chance(0.7);
    const forMs = chance.between(500, 7000);
    acts.push({
      at,
      kind: 'switch',
      variable,
      refuses,
      promotes: chance.chance(0.6),
      to: chance.int(5),
      forMs,
    });
  }
  return acts;
}

/** In every twelfth world: by the number of the seed, so that all other worlds stay the same. */
const crowdMsOf = (seed: number): number => (seed % 12 === 7 ? (seed % 24 === 7 ? 300 : 2500) : 0);

/** Without what throws no dice: all other worlds stay the same. */
export function weatherOf(chance: Prng): Omit<Weather, 'waits' | 'crowdMs'> {
  const foul = chance.pick([0, 0.5, 1, 2]);
  return {
    rttMs: chance.pick([1, 5, 30]),
    slow: 0.02 * foul,
    lost: 0.02 * foul,
    late: 0.15 * foul,
    twice: 0.08 * foul,
    forged: chance.pick([0, 0, 0.05, 0.3]),
    readLagMs: chance.pick([0, 0, 3, 40]),
    fudgeMs: chance.pick([5000, 10_000]),
    probeTimeoutMs: chance.pick([900, 900, slowestProbeMs]),
    netTimeoutMs: chance.pick([5000, 60_000]),
  };
}

/**
 * In every sixth world with a group, all members but one leave it, one after the other. Uses its own dice, so
 * that all other worlds stay the same.
 */
function leavings(seed: number, { servers }: Shape): Act[] {
  if (seed % 36 !== 0) return [];
  const chance = createPrng(seed + 1);
  const stays = chance.int(servers);
  const from = chance.between(5000, 25_000);
  const leaving = Array.from({ length: servers }, (_, server) => server).filter((server) => server !== stays);
  return leaving.map((server, index) => ({
    at: from + index * chance.between(300, 4000),
    kind: 'leave',
    server,
    forMs: chance.between(1000, 15_000),
  }));
}

/** What acts are drawn from. */
interface Writer {
  readonly chance: Prng;
  readonly shape: Shape;
  readonly hosts: readonly string[];
}

/** When an act begins, and the instance that it may befall. */
interface Moment {
  readonly at: number;
  readonly instance: InstanceName;
}

const hostsOf = (shape: Shape): readonly string[] => [
  ...instanceNames.slice(0, shape.instances),
  ...addressesOf(shape),
  'ns1',
  'ns2',
];

function actsOf(writer: Writer, until: number): Act[] {
  const { chance, shape } = writer;
  const acts: Act[] = [];
  let at = chance.between(4000, 7000);
  while (at < until - 3000) {
    const instance = chance.pick(instanceNames.slice(0, shape.instances));
    acts.push(...actAt(writer, { at, instance }, chance.int(shape.servers)));
    // Sometimes two misfortunes come together.
    at += chance.chance(0.35) ? chance.between(0, 900) : chance.between(1000, 8000);
  }
  return acts;
}

/**
 * The acts of the resolver in a world that publishes what host names resolve to. Uses its own dice, so that
 * the other worlds stay the same.
 */
function misled(seed: number, shape: Shape, until: number): Act[] {
  if (!shape.resolves) return [];
  const chance = createPrng(seed ^ 0x2e50);
  return Array.from({ length: chance.int(4) }, () => {
    const at = chance.between(2000, until - 20_000);
    const says = chance.pick(['nobody', 'other', 'both'] as const);
    // The resolver is asked every 30 s: its answers are right again early enough for the calm.
    const forMs = Math.min(chance.between(3000, 40_000), until - 12_000 - at);
    return { at, kind: 'resolver', server: chance.int(shape.servers), says, forMs };
  });
}

function actAt(writer: Writer, moment: Moment, server: number): Act[] {
  const { chance } = writer;
  const { at, instance } = moment;
  const forMs = chance.between(500, 9000);
  const stepMs = chance.pick([20, 200, 1500]);
  const to = server;
  switch (chance.int(21)) {
    case 0:
    case 1:
    case 2:
      return [
        {
          at,
          kind: 'switchover',
          to,
          mistake: chance.pick(['none', 'none', 'promote-first', 'two', 'half']),
          stepMs,
        },
        ...hooks(chance, at + stepMs, instance),
      ];
    case 3:
    case 4:
    case 5:
      return outage(writer, moment, to, stepMs);
    case 6:
    case 7:
      return [
        {
          at,
          kind: 'away',
          server,
          how: chance.pick(['kill', 'hang', 'refuse']),
          forMs,
          readOnly: chance.chance(0.4),
        },
      ];
    case 8:
      return [{ at, kind: 'stranger', server }];
    case 9:
    case 10:
    case 11:
      return [{ at, kind: 'cut', ways: cutsOf(writer, instance), forMs }];
    case 12:
      return [{ at, kind: 'crash', instance, forMs, forgets: chance.chance(0.5) }];
    case 13:
      return [{ at, kind: 'clock', instance, ms: chance.pick([-3000, -1200, 500, 1500, 3000]) }];
    case 14:
      return [
        {
          at,
          kind: 'hand',
          edit: chance.pick(['address', 'no-address', 'ttl', 'no-ledger', 'everything']),
          to,
          forMs,
        },
      ];
    case 15:
      return [{ at, kind: 'freeze', instance, forMs }];
    case 16:
      return [{ at, kind: 'mend', rebuild: chance.chance(0.7) }];
    case 17:
      return [
        { at, kind: chance.chance(0.6) ? 'suspend' : 'stall', instance, forMs },
        ...(chance.chance(0.6)
          ? [{ at: at + chance.int(forMs), kind: 'hand', edit: 'no-address', to, forMs: 0 } as const]
          : []),
      ];
    case 18:
    case 19:
      return [
        {
          at,
          kind: 'crash-nameserver',
          when: chance.pick(['now', 'before-journal', 'after-journal']),
          forMs: Math.min(forMs, 4000),
        },
      ];
    default:
      return chance.chance(0.5)
        ? [{ at, kind: 'follow', instance, to, force: chance.chance(0.3) }]
        : [{ at, kind: 'read-only', forMs: Math.min(forMs, 3000) }];
  }
}

/**
 * An instance loses some servers, or a nameserver; or one host loses all others; or any two lose each other,
 * in one direction or both.
 */
function cutsOf({ chance, hosts, shape }: Writer, instance: InstanceName): (readonly [string, string])[] {
  const both = (a: string, b: string) =>
    [
      [a, b],
      [b, a],
    ] as const;
  switch (chance.int(4)) {
    case 0:
      return addressesOf(shape).flatMap((server) => (chance.chance(0.55) ? both(instance, server) : []));
    case 1:
      return [...both(instance, 'ns1')];
    case 2: {
      const alone = chance.pick(hosts);
      return hosts.filter((host) => host !== alone).flatMap((host) => both(alone, host));
    }
    default: {
      const one = chance.pick(hosts);
      const other = chance.pick(hosts.filter((host) => host !== one));
      return chance.chance(0.5) ? [[one, other]] : [...both(one, other)];
    }
  }
}

/** The failover tool calls its hook after its work: not at all, once, twice, late, or at the wrong moment. */
function hooks(chance: Prng, at: number, instance: InstanceName): Act[] {
  if (chance.chance(0.6)) return [];
  return [
    { at: at + chance.pick([0, 50, 700, 6000]), kind: 'hook', instance, times: chance.pick([1, 1, 2]) },
  ];
}

/**
 * The source is lost, and more happens with it: a replica in the same rack comes back writable, an
 * administrator points the name somewhere, a failover, a repair.
 */
function outage({ chance, shape }: Writer, { at, instance }: Moment, to: number, stepMs: number): Act[] {
  const failedOver = at + chance.between(300, 5000);
  const backMs = chance.between(1000, chance.pick([4000, 20_000]));
  const acts: Act[] = [
    { at, kind: 'lose-source', how: chance.pick(['kill', 'hang']), backMs, tail: chance.pick([0, 0, 2]) },
    {
      at: failedOver,
      kind: 'failover',
      to,
      mistake: chance.pick(['none', 'none', 'two', 'half', 'no-repoint']),
      stepMs,
    },
    ...hooks(chance, failedOver, instance),
  ];
  if (chance.chance(0.3)) {
    const forMs = chance.between(500, 3000);
    acts.push({
      at: at + chance.between(0, 300),
      kind: 'away',
      server: chance.int(shape.servers),
      how: 'kill',
      forMs,
      readOnly: false,
    });
  }
  if (chance.chance(0.4)) {
    const byHand = at + chance.between(200, 5000);
    acts.push({
      at: byHand,
      kind: 'hand',
      edit: chance.pick(['address', 'no-address']),
      to: chance.int(shape.servers),
      forMs: 0,
    });
  }
  if (chance.chance(0.6))
    acts.push({ at: failedOver + chance.between(2000, 12_000), kind: 'mend', rebuild: chance.chance(0.7) });
  return acts;
}
