/** What one probe brings: the facts of a server, or why there are none. */

import { type GtidSet, isMariadbKey, writerOf } from '../gtid/gtid-set.ts';
import type { ServerAddress, ServerId } from './units.ts';

/** What one probe of one server brought. `unknown` is never "down": it only says that nothing came by the deadline. */
export type Probe =
  | { readonly kind: 'reachable'; readonly facts: ServerFacts }
  /**
   * It refused: too many connections, access denied, host blocked. So it lives. `servesNobody`: with these words it refuses every client, not us alone
   * (offline_mode); so no client can write there, whatever else it is.
   */
  | { readonly kind: 'alive'; readonly failure: Failure; readonly servesNobody?: true }
  | { readonly kind: 'unknown'; readonly failure: Failure };

/** An expected failure, as a value: a stable code, what happened, and what to do next. Never holds a secret. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** What is known of the addresses of a server's host: where a new connection shall begin. */
export interface Places {
  /** Where it answered: tried after those that the resolver says, which may be ahead of a move. */
  readonly known: readonly string[];
  /** Where another server answered: tried last, whatever the resolver says. */
  readonly refuted: readonly string[];
}

/** One server at one moment. What a flavour or version lacks is optional in the type. */
export interface ServerFacts {
  readonly id: ServerId;
  readonly flavour: 'mysql' | 'mariadb';
  readonly version: Version;
  /** Which of our connections asked: the same number means the same server process. */
  readonly session: number;
  /** The IP address from which the answer came, in plain text (an IPv4-mapped one as IPv4). Absent: not known. */
  readonly peer?: string;
  /** Seconds since the server process began (`Uptime`). */
  readonly uptimeSeconds: number;
  /** Where that process says that it runs: `@@hostname` and `@@port`. Not where anybody reaches it. */
  readonly home?: ServerAddress;
  readonly readOnly: boolean;
  readonly superReadOnly: boolean;
  readonly offlineMode: boolean;
  /** What else refuses writes now. Absent: nothing does. */
  readonly switches?: readonly WriteSwitch[];
  readonly channels: readonly Channel[];
  /** Who has registered as its replica; absent: not asked, or our account may not ask. A replica that left may still be in it. */
  readonly replicas?: readonly ReportedReplica[];
  /**
   * Absent where the server's own transactions get no GTID, or where they cannot be compared with another server's. MariaDB: from its positions (mariadb-gtid.ts).
   * In `ON_PERMISSIVE` transactions that it replicated may be missing in it.
   */
  readonly gtidExecuted?: GtidSet;
  /** Given in `OFF_PERMISSIVE`, and by MariaDB without a binary log: what it has executed with a GTID. What is in it was executed; what is not in it may have been. */
  readonly gtidReplicated?: GtidSet;
  /** MySQL's `gtid_mode`. */
  readonly gtidMode?: GtidMode;
  /** `server_id`; given where it is the identity that a replica knows its source by (MariaDB has no server UUID). */
  readonly serverId?: number;
  readonly positions?: MariadbPositions;
  /** Where the binary log ends; given in every `gtid_mode` but ON, and where our account may see it. */
  readonly binlogEnd?: Coordinates;
  readonly group?: Group;
  readonly wsrep?: Wsrep;
  readonly managed?: ManagedCluster;
}

/** A variable that refuses writes as it stands, whatever read_only says. The manuals' names. */
export interface WriteSwitch {
  readonly variable: 'innodb_read_only' | 'innodb_force_recovery' | 'transaction_read_only' | 'tx_read_only';
  /** As the server says it: `ON`, `4`. */
  readonly value: string;
}

/** A row of `SHOW REPLICAS` (manual 15.7.7.36): what the replica itself reports, so anybody's word. */
export interface ReportedReplica {
  /** `report_host` and `report_port`. */
  readonly address: ServerAddress;
  readonly claim: Claim;
}

/** Who somebody says is there: a server UUID, or MariaDB's `server_id`. */
export type Claim = ServerId | number;

/** Whether that is who this server says it is. */
export const isClaimed = (claim: Claim, { id, serverId }: ServerFacts): boolean =>
  claim === id || claim === serverId;

/** A place in a server's binary log. Positions of two files cannot be compared, nor those of two servers. */
export interface Coordinates {
  readonly file: string;
  /** Bytes from the beginning of the file. */
  readonly position: number;
}

/** MariaDB's own view: the newest GTID of each domain (MariaDB manual, "Global Transaction ID", System Variables). */
export interface MariadbPositions {
  /** Of what the appliers executed. */
  readonly replica: GtidSet;
  /** The newer of the two in each domain: where this server would begin as a replica. */
  readonly current: GtidSet;
}

/** From one to the next a server is changed online, one step at a time (manual 19.1.4). */
export const gtidModes = ['OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON'] as const;
export type GtidMode = (typeof gtidModes)[number];

/** Whether its set leaves out no transaction: MariaDB's with a binary log, and MySQL's where gtid_mode is ON. */
export const hasEveryGtid = ({ gtidMode, gtidReplicated }: ServerFacts): boolean =>
  gtidReplicated === undefined && (gtidMode === undefined || gtidMode === 'ON');

