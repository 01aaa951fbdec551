/** Plans the faults and the operator's moves of a chaos round from its seed. */

import { createPrng, type Prng } from '../../sim/world/prng.ts';

/**
 * Everything that chance decides in a round, before the round begins. Servers are named by their part in the
 * cluster at the beginning of the round.
 */
export interface RoundPlan {
  readonly round: number;
  readonly faults: readonly PlannedFault[];
  readonly operator: PlannedOperator;
  /** An application stays with the source of the beginning, whatever the name says. */
  readonly clings: boolean;
}

/** `source`, or one of its replicas; the operator would promote `heir`. */
export type Part = 'source' | 'heir' | 'second' | 'third';
export type WatcherNumber = 1 | 2 | 3;
export type Nameserver = 'ns1' | 'ns2';
/** The end of a cut link. */
export type End = Part | Nameserver | 'w1' | 'w2' | 'w3' | 'app';
export type HandEdit = 'other-address' | 'no-address' | 'ttl' | 'no-ledger';

export type Fault =
  | { readonly kind: 'kill-mysqld' | 'hang-mysqld' | 'restart-mysqld'; readonly server: Part }
  | { readonly kind: 'cut'; readonly one: End; readonly other: End; readonly oneWay: boolean }
  | { readonly kind: 'isolate' | 'slow-link'; readonly host: End }
  | {
      readonly kind: 'kill-named' | 'hang-named' | 'restart-named' | 'disk-full';
      readonly nameserver: Nameserver;
    }
  | { readonly kind: 'clock'; readonly watcher: WatcherNumber; readonly minutes: number }
  | {
      readonly kind: 'kill-watcher';
      readonly watcher: WatcherNumber;
      readonly times: number;
      readonly forgets: boolean;
    }
  | { readonly kind: 'hang-watcher' | 'restart-watcher'; readonly watcher: WatcherNumber }
  | { readonly kind: 'hand'; readonly edit: HandEdit };

/** A fault, its beginning after the beginning of the round, and its duration. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly atMs: number;
  readonly forMs: number;
}

/**
 * `unfenced`: the old source stays as it is, at a switchover for a moment. `left-open`: the same, for good,
 * and the operator tells source-dns where the name belongs. `no-catch-up`: the heir is not brought up to
 * date. `half`, `none-repointed`: replicas are forgotten.
 */
export type Mistake = 'none' | 'unfenced' | 'left-open' | 'no-catch-up' | 'half' | 'none-repointed';

export type PlannedOperator =
  | { readonly act: 'nothing' }
  | { readonly act: 'switchover'; readonly atMs: number; readonly mistake: Mistake }
  | { readonly act: 'failover'; readonly atMs: number; readonly mistake: Mistake; readonly back: Return };

/**
 * The old source comes back as it is configured, writable, and stays so for a while; a script may write to
 * it.
 */
export interface Return {
  readonly forMs: number;
  readonly staleWrite: boolean;
}

/** Plans one round. `servers`, `watchers`: how many there are. `fences`: former sources are fenced. */
export function planRound(seed: number, round: number, world: WorldSize): RoundPlan {
  const chance = createPrng(seed * 100_003 + round);
  const scenario = chance.next();
  if (world.fences && chance.chance(0.75)) return oldSourceLives(chance, round, world);
  if (scenario < 0.45) return failover(chance, round, world);
  if (scenario < 0.75) return switchover(chance, round, world);
  const first = anyFault(chance, world, false);
  const second = chance.chance(0.5) ? [anyFault(chance, world, false)] : [];
  return { round, faults: withoutTwins([first, ...second]), operator: { act: 'nothing' }, clings: false };
}

interface WorldSize {
  readonly servers: number;
  readonly watchers: number;
  readonly fences: boolean;
}

/**
 * The old source lives, or returns from a crash, a hang or a cut network, and an application has stayed with
 * it.
 */
function oldSourceLives(chance: Prng, round: number, world: WorldSize): RoundPlan {
  const atMs = chance.between(300, 1500);
  const how = chance.pick(['kill-mysqld', 'hang-mysqld', 'isolate', 'left-open'] as const);
  const more = chance.chance(0.4) ? [duringMove(chance, anyFault(chance, world, true), atMs)] : [];
  if (how === 'left-open') {
    const operator = { act: 'switchover', atMs, mistake: 'left-open' } as const;
    return { round, faults: more, operator, clings: true };
  }
  const fault: Fault = how === 'isolate' ? { kind: how, host: 'source' } : { kind: how, server: 'source' };
  // Away until the name has moved.
  const lost: PlannedFault = { fault, atMs: 0, forMs: atMs + chance.between(4000, 7000) };
  const mistake = how === 'kill-mysqld' ? 'none' : 'unfenced';
  const back = { forMs: chance.between(0, 500), staleWrite: chance.chance(0.7) };
  const operator = { act: 'failover', atMs, mistake, back } as const;
  return { round, faults: withoutTwins([lost, ...more]), operator, clings: true };
}

function failover(chance: Prng, round: number, world: WorldSize): RoundPlan {
  const atMs = chance.between(300, 2500);
  const kind = chance.pick(['kill-mysqld', 'kill-mysqld', 'hang-mysqld', 'isolate'] as const);
  const fault: Fault = kind === 'isolate' ? { kind, host: 'source' } : { kind, server: 'source' };
  const lost: PlannedFault = { fault, atMs: 0, forMs: atMs + chance.between(500, 5000) };
  const more = chance.chance(0.65) ? [duringMove(chance, anyFault(chance, world, true), atMs)] : [];
  const mistake = chance.chance(0.65)
    ? 'none'
    : chance.pick<Mistake>(['unfenced', 'no-catch-up', 'half', 'none-repointed']);
  const back = { forMs: chance.between(200, 2500), staleWrite: chance.chance(0.5) };
  const operator = { act: 'failover', atMs, mistake, back } as const;
  return { round, faults: withoutTwins([lost, ...more]), operator, clings: false };
}

