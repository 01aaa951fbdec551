/** Everything that chance decides about a run's course, resolved up front from the seed: a failing run prints it. */

import type { Prng } from './prng.ts';
import { createPrng } from './prng.ts';
import type { InstanceName } from './settings.ts';
import { addresses, instanceNames } from './settings.ts';

/** The longest `probeTimeoutMs`. */
export const slowestProbeMs = 4900;

/** How bad the network is. Probabilities of one exchange, times in milliseconds. */
export interface Weather {
  readonly rttMs: number;
  /** A probe or a read takes up to its deadline, and beyond. */
  readonly slow: number;
  readonly lostRequest: number;
  /** Of updates alone. */
  readonly lostUpdate: number;
  readonly lostAnswer: number;
  /** An update arrives long after its sender gave up. */
  readonly late: number;
  /** An update arrives once more, later. */
  readonly twice: number;
  /** What is read is so much older than what was written (inline signing). */
  readonly readLagMs: number;
  readonly fudgeMs: number;
  /** Longer than `fresh_for` is allowed: a server that hangs is then stale before it is unknown. */
  readonly probeTimeoutMs: number;
}

/** Servers are numbered from 0; `to` counts among those that the act could mean. */
export type Act = { readonly at: number } & (
  | {
      readonly kind: 'switchover';
      readonly to: number;
      readonly mistake: 'none' | 'promote-first' | 'two' | 'half';
      readonly stepMs: number;
    }
  | { readonly kind: 'lose-source'; readonly how: 'kill' | 'hang'; readonly backMs: number }
  | { readonly kind: 'failover'; readonly to: number; readonly mistake: 'none' | 'two' | 'half' | 'no-repoint'; readonly stepMs: number }
  | {
      readonly kind: 'away';
      readonly server: number;
      readonly how: 'kill' | 'hang' | 'refuse';
      readonly forMs: number;
      readonly readOnly: boolean;
    }
  | { readonly kind: 'read-only'; readonly forMs: number }
  | { readonly kind: 'stranger'; readonly server: number }
  | { readonly kind: 'mend'; readonly rebuild: boolean }
  | { readonly kind: 'partition'; readonly instance: InstanceName; readonly servers: readonly number[]; readonly forMs: number }
  | { readonly kind: 'cut-nameserver'; readonly instance: InstanceName; readonly forMs: number }
  | { readonly kind: 'crash'; readonly instance: InstanceName; readonly forMs: number; readonly forgets: boolean }
  | { readonly kind: 'clock'; readonly instance: InstanceName; readonly ms: number }
  | { readonly kind: 'suspend'; readonly instance: InstanceName; readonly forMs: number }
  | { readonly kind: 'stall'; readonly instance: InstanceName; readonly forMs: number }
  | { readonly kind: 'hand'; readonly edit: 'address' | 'no-address' | 'ttl' | 'no-ledger'; readonly to: number; readonly forMs: number }
  | { readonly kind: 'freeze'; readonly instance: InstanceName; readonly forMs: number }
  | { readonly kind: 'follow'; readonly instance: InstanceName; readonly to: number; readonly force: boolean }
);

/** What happens to one instance of source-dns, or through it. */
export type InstanceAct = Extract<Act, { readonly instance: InstanceName }>;

export interface Script {
  readonly seed: number;
  readonly weather: Weather;
  readonly acts: readonly Act[];
  /** The faults stop. */
  readonly calmAt: number;
  /** By then all must be well. */
  readonly settledAt: number;
  readonly endAt: number;
}

export const faultsForMs = 45_000;
export const settleForMs = 20_000;
export const silenceForMs = 8000;

export function scriptOf(seed: number): Script {
  const chance = createPrng(seed);
  const calmAt = faultsForMs;
  return {
    seed,
    weather: weatherOf(chance),
    acts: actsOf(chance, calmAt)
      .filter((act) => act.at < calmAt)
      .toSorted((a, b) => a.at - b.at),
    calmAt,
    settledAt: calmAt + settleForMs,
    endAt: calmAt + settleForMs + silenceForMs,
  };
}

