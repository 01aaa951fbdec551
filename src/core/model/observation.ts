/** The result of one probe: the facts of a server, or why there are none. */

import { type GtidSet, isMariadbKey, writerOf } from '../gtid/gtid-set.ts';
import type { ServerAddress, ServerId } from './units.ts';

/** Our own connection to the server was not open yet: that says nothing about the server. */
export interface Unasked {
  readonly kind: 'unasked';
  readonly failure: Failure;
}

/** For a command that looks once: no answer is no answer. */
export const lookedOnce = (seen: Probe | Unasked): Probe =>
  seen.kind === 'unasked' ? { ...seen, kind: 'unknown' } : seen;

/** `unknown` is never "down": nothing came by the deadline. */
export type Probe =
  | { readonly kind: 'reachable'; readonly facts: ServerFacts }
  /**
   * It lives, but refused (too many connections, access denied, host blocked). `servesNobody`: these words
   * refuse every client (offline_mode), so no client can write there.
   */
  | { readonly kind: 'alive'; readonly failure: Failure; readonly servesNobody?: true }
  | { readonly kind: 'unknown'; readonly failure: Failure };

/** An expected failure: a stable code, what happened, what to do next. Never has a secret. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Where a new connection shall begin. */
export interface Places {
  /** Where it answered: tried after the resolver's addresses, which may be ahead of a move. */
  readonly known: readonly string[];
  /** Where another server answered: tried last. */
  readonly refuted: readonly string[];
}

/** One server at one moment. A flavour or version may lack the optional fields. */
export interface ServerFacts {
  readonly id: ServerId;
  readonly flavour: 'mysql' | 'mariadb';
  readonly version: Version;
  /** Our connection: the same number means the same server process. */
  readonly session: number;
  /** The IP address of the answer in plain text (an IPv4-mapped one as IPv4). Absent: not known. */
  readonly peer?: string | undefined;
  /** Seconds since the server process began (`Uptime`). */
  readonly uptimeSeconds: number;
  /** Its own `@@hostname` and `@@port`: not where anybody reaches it. */
  readonly home?: ServerAddress | undefined;
  readonly readOnly: boolean;
  readonly superReadOnly: boolean;
  readonly offlineMode: boolean;
  /** What else refuses writes now. Absent: nothing. */
  readonly switches?: readonly WriteSwitch[] | undefined;
  readonly channels: readonly Channel[];
  /** Registered replicas, perhaps also former ones. Absent: not asked, or our account may not ask. */
  readonly replicas?: readonly ReportedReplica[] | undefined;
  /**
   * Absent if its own transactions get no GTID, or cannot be compared. For MariaDB: from its positions
   * (mariadb-gtid.ts). In `ON_PERMISSIVE`, transactions that it replicated may be missing.
   */
  readonly gtidExecuted?: GtidSet | undefined;
  /** In `OFF_PERMISSIVE`, and without MariaDB's binary log: surely executed, perhaps among others. */
  readonly gtidReplicated?: GtidSet | undefined;
  /** MySQL's `gtid_mode`. */
  readonly gtidMode?: GtidMode | undefined;
  /** `server_id`, if replicas know this source by it (MariaDB has no server UUID). */
  readonly serverId?: number | undefined;
  readonly positions?: MariadbPositions | undefined;
  /** The end of the binary log in every `gtid_mode` but ON, if our account may see it. */
  readonly binlogEnd?: Coordinates | undefined;
  readonly group?: Group | undefined;
  readonly wsrep?: Wsrep | undefined;
  readonly managed?: ManagedCluster | undefined;
}

/** A variable that refuses writes now, whatever read_only says. */
export interface WriteSwitch {
  readonly variable: 'innodb_read_only' | 'innodb_force_recovery' | 'transaction_read_only' | 'tx_read_only';
  /** As the server says it: `ON`, `4`. */
  readonly value: string;
}

/** A row of `SHOW REPLICAS` (manual 15.7.7.36): the replica's own unproven word. */
export interface ReportedReplica {
  /** `report_host` and `report_port`. */
  readonly address: ServerAddress;
  readonly claim: Claim;
}

