/**
 * Draws the script of a life: one cluster for an hour or more. Incidents of the usual kind, with calm of any
 * length between them. Servers stay away for long, and instances are restarted while nothing happens.
 */

import { createPrng, type Prng } from './prng.ts';
import { chapterOf, faultsOf, scriptOf, weatherOf } from './random-script.ts';
import {
  type Act,
  type Chapter,
  type Pace,
  plainShape,
  type Script,
  type Shape,
  silenceForMs,
} from './script.ts';
import { addressesOf, type InstanceName, instanceNames } from './settings.ts';

const second = 1000;
const minute = 60 * second;
/** A life of the usual pace has no further incident after so long. */
const lifeMs = 60 * minute;
/** What comes back while nothing else happens is watched for so long. */
const returnMs = 20 * second;
/** Nothing new happens so shortly before the next chapter. */
const quietEndMs = 40 * second;

/** `fences`: old sources are fenced, whatever the seed says. */
export function lifeOf(seed: number, fences?: boolean): Script {
  const { shape: usual, weather, chapters: first } = scriptOf(seed, fences);
  const shape = { ...usual, pace: paceOf(createPrng(seed ^ 0x9ace)) };
  const chance = createPrng(seed ^ 0x11fe);
  const chapters: Chapter[] = [];
  for (let livedMs = 0; livedMs < lifeMs * slowness(shape); livedMs += chapters.at(-1)?.endAt ?? 0) {
    const isAway = chapters.at(-1)?.leaves !== undefined;
    const drawn = first[chapters.length] ?? { ...incident(chance, shape, isAway), air: airOf(chance) };
    chapters.push(withCalm(chance, shape, drawn));
  }
  return { seed, shape, weather, chapters };
}

/** Who watches many clusters asks each of them less often. */
const paceOf = (chance: Prng): Pace =>
  chance.pick([
    plainShape.pace,
    plainShape.pace,
    { intervalMs: 500, freshForMs: 1500 },
    { intervalMs: 2000, freshForMs: 5000 },
    { intervalMs: 5000, freshForMs: 12_500 },
    { intervalMs: 5000, freshForMs: 20_000 },
  ]);

/** The part of the weather that changes; the rest is in the settings of the instances. */
function airOf(chance: Prng): NonNullable<Chapter['air']> {
  const { fudgeMs: _fudge, probeTimeoutMs: _timeout, netTimeoutMs: _net, ...air } = weatherOf(chance);
  return { ...air, crowdMs: chance.pick([0, 0, 0, 300, 2500]) };
}

/** What was left away comes back in the midst of it, or alone, or stays away still longer. */
function incident(chance: Prng, shape: Shape, isAway: boolean): Chapter {
  const isAlone = isAway && chance.chance(0.5);
  const faultsMs = isAlone ? returnMs : undefined;
  const back: Act = {
    at: chance.between(1000, isAlone ? 4000 : 40_000),
    kind: 'return',
    readOnly: chance.chance(0.3),
  };
  const returns = isAlone || (isAway && chance.chance(0.7)) ? [back] : [];
  const faults = isAlone ? [] : faultsOf(chance.int(2 ** 31), shape, chance);
  return chapterOf([...returns, ...faults, ...rareActs(chance, shape, isAlone)], faultsMs);
}

/** What the usual worlds have in stories only. */
function rareActs(chance: Prng, shape: Shape, isAlone: boolean): readonly Act[] {
  if (isAlone || shape.group) return [];
  const at = chance.between(5000, 35_000);
  const server = chance.int(shape.servers);
  const instance = chance.pick(instanceNames.slice(0, shape.instances));
  switch (chance.int(8)) {
    case 0:
      return [
        { at, kind: 'announce', instance, server },
        { at: at + chance.between(200, 4000), kind: 'switchover', to: server, mistake: 'none', stepMs: 300 },
      ];
    case 1:
      return [{ at, kind: 'announce', instance, server }];
    case 2:
      return [{ at, kind: 'hand', edit: 'backup', to: 0, forMs: chance.between(2000, 30_000) }];
    case 3:
      return [{ at, kind: 'swap', forMs: chance.between(500, 15_000) }];
    case 4:
      return [
        { at, kind: 'switchover', to: 'former', mistake: 'none', stepMs: chance.pick([20, 300, 1500]) },
      ];
    default:
      return [];
  }
}

