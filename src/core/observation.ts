import type { GtidSet } from './gtid.ts';
import type { ServerAddress, ServerId } from './units.ts';

/** What one probe of one server brought. `unknown` is never "down": it only says that nothing came by the deadline. */
export type Probe =
  | { readonly kind: 'reachable'; readonly facts: ServerFacts }
  /** It refused: too many connections, access denied, host blocked. So it lives. */
  | { readonly kind: 'alive'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure };

/** An expected failure, as a value: a stable code, what happened, and what to do next. Never holds a secret. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** One server at one moment. What a flavour or version lacks is optional in the type. */
export interface ServerFacts {
  readonly id: ServerId;
  readonly flavour: 'mysql' | 'mariadb';
  readonly version: Version;
  /** Which of our connections asked: the same number means the same server process. */
  readonly session: number;
  /** Seconds since the server process began (`Uptime`). */
  readonly uptimeSeconds: number;
  readonly readOnly: boolean;
  readonly superReadOnly: boolean;
  readonly offlineMode: boolean;
  readonly channels: readonly Channel[];
  /** Absent where the server runs without GTIDs. */
  readonly gtidExecuted?: GtidSet;
  readonly group?: Group;
}

/** Compared as numbers, never as strings: there is 5.7, 8.4, 9.7 and 26.1. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** As the server says it, e.g. `9.7.4-0debian1`. */
  readonly text: string;
}

/** One replication channel of a replica (manual 19.2.2). */
export interface Channel {
  readonly name: string;
  /** Absent until the receiver has been connected once. */
  readonly sourceId?: ServerId;
  /** `host:port` that the receiver connects to: may be the very name that we publish, so never an identity by itself. */
  readonly sourceAddress: ServerAddress;
  readonly receiver: 'on' | 'connecting' | 'off';
  /** Milliseconds since the last heartbeat or event came from the source; absent: none since the receiver was started. */
  readonly heardAgoMs?: number;
  /** 0: heartbeats are off. */
  readonly heartbeatMs: number;
  readonly applier: 'on' | 'off';
  readonly lagSeconds?: number;
  readonly retrieved?: GtidSet;
  /** SOURCE_CONNECTION_AUTO_FAILOVER: the replica may choose another source by itself (manual 19.4.9). */
  readonly autoFailover: boolean;
  /** The last error of receiver or applier, as the server words it (bounded). */
  readonly lastError?: string;
}

/** Group Replication as one member sees it. */
export interface Group {
  readonly name: string;
  readonly singlePrimary: boolean;
  readonly members: readonly GroupMember[];
}

export interface GroupMember {
  readonly id: ServerId;
  readonly state: 'ONLINE' | 'RECOVERING' | 'OFFLINE' | 'ERROR' | 'UNREACHABLE';
  readonly role: 'PRIMARY' | 'SECONDARY' | '';
}

export const isWritable = (facts: ServerFacts): boolean => !facts.readOnly && !facts.superReadOnly && !facts.offlineMode;

/** Splits `host:port` or `[addr]:port`. */
export function splitAddress(address: ServerAddress): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) };
}