/** A claimed identity: a server UUID, or MariaDB's `server_id`. */
export type Claim = ServerId | number;

export const isClaimed = (claim: Claim, { id, serverId }: ServerFacts): boolean =>
  claim === id || claim === serverId;

/** A position in a server's binary log. Positions of two files or two servers cannot be compared. */
export interface Coordinates {
  readonly file: string;
  /** Bytes from the beginning of the file. */
  readonly position: number;
}

/** The newest GTID of each domain (MariaDB manual, "Global Transaction ID", System Variables). */
export interface MariadbPositions {
  /** Executed by the appliers. */
  readonly replica: GtidSet;
  /** Where this server would begin as a replica. */
  readonly current: GtidSet;
}

/** A server is changed online by one step at a time (manual 19.1.4). */
export const gtidModes = ['OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON'] as const;
export type GtidMode = (typeof gtidModes)[number];

/** Whether its set is complete: gtid_mode ON in MySQL, or a binary log in MariaDB. */
export const hasEveryGtid = ({ gtidMode, gtidReplicated }: ServerFacts): boolean =>
  gtidReplicated === undefined && (gtidMode === undefined || gtidMode === 'ON');

/** Whether its writes now have no GTID, and so can never be told later. */
export const writesWithoutGtids = ({ gtidMode, gtidReplicated }: ServerFacts): boolean =>
  gtidReplicated !== undefined || gtidMode === 'OFF';

/** Compared as numbers: there is 5.7, 8.4, 9.7 and 26.1. */
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
  /** Absent for MariaDB, and until the receiver was connected once. */
  readonly sourceId?: ServerId | undefined;
  /** MariaDB: the source's `server_id`, if the receiver is on or was connected to this address. */
  readonly sourceServerId?: number | undefined;
  /** `host:port` of the receiver's connection. No identity: it may be the name that we publish. */
  readonly sourceAddress: ServerAddress;
  /** The account with which it logs in there. Absent: the server does not tell it. */
  readonly user?: string | undefined;
  readonly receiver: 'on' | 'connecting' | 'off';
  /**
   * Milliseconds since the source's last heartbeat or event; absent: none since the receiver started. If the
   * server tells no time: since the probe that saw its counters move, at most one interval too young.
   */
  readonly heardAgoMs?: number | undefined;
  /** 0: heartbeats are off. */
  readonly heartbeatMs: number;
  readonly applier: 'on' | 'off';
  readonly lagSeconds?: number | undefined;
  /** SOURCE_DELAY: a delay on purpose (manual 19.4.11). Absent: none. */
  readonly delaySeconds?: number | undefined;
  readonly retrieved?: GtidSet | undefined;
  /** Positions in the source's binary log, in every `gtid_mode` but ON, if our account may see them. */
  readonly received?: Coordinates | undefined;
  readonly applied?: Coordinates | undefined;
  /** SOURCE_CONNECTION_AUTO_FAILOVER: the replica may choose another source by itself (manual 19.4.9). */
  readonly autoFailover: boolean;
  /** Its choices, highest weight first. Absent: it does not choose, or our account may not see them. */
  readonly failoverSources?: readonly FailoverSource[] | undefined;
  /** Groups that fill this list with their members. */
  readonly managedGroups?: readonly ManagedGroup[] | undefined;
  /** The last error of receiver or applier in the server's words, cut. */
  readonly lastError?: string | undefined;
  /** The error that stopped the applier. Absent: it runs, or a person stopped it. */
  readonly applierError?: string | undefined;
}

/** One server of a channel's source list (manual 19.4.9). */
export interface FailoverSource {
  /** As the list spells it: another spelling may be the same server. */
  readonly address: ServerAddress;
  /** 1 to 100. A replica leaves its source for a higher weight as soon as that server answers. */
  readonly weight: number;
  /** The group that put it there. */
  readonly managed?: string;
}