/** Whether what it writes now has no GTID, so that nobody can tell it later. */
export const writesWithoutGtids = ({ gtidMode, gtidReplicated }: ServerFacts): boolean =>
  gtidReplicated !== undefined || gtidMode === 'OFF';

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
  /** Absent until the receiver has been connected once, and for MariaDB. */
  readonly sourceId?: ServerId;
  /** MariaDB: the source's `server_id`, while the receiver is on or has been connected to this very address. */
  readonly sourceServerId?: number;
  /** `host:port` that the receiver connects to: may be the very name that we publish, so never an identity by itself. */
  readonly sourceAddress: ServerAddress;
  readonly receiver: 'on' | 'connecting' | 'off';
  /**
   * Milliseconds since the last heartbeat or event came from the source; absent: none since the receiver was started.
   * Where the server tells no time, since the probe that saw its counters move: too young by at most one interval between two probes.
   */
  readonly heardAgoMs?: number;
  /** 0: heartbeats are off. */
  readonly heartbeatMs: number;
  readonly applier: 'on' | 'off';
  readonly lagSeconds?: number;
  /** SOURCE_DELAY: it is behind by so much on purpose (manual 19.4.11). Absent: it is not. */
  readonly delaySeconds?: number;
  readonly retrieved?: GtidSet;
  /** Up to where it has received, and executed, the source's binary log; in every `gtid_mode` but ON, and where our account may see it. */
  readonly received?: Coordinates;
  readonly applied?: Coordinates;
  /** SOURCE_CONNECTION_AUTO_FAILOVER: the replica may choose another source by itself (manual 19.4.9). */
  readonly autoFailover: boolean;
  /** From what it then chooses, the highest weight first. Absent: it does not move by itself, or our account may not see the list. */
  readonly failoverSources?: readonly FailoverSource[];
  /** The groups whose members it keeps in that list by itself. */
  readonly managedGroups?: readonly ManagedGroup[];
  /** The last error of receiver or applier, as the server words it (bounded). */
  readonly lastError?: string;
}

/** One server of a channel's source list (manual 19.4.9). */
export interface FailoverSource {
  /** As the list words it: a name of another spelling may be the same server. */
  readonly address: ServerAddress;
  /** 1 to 100. A replica leaves its source for one of a higher weight as soon as that answers. */
  readonly weight: number;
  /** The group whose membership put it there. */
  readonly managed?: string;
}

/** A group that a channel's source list follows: by role its members get one weight or the other. */
export interface ManagedGroup {
  readonly name: string;
  readonly primaryWeight: number;
  readonly secondaryWeight: number;
}

/** Group Replication as one member sees it. */
export interface Group {
  readonly name: string;
  readonly singlePrimary: boolean;
  /** Empty where the server was not started as a member since its process began. */
  readonly members: readonly GroupMember[];
  /** By how much this member's applier is late on what the group has agreed on; absent where that is not known. */
  readonly lagSeconds?: number;
}

export interface GroupMember {
  readonly id: ServerId;
  readonly state: 'ONLINE' | 'RECOVERING' | 'OFFLINE' | 'ERROR' | 'UNREACHABLE';
  readonly role: 'PRIMARY' | 'SECONDARY' | '';
  /** Where its clients connect to (`report_host` and `report_port`), as far as it says so. */
  readonly address?: ServerAddress;
}

/** Galera as one node sees it, by its `wsrep_` status (Galera manual, "Galera Status Variables"). */
export interface Wsrep {
  /** `wsrep_cluster_state_uuid`: nodes with the same one share their data. */
  readonly clusterUuid: string;
  /** `wsrep_cluster_status` is Primary: it belongs to the part that has the majority. */
  readonly primaryComponent: boolean;
  /** `wsrep_ready`: it executes queries, and does not refuse all with error 1047. */
  readonly ready: boolean;
  /** `wsrep_local_state`. A donor may be written to, but lags. */
  readonly state: 'undefined' | 'joining' | 'donor' | 'joined' | 'synced' | 'error';
  /** `wsrep_cluster_size`: how many nodes this one sees, itself included. */
  readonly size: number;
  /** `wsrep_local_index`: its place in that list, from 0; it changes with every view. Absent outside of a component. */
  readonly index?: number;
  /** `wsrep_cluster_conf_id`: counts the views of this part of the cluster; absent outside of a primary component. */
  readonly view?: number;
  /** `wsrep_last_committed`: the sequence number of the newest write set that is committed here. */
  readonly lastCommitted: number;
  /** `wsrep_reject_queries`, `pxc_maint_mode`, `wsrep_on` or `wsrep_sst_donor_rejects_queries`: an administrator has closed it. */
  readonly closed: boolean;
  /** `wsrep_desync`: it takes no part in flow control. */
  readonly desynced: boolean;
}

/** What a managed service's own table says of its cluster, as one server sees it. */
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
  /** Aurora only, of a reader: how far its pages are behind the writer's. */
  readonly lagSeconds?: number;
  /** Aurora only: milliseconds since the service heard of it. A member that was deleted stays in the table for a while. */
  readonly heardAgoMs?: number;
  /** RDS only: `endpoint:port`. */
  readonly address?: ServerAddress;
}

/** Whether it takes writes. A Galera node outside of the primary component, or closed by an administrator, refuses them though nothing is read-only. */
export const isWritable = (facts: ServerFacts): boolean =>
  !facts.readOnly &&
  !facts.superReadOnly &&
  !facts.offlineMode &&
  (facts.switches ?? []).length === 0 &&
  (facts.wsrep === undefined || isOpen(facts.wsrep));

/** Whether it said of itself that it lets no client in: then it takes no writes either, though its facts are not known. */
export const servesNobody = (probe: Probe | undefined): boolean =>
  probe?.kind === 'alive' && probe.servesNobody === true;

const isOpen = (wsrep: Wsrep): boolean => wsrep.primaryComponent && wsrep.ready && !wsrep.closed;

/** Whether this server wrote the transactions of that origin: what `uuidOf` says of a key of a GTID set. */
export const isOwnOrigin = ({ id, serverId }: ServerFacts, origin: string): boolean =>
  isMariadbKey(origin) ? writerOf(origin) === serverId : origin === id;

/** Splits `host:port` or `[addr]:port`. */
export function splitAddress(address: ServerAddress): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: Number(address.slice(colon + 1)) };
}