/** Calm of some length after the faults, with small things that happen. Sometimes a server is left away. */
function withCalm(chance: Prng, shape: Shape, chapter: Chapter): Chapter {
  const silenceMs = silenceOf(chance) * slowness(shape);
  const settledAt = chapter.settledAt + slowerMs(shape);
  const endAt = settledAt + silenceMs;
  const leaves = !shape.group && chance.chance(0.4);
  const lost = leaves && chance.chance(0.7) ? lostLast(chance, chapter) : [];
  return {
    ...chapter,
    acts: [
      ...chapter.acts.filter(({ kind }) => lost.length === 0 || kind !== 'mend'),
      ...lost,
      ...quietActs(chance, shape, settledAt, endAt),
    ],
    settledAt,
    endAt,
    ...(leaves ? { leaves: { server: chance.int(shape.servers), how: chance.pick(['kill', 'hang']) } } : {}),
  };
}

/** How many times longer the life and its silences are: in most hours of a cluster nothing happens. */
const slowness = ({ pace }: Shape): number => Math.max(1, pace.intervalMs / plainShape.pace.intervalMs);

/** All is well so much later than in a world of the usual pace. */
const slowerMs = ({ pace }: Shape): number => Math.max(0, 4 * (pace.freshForMs - plainShape.pace.freshForMs));

function silenceOf(chance: Prng): number {
  const [from, to] = chance.pick([
    [silenceForMs, minute],
    [silenceForMs, minute],
    [silenceForMs, minute],
    [minute, 10 * minute],
    [minute, 10 * minute],
    [10 * minute, 40 * minute],
    [10 * minute, 80 * minute],
  ] as const);
  return chance.between(from, to);
}

/** The source is lost shortly before the calm, and another is promoted: the old source stays away. */
function lostLast(chance: Prng, { calmAt }: Chapter): readonly Act[] {
  const at = calmAt - chance.between(6000, 11_000);
  return [
    { at, kind: 'lose-source', how: chance.pick(['kill', 'hang']), backMs: minute, tail: 0 },
    { at: at + chance.between(700, 2500), kind: 'failover', to: chance.int(5), mistake: 'none', stepMs: 20 },
  ];
}

/** None of these may change anything in the zone. */
function quietActs(chance: Prng, shape: Shape, from: number, until: number): readonly Act[] {
  const acts: Act[] = [];
  /** How wrong each clock is: it must stay within the fudge. */
  const wrongMs = new Map<InstanceName, number>();
  for (let at = from + chance.between(second, 4 * minute); ; at += chance.between(second, 8 * minute)) {
    const drawn = quietAct(chance, shape, at);
    const act = drawn.kind === 'clock' ? setRight(drawn, wrongMs) : drawn;
    if (at + ('forMs' in act ? act.forMs : 0) > until - quietEndMs) return acts;
    acts.push(act);
    if ('forMs' in act) at += act.forMs;
  }
}

/** Every second step of a clock takes back the first. */
function setRight(act: Act & { kind: 'clock' }, wrongMs: Map<InstanceName, number>): Act {
  const wrong = wrongMs.get(act.instance) ?? 0;
  const ms = wrong === 0 ? act.ms : -wrong;
  wrongMs.set(act.instance, wrong + ms);
  return { ...act, ms };
}

function quietAct(chance: Prng, shape: Shape, at: number): Act {
  const instance = chance.pick(instanceNames.slice(0, shape.instances));
  const forMs = chance.between(300, chance.pick([9000, 9000, 15 * minute]));
  switch (chance.int(shape.replicas ? 5 : 6)) {
    case 0:
    case 1:
      return { at, kind: 'crash', instance, forMs, forgets: chance.chance(0.3) };
    case 2:
      return { at, kind: 'clock', instance, ms: chance.pick([-1500, -1200, 500, 1200, 1500]) };
    case 3:
      return { at, kind: chance.chance(0.6) ? 'suspend' : 'stall', instance, forMs };
    case 4:
      return { at, kind: 'crash-nameserver', when: 'now', forMs };
    default:
      return { at, kind: 'cut', ways: cutsFrom(chance, instance, shape), forMs };
  }
}

/** The instance loses some of the servers, or the nameserver. The servers hear each other all the time. */
function cutsFrom(chance: Prng, instance: string, shape: Shape): (readonly [string, string])[] {
  const hosts = chance.chance(0.2) ? ['ns1'] : addressesOf(shape).filter(() => chance.chance(0.55));
  return hosts.flatMap((host): (readonly [string, string])[] => [
    [instance, host],
    [host, instance],
  ]);
}