/** A group in a channel's source list: its members get one of two weights, by role. */
export interface ManagedGroup {
  readonly name: string;
  readonly primaryWeight: number;
  readonly secondaryWeight: number;
}

/** Group Replication as one member sees it. */
export interface Group {
  readonly name: string;
  readonly singlePrimary: boolean;
  /** Empty if the server was not started as a member in this process. */
  readonly members: readonly GroupMember[];
  /** How late this member's applier is. Absent: not known. */
  readonly lagSeconds?: number;
}

export interface GroupMember {
  readonly id: ServerId;
  readonly state: 'ONLINE' | 'RECOVERING' | 'OFFLINE' | 'ERROR' | 'UNREACHABLE';
  readonly role: 'PRIMARY' | 'SECONDARY' | '';
  /** `report_host` and `report_port`, if it tells them. */
  readonly address?: ServerAddress;
}

/** Galera as one node sees it: its `wsrep_` status (Galera manual, "Galera Status Variables"). */
export interface Wsrep {
  /** `wsrep_cluster_state_uuid`: nodes with the same one share their data. */
  readonly clusterUuid: string;
  /** `wsrep_cluster_status` is Primary: the part with the majority. */
  readonly primaryComponent: boolean;
  /** `wsrep_ready`: it executes queries. Else error 1047 refuses them. */
  readonly ready: boolean;
  /** `wsrep_local_state`. A donor takes writes, but lags. */
  readonly state: 'undefined' | 'joining' | 'donor' | 'joined' | 'synced' | 'error';
  /** `wsrep_cluster_size`: the nodes that this node sees, itself included. */
  readonly size: number;
  /** `wsrep_local_index`: its place in this view, from 0. Absent outside of a component. */
  readonly index?: number;
  /** `wsrep_cluster_conf_id`: counts the views. Absent outside of a primary component. */
  readonly view?: number;
  /** `wsrep_last_committed`: the number of the newest write set that is committed here. */
  readonly lastCommitted: number;
  /** Closed by `wsrep_reject_queries`, `pxc_maint_mode`, `wsrep_on` or `wsrep_sst_donor_rejects_queries`. */
  readonly closed: boolean;
  /** `wsrep_desync`: no flow control. */
  readonly desynced: boolean;
}

/** The cluster in a managed service's own table, as one server sees it. */
export interface ManagedCluster {
  readonly kind: 'aurora' | 'rds-cluster';
  /** What the service calls this server. */
  readonly self: string;
  readonly members: readonly ManagedMember[];
}

export interface ManagedMember {
  readonly name: string;
  /** Aurora only: whether it is the writer. */
  readonly writer?: boolean;
  /** Aurora readers only: how far their pages are behind the writer's. */
  readonly lagSeconds?: number;
  /** Aurora only: milliseconds since the service heard of it. A deleted member stays for a while. */
  readonly heardAgoMs?: number;
  /** RDS only: `endpoint:port`. */
  readonly address?: ServerAddress;
}

/** Whether it takes writes. A Galera node may refuse them although nothing is read-only. */
export const isWritable = (facts: ServerFacts): boolean =>
  !facts.readOnly &&
  !facts.superReadOnly &&
  !facts.offlineMode &&
  (facts.switches ?? []).length === 0 &&
  (facts.wsrep === undefined || isOpen(facts.wsrep));

/** Whether it said that it lets no client in: then it takes no writes. */
export const servesNobody = (probe: Probe | undefined): boolean =>
  probe?.kind === 'alive' && probe.servesNobody === true;

const isOpen = (wsrep: Wsrep): boolean => wsrep.primaryComponent && wsrep.ready && !wsrep.closed;

/** Whether this server wrote the transactions of that origin (`uuidOf`). */
export const isOwnOrigin = ({ id, serverId }: ServerFacts, origin: string): boolean =>
  isMariadbKey(origin) ? writerOf(origin) === serverId : origin === id;

/** Splits `host:port` or `[addr]:port`. */
export function splitAddress(address: ServerAddress): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) };
}
