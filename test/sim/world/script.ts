/** What a script of the simulated world is: its shape, its weather and its acts. A failing run prints it. */

import type { GtidMode } from '../../../src/core/model/observation.ts';
import type { SwitchName } from '../../support/fake-mysql.ts';
import type { CrashMoment } from './nameserver.ts';
import type { InstanceName } from './settings.ts';
import type { ZoneOdds } from './zone-odds.ts';

/** The longest `probeTimeoutMs`. */
export const slowestProbeMs = 4900;

/** How bad the network is. Probabilities of one message, times in milliseconds. */
export interface Weather {
  readonly rttMs: number;
  /** It takes up to its sender's patience, and beyond. */
  readonly slow: number;
  /** A datagram is lost; what goes over TCP comes a retransmission later. */
  readonly lost: number;
  /** An update arrives long after its sender gave up. */
  readonly late: number;
  /** A datagram arrives twice; somebody sends a recorded update once more. */
  readonly twice: number;
  /** Somebody without the key answers first. */
  readonly forged: number;
  /** What is read is so much older than what was written (inline signing). */
  readonly readLagMs: number;
  readonly fudgeMs: number;
  /** Longer than `fresh_for` is allowed: a server that hangs is then stale before it is unknown. */
  readonly probeTimeoutMs: number;
  /** A receiver says ON for so long after it has heard of its source the last time (replica_net_timeout). */
  readonly netTimeoutMs: number;
}

/** What the world is made of. */
export interface Shape {
  readonly servers: number;
  /** They are one group with a single primary, and nobody replicates otherwise. */
  readonly group: boolean;
  readonly versions: readonly string[];
  /** `changing`: from ON to OFF and back, while all goes on. */
  readonly gtidMode: GtidMode | 'changing';
  /** SOURCE_DELAY of every replica. */
  readonly delayMs: number;
  readonly instances: number;
  readonly transport: 'tcp' | 'udp';
  /** Servers without `publish`: their addresses are those that the host name resolves to. */
  readonly resolves: boolean;
  /** The name is a CNAME. */
  readonly alias: boolean;
  readonly replicas?: 'source' | 'keep' | 'withdraw';
  readonly zone?: ZoneOdds;
  /** `on_no_source: withdraw`. */
  readonly withdraws: boolean;
  /** `gtid_guard: hold`. */
  readonly guarded: boolean;
  /** It runs a later version. */
  readonly later?: InstanceName;
  /** So much faster than true time the clocks of an instance go. */
  readonly drift: Readonly<Partial<Record<InstanceName, number>>>;
}

/** Servers are numbered from 0; `to` counts among those it could mean. */
export type Act = { readonly at: number } & (
  | {
      readonly kind: 'switchover';
      readonly to: number;
      readonly mistake: 'none' | 'promote-first' | 'two' | 'half';
      readonly stepMs: number;
    }
  /** `tail`: so many of its newest transactions are gone when it comes back. */
  | {
      readonly kind: 'lose-source';
      readonly how: 'kill' | 'hang';
      readonly backMs: number;
      readonly tail: number;
    }
  | {
      readonly kind: 'failover';
      readonly to: number;
      readonly mistake: 'none' | 'two' | 'half' | 'no-repoint';
      readonly stepMs: number;
    }
  | {
      readonly kind: 'away';
      readonly server: number;
      readonly how: 'kill' | 'hang' | 'refuse';
      readonly forMs: number;
      readonly readOnly: boolean;
    }
  | { readonly kind: 'read-only'; readonly forMs: number }
  /** The source is closed by another switch for a while; `promotes`: people promote a replica then. `refuses`: our account is told so before it can look. */
  | {
      readonly kind: 'switch';
      readonly variable: SwitchName;
      readonly refuses: boolean;
      readonly promotes: boolean;
      readonly to: number;
      readonly forMs: number;
    }
  /** A member leaves its group in order (STOP GROUP_REPLICATION), and joins again. */
  | { readonly kind: 'leave'; readonly server: number; readonly forMs: number }
  /** Somebody makes a replica writable while it is one, or takes its channel away first (`reset`); the mistake is noticed later. */
  | { readonly kind: 'writable'; readonly server: number; readonly reset: boolean; readonly forMs: number }
  /** The process ends, and another one is there soon: writable or read-only, as its configuration file says. `former`: the source before the present one. */
  | {
      readonly kind: 'restart';
      readonly who: 'source' | 'former' | number;
      readonly downMs: number;
      readonly readOnly: boolean;
    }
  | { readonly kind: 'stranger'; readonly server: number }
  | { readonly kind: 'mend'; readonly rebuild: boolean }
  /** These ways carry nothing; a way leads from one host to another, and back again only if that is said too. */
  | {
      readonly kind: 'cut';
      readonly ways: readonly (readonly [from: string, to: string])[];
      readonly forMs: number;
    }
  | { readonly kind: 'crash-nameserver'; readonly when: CrashMoment; readonly forMs: number }
  /** The key loses its right to change all of the names, the ledger's, or the source's. */
  | { readonly kind: 'policy'; readonly denies: 'all' | 'ledger' | 'source'; readonly forMs: number }
  /** What its host name resolves to: nobody is there, another server is, or it is beside another one. */
  | {
      readonly kind: 'resolver';
      readonly server: number;
      readonly says: 'nobody' | 'other' | 'both';
      readonly forMs: number;
    }
  | {
      readonly kind: 'crash';
      readonly instance: InstanceName;
      readonly forMs: number;
      readonly forgets: boolean;
    }
  | { readonly kind: 'clock'; readonly instance: InstanceName; readonly ms: number }
  | { readonly kind: 'suspend'; readonly instance: InstanceName; readonly forMs: number }
  | { readonly kind: 'stall'; readonly instance: InstanceName; readonly forMs: number }
  | {
      readonly kind: 'hand';
      readonly edit: 'address' | 'no-address' | 'ttl' | 'no-ledger' | 'everything';
      readonly to: number;
      readonly forMs: number;
    }
  | { readonly kind: 'freeze'; readonly instance: InstanceName; readonly forMs: number }
  | { readonly kind: 'follow'; readonly instance: InstanceName; readonly to: number; readonly force: boolean }
  /** A failover tool's hook names the server that it promoted: mostly once. */
  | { readonly kind: 'hook'; readonly instance: InstanceName; readonly times: number }
);

/** What happens to one instance of source-dns, or through it. */
export type InstanceAct = Extract<Act, { readonly instance: InstanceName }>;

export interface Script {
  readonly seed: number;
  readonly shape: Shape;
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

/** The mostly harmless shape, and in every third world something else. */
export const plainShape: Shape = {
  servers: 4,
  group: false,
  versions: ['9.7.4', '9.7.4', '9.7.4', '9.7.4', '9.7.4'],
  gtidMode: 'ON',
  delayMs: 0,
  instances: 2,
  transport: 'tcp',
  resolves: false,
  alias: false,
  withdraws: false,
  guarded: false,
  drift: {},
};
