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
  /** The message takes as long as its sender waits, or longer. */
  readonly slow: number;
  /** A datagram is lost; a TCP segment arrives one retransmission later. */
  readonly lost: number;
  /** An update arrives long after its sender gave up. */
  readonly late: number;
  /** A datagram arrives twice; somebody sends a recorded update once more. */
  readonly twice: number;
  /** Somebody without the key answers first. */
  readonly forged: number;
  /** A read shows the zone of so many milliseconds ago (inline signing). */
  readonly readLagMs: number;
  readonly fudgeMs: number;
  /** May be longer than `fresh_for`: a server that hangs is then stale before it is unknown. */
  readonly probeTimeoutMs: number;
  /** A new connection to a server waits behind others, and is not open by the deadline of the probe. */
  readonly waits: number;
  /** The process watches so many clusters that a probe waits so long at most. 0: it does not. */
  readonly crowdMs: number;
  /** A receiver says ON for so long after it last heard of its source (replica_net_timeout). */
  readonly netTimeoutMs: number;
}

/** What the world is made of. */
/** How often an instance asks, and how long an answer counts, in milliseconds. */
export interface Pace {
  /** `interval`: also the silence between two readings of the zone. */
  readonly intervalMs: number;
  /** `fresh_for` */
  readonly freshForMs: number;
}

export interface Shape {
  readonly servers: number;
  /** The servers are one group with a single primary, and replicate in no other way. */
  readonly group: boolean;
  readonly versions: readonly string[];
  /** `changing`: from ON to OFF and back, while everything goes on. */
  readonly gtidMode: GtidMode | 'changing';
  /** SOURCE_DELAY of every replica. */
  readonly delayMs: number;
  readonly instances: number;
  readonly pace: Pace;
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
  /** `fence:`. */
  readonly fences: boolean;
  /** This instance runs a later version. */
  readonly later?: InstanceName;
  /** The clocks of an instance are so much faster than true time. */
  readonly drift: Readonly<Partial<Record<InstanceName, number>>>;
}

/** Servers are numbered from 0; `to` counts among the servers that the act may mean. */
export type Act = { readonly at: number } & (
  | {
      readonly kind: 'switchover';
      /** `former`: back to the source before the present source. */
      readonly to: number | 'former';
      readonly mistake: 'none' | 'promote-first' | 'two' | 'half';
      readonly stepMs: number;
    }
  /** `tail`: so many of the newest transactions are gone when the source comes back. */
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
  /**
   * A switch closes the source for a while. `promotes`: people then promote a replica. `refuses`: the source
   * tells our account so before it can look.
   */
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
  /**
   * Somebody makes a replica writable while it replicates, or takes its channel away first (`reset`). The
   * mistake is noticed later.
   */
  | { readonly kind: 'writable'; readonly server: number; readonly reset: boolean; readonly forMs: number }
  /**
   * The process ends, and a new process is there soon: writable or read-only, as its configuration file says.
   * `former`: the source before the present source.
   */
  | {
      readonly kind: 'restart';
      readonly who: 'source' | 'former' | number;
      readonly downMs: number;
      readonly readOnly: boolean;
    }
  | { readonly kind: 'stranger'; readonly server: number }
  /**
   * At the address of the source before the present source is another host for a while: rebuilt from a
   * backup, with a UUID of its own, and writable.
   */
  | { readonly kind: 'swap'; readonly forMs: number }
  | { readonly kind: 'mend'; readonly rebuild: boolean }
  /** These ways carry nothing. A way leads from one host to another, and the way back is a way of its own. */
  | {
      readonly kind: 'cut';
      readonly ways: readonly (readonly [from: string, to: string])[];
      readonly forMs: number;
    }
  | { readonly kind: 'crash-nameserver'; readonly when: CrashMoment; readonly forMs: number }
  /** The key loses its right to change all names, the name of the ledger, or the name of the source. */
  | { readonly kind: 'policy'; readonly denies: 'all' | 'ledger' | 'source'; readonly forMs: number }
  /**
   * The host name resolves to an address without a server, to another server, or to its own and another
   * address.
   */
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
      /** `backup`: the zone as it is now is put back later, over everything. */
      readonly edit: 'address' | 'no-address' | 'ttl' | 'no-ledger' | 'everything' | 'backup';
      readonly to: number;
      readonly forMs: number;
    }
  | { readonly kind: 'freeze'; readonly instance: InstanceName; readonly forMs: number }
  | { readonly kind: 'follow'; readonly instance: InstanceName; readonly to: number; readonly force: boolean }
  /** The hook of a failover tool names the promoted server: mostly once. */
  | { readonly kind: 'hook'; readonly instance: InstanceName; readonly times: number }
  /** It announces a server that it will promote. */
  | { readonly kind: 'announce'; readonly instance: InstanceName; readonly server: number }
  /** The server that people left away comes back, and some client has written to it. */
  | { readonly kind: 'return'; readonly readOnly: boolean }
);

/** What happens to one instance of source-dns, or through it. */
export type InstanceAct = Extract<Act, { readonly instance: InstanceName }>;

/** Faults, then calm. All times count from the beginning of the chapter. */
export interface Chapter {
  /** How the weather of the script changes until the faults stop. */
  readonly air?: Partial<Weather>;
  readonly acts: readonly Act[];
  /** When the faults stop. What happens later than that must change nothing in the zone. */
  readonly calmAt: number;
  /** When all must be well. */
  readonly settledAt: number;
  readonly endAt: number;
  /** When the faults stop, people leave this server away: a former source, if there is one. */
  readonly leaves?: { readonly server: number; readonly how: 'kill' | 'hang' };
}

export interface Script {
  readonly seed: number;
  readonly shape: Shape;
  readonly weather: Weather;
  /** Mostly one. A life has many. */
  readonly chapters: readonly Chapter[];
}

export const faultsForMs = 45_000;
export const settleForMs = 20_000;
export const silenceForMs = 8000;

/** The shape of a simple world. Every third world is different in something. */
export const plainShape: Shape = {
  servers: 4,
  group: false,
  versions: ['9.7.4', '9.7.4', '9.7.4', '9.7.4', '9.7.4'],
  gtidMode: 'ON',
  delayMs: 0,
  instances: 2,
  pace: { intervalMs: 1000, freshForMs: 2500 },
  transport: 'tcp',
  resolves: false,
  alias: false,
  withdraws: false,
  guarded: false,
  fences: false,
  drift: {},
};