function weatherOf(chance: Prng): Weather {
  const foul = chance.pick([0, 0.5, 1, 2]);
  return {
    rttMs: chance.pick([1, 5, 30]),
    slow: 0.02 * foul,
    lostRequest: 0.02 * foul,
    lostUpdate: 0.08 * foul,
    lostAnswer: 0.05 * foul,
    late: 0.15 * foul,
    twice: 0.08 * foul,
    readLagMs: chance.pick([0, 0, 3, 40]),
    fudgeMs: chance.pick([5000, 10_000]),
    probeTimeoutMs: chance.pick([900, 900, slowestProbeMs]),
  };
}

function actsOf(chance: Prng, until: number): Act[] {
  const acts: Act[] = [];
  const instance = () => chance.pick(instanceNames);
  const server = () => chance.int(addresses.length);
  let at = chance.between(4000, 7000);
  while (at < until - 3000) {
    acts.push(...actAt(chance, at, instance(), server()));
    // Sometimes one misfortune comes with another.
    at += chance.chance(0.35) ? chance.between(0, 900) : chance.between(1000, 8000);
  }
  return acts;
}

function actAt(chance: Prng, at: number, instance: InstanceName, server: number): Act[] {
  const forMs = chance.between(500, 9000);
  const stepMs = chance.pick([20, 200, 1500]);
  const to = server;
  switch (chance.int(19)) {
    case 0:
    case 1:
    case 2:
      return [{ at, kind: 'switchover', to, mistake: chance.pick(['none', 'none', 'promote-first', 'two', 'half']), stepMs }];
    case 3:
    case 4:
    case 5:
      return outage(chance, at, to, stepMs);
    case 6:
    case 7:
      return [{ at, kind: 'away', server, how: chance.pick(['kill', 'hang', 'refuse']), forMs, readOnly: chance.chance(0.4) }];
    case 8:
      return [{ at, kind: 'stranger', server }];
    case 9:
    case 10:
      return [{ at, kind: 'partition', instance, servers: addresses.flatMap((_, i) => (chance.chance(0.55) ? [i] : [])), forMs }];
    case 11:
      return [{ at, kind: 'cut-nameserver', instance, forMs }];
    case 12:
      return [{ at, kind: 'crash', instance, forMs, forgets: chance.chance(0.5) }];
    case 13:
      return [{ at, kind: 'clock', instance, ms: chance.pick([-3000, -1200, 500, 1500, 3000]) }];
    case 14:
      return [{ at, kind: 'hand', edit: chance.pick(['address', 'no-address', 'ttl', 'no-ledger']), to, forMs }];
    case 17:
      return [
        { at, kind: chance.chance(0.6) ? 'suspend' : 'stall', instance, forMs },
        ...(chance.chance(0.6) ? [{ at: at + chance.int(forMs), kind: 'hand', edit: 'no-address', to, forMs: 0 } as const] : []),
      ];
    case 15:
      return [{ at, kind: 'freeze', instance, forMs }];
    case 16:
      return [{ at, kind: 'mend', rebuild: chance.chance(0.7) }];
    default:
      return chance.chance(0.5)
        ? [{ at, kind: 'follow', instance, to, force: chance.chance(0.3) }]
        : [{ at, kind: 'read-only', forMs: Math.min(forMs, 3000) }];
  }
}

/** The source is lost, and what comes with it: a replica of the same rack that comes back writable, an administrator who points the name somewhere, a failover, a repair. */
function outage(chance: Prng, at: number, to: number, stepMs: number): Act[] {
  const failedOver = at + chance.between(300, 5000);
  const acts: Act[] = [
    { at, kind: 'lose-source', how: chance.pick(['kill', 'hang']), backMs: chance.between(1000, chance.pick([4000, 20_000])) },
    { at: failedOver, kind: 'failover', to, mistake: chance.pick(['none', 'none', 'two', 'half', 'no-repoint']), stepMs },
  ];
  if (chance.chance(0.3)) {
    const forMs = chance.between(500, 3000);
    acts.push({ at: at + chance.between(0, 300), kind: 'away', server: chance.int(addresses.length), how: 'kill', forMs, readOnly: false });
  }
  if (chance.chance(0.4)) {
    const byHand = at + chance.between(200, 5000);
    acts.push({ at: byHand, kind: 'hand', edit: chance.pick(['address', 'no-address']), to: chance.int(addresses.length), forMs: 0 });
  }
  if (chance.chance(0.6)) acts.push({ at: failedOver + chance.between(2000, 12_000), kind: 'mend', rebuild: chance.chance(0.7) });
  return acts;
}