function switchover(chance: Prng, round: number, world: WorldSize): RoundPlan {
  const atMs = chance.between(0, 1500);
  const more = chance.chance(0.75) ? [duringMove(chance, anyFault(chance, world, true), atMs)] : [];
  const mistake = chance.chance(0.65) ? 'none' : chance.pick<Mistake>(['unfenced', 'half', 'none-repointed']);
  return { round, faults: more, operator: { act: 'switchover', atMs, mistake }, clings: false };
}

/** Every second fault strikes in the middle of the move: a promotion takes some tenths of a second. */
function duringMove(chance: Prng, fault: PlannedFault, atMs: number): PlannedFault {
  const struck = atMs + chance.between(0, 500);
  return chance.chance(0.5) ? { ...fault, atMs: struck } : fault;
}

/**
 * `moving`: an operator moves the source in this round, so a few faults would leave no instance that could
 * tell where the name belongs.
 */
function anyFault(chance: Prng, world: WorldSize, moving: boolean): PlannedFault {
  const atMs = chance.between(0, 1500);
  const forMs = chance.between(300, 6000);
  const watcher = chance.between(1, world.watchers) as WatcherNumber;
  const nameserver = chance.pick(['ns1', 'ns1', 'ns2'] as const);
  const replica = chance.pick<Part>(world.servers === 4 ? ['heir', 'second', 'third'] : ['heir', 'second']);
  const part = moving ? replica : chance.pick(['source', 'source', replica] as const);
  const faults: readonly (() => Fault)[] = [
    () => ({ kind: chance.pick(['kill-mysqld', 'hang-mysqld', 'restart-mysqld'] as const), server: part }),
    () => ({ kind: 'cut', ...ends(chance, world, replica), oneWay: chance.chance(0.5) }),
    () => ({ kind: 'cut', ...ends(chance, world, replica), oneWay: chance.chance(0.5) }),
    () => ({ kind: 'isolate', host: chance.pick<End>([part, `w${watcher}`, nameserver, 'app']) }),
    () => ({ kind: 'slow-link', host: chance.pick<End>([part, `w${watcher}`, nameserver]) }),
    () => ({
      kind: chance.pick(['kill-named', 'kill-named', 'hang-named', 'restart-named'] as const),
      nameserver,
    }),
    () => ({ kind: 'disk-full', nameserver }),
    () => ({ kind: 'clock', watcher, minutes: chance.pick([-20, -3, 3, 20]) }),
    () => ({ kind: 'kill-watcher', watcher, times: chance.between(1, 4), forgets: chance.chance(0.4) }),
    () => ({ kind: chance.pick(['hang-watcher', 'hang-watcher', 'restart-watcher'] as const), watcher }),
    () => ({
      kind: 'hand',
      edit: chance.pick<HandEdit>(
        moving ? ['other-address', 'ttl'] : ['other-address', 'no-address', 'ttl', 'no-ledger'],
      ),
    }),
  ];
  return { fault: chance.pick(faults)(), atMs, forMs };
}

function ends(chance: Prng, world: WorldSize, replica: Part): { readonly one: End; readonly other: End } {
  const watcher = `w${chance.between(1, world.watchers)}` as End;
  return chance.pick<{ one: End; other: End }>([
    { one: watcher, other: chance.pick<End>(['source', replica]) },
    { one: watcher, other: 'ns1' },
    { one: watcher, other: 'ns2' },
    { one: 'source', other: replica },
    { one: 'ns1', other: 'ns2' },
    { one: 'app', other: chance.pick<End>(['source', 'ns1']) },
  ]);
}

/** Each subject has one fault at a time, so that mending one fault does not mend another. */
function withoutTwins(faults: readonly PlannedFault[]): readonly PlannedFault[] {
  const subjects = new Set<string>();
  const forgetful = faults.some(({ fault }) => fault.kind === 'kill-watcher');
  return faults.filter(({ fault }) => {
    const subject = subjectOf(fault);
    // An instance must remember the vanished ledger, or nobody knows that there was one.
    const unfair = fault.kind === 'hand' && fault.edit === 'no-ledger' && forgetful;
    const twin = subjects.has(subject) || unfair;
    subjects.add(subject);
    return !twin;
  });
}

const subjectOf = (fault: Fault): string =>
  'server' in fault
    ? fault.server
    : 'nameserver' in fault
      ? fault.nameserver
      : 'watcher' in fault
        ? `w${fault.watcher}`
        : 'host' in fault
          ? fault.host
          : 'one' in fault
            ? `${fault.one} ${fault.other}`
            : fault.kind;

/** The plan in words, for people and for a replay by hand. */
export function describe({ faults, operator }: RoundPlan): string {
  const mistake = operator.act === 'nothing' || operator.mistake === 'none' ? '' : ` ${operator.mistake}`;
  const done = operator.act === 'nothing' ? 'nobody acts' : `${operator.act} at ${operator.atMs}${mistake}`;
  const back =
    operator.act === 'failover'
      ? `, back for ${operator.back.forMs}${operator.back.staleWrite ? ' with a stale write' : ''}`
      : '';
  return `${faults.map(describeFault).join(', ') || 'no fault'}; ${done}${back}`;
}

function describeFault({ fault, atMs, forMs }: PlannedFault): string {
  const { kind, ...rest } = fault;
  const words = Object.entries(rest).flatMap(([key, value]) =>
    value === true ? [key] : value === false ? [] : [`${value}`],
  );
  return `${kind} ${words.join(' ')} (${atMs}+${forMs})`;
}
