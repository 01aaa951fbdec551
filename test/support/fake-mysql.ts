/**
 * MySQL servers that replicate from each other, as far as a probe can see. They answer rows, which the real
 * mysql-8.ts reads. Time stands still between two calls of `advance`: a transaction that was received in one
 * call is applied in the next.
 */

import { contains, newestOf, parseGtidSet, subtract, union } from '../../src/core/gtid/gtid.ts';
import { emptyGtidSet, type GtidSet } from '../../src/core/gtid/gtid-set.ts';
import type { GtidMode } from '../../src/core/model/observation.ts';
import type { ServerAddress } from '../../src/core/model/units.ts';
import type { Answers } from '../../src/mysql/answer/query-set.ts';
import type { Row } from '../../src/mysql/answer/row.ts';
import { coordinateAnswers } from '../sim/world/coordinate-rows.ts';
import { createFakeGroup, type FakeGroup } from '../sim/world/fake-group.ts';
import { probeRows } from '../sim/world/mysql-rows.ts';

/** One replication channel, as CHANGE REPLICATION SOURCE TO made it. */
export interface FakeChannel {
  /** Empty for the usual only channel. */
  readonly name: string;
  /** SOURCE_HOST and SOURCE_PORT: an address, or a name that may lead to another server tomorrow. */
  readonly host: ServerAddress;
  /** The server at that address, at the last connection of the receiver. */
  source: ServerAddress;
  /** Known after the first connection. */
  sourceUuid: string;
  receiver: 'ON' | 'CONNECTING' | 'OFF';
  applier: 'ON' | 'OFF';
  heartbeatMs: number;
  heardAt: number | undefined;
  retrieved: GtidSet;
  /** SOURCE_DELAY, milliseconds. */
  delayMs: number;
  /** What was received and waits for its time; always empty without a delay. */
  waiting: { readonly until: number; readonly set: GtidSet }[];
}

/**
 * One server. Apart from read-only fields anything may be changed: the methods of FakeMysql are only the
 * usual ways.
 */
export interface FakeServer {
  readonly address: ServerAddress;
  uuid: string;
  /**
   * `down`: refuses connections. `hung`: no answer at all, although the process lives. `refusing`: too many
   * connections, or the refusal of offlineMode.
   */
  health: 'up' | 'down' | 'hung' | 'refusing';
  startedAt: number;
  /** Counts processes: a connection does not outlive its process. */
  process: number;
  readOnly: boolean;
  superReadOnly: boolean;
  offlineMode: boolean;
  innodbReadOnly: boolean;
  /** innodb_force_recovery: 0, or up to 6. */
  forceRecovery: number;
  /** transaction_read_only. */
  readOnlyTransactions: boolean;
  version: string;
  gtidMode: GtidMode;
  /** The true set, whatever gtid_mode lets the server tell. */
  executed: GtidSet;
  /** Whether our account has REPLICATION CLIENT there. */
  showsCoordinates: boolean;
  channel: FakeChannel | undefined;
  /** The channels of a replica with several sources. */
  otherChannels: readonly FakeChannel[];
}

const switchFields = {
  offline_mode: 'offlineMode',
  transaction_read_only: 'readOnlyTransactions',
  innodb_read_only: 'innodbReadOnly',
  innodb_force_recovery: 'forceRecovery',
} as const;

export type SwitchName = keyof typeof switchFields;

export const isSwitch = (word: string): word is SwitchName => word in switchFields;

/** Several servers, and what operators and failover tools do to them. An address without a server throws. */
export interface FakeMysql {
  readonly servers: ReadonlyMap<ServerAddress, FakeServer>;
  /** Set where the servers are one group. */
  readonly group: FakeGroup | undefined;
  server(address: string): FakeServer;
  /** Lets replication go on until this time (milliseconds, never back). */
  advance(now: number): void;
  /** Commits so many transactions, if the server is up and writable; returns whether. */
  write(address: string, transactions?: number): boolean;
  /** STOP REPLICA, RESET REPLICA ALL, and writable. */
  promote(address: string): void;
  /** super_read_only on, or off; the channel stays as it is. */
  demote(address: string): void;
  unlock(address: string): void;
  /**
   * CHANGE REPLICATION SOURCE TO that server, START REPLICA, read-only. Auto-positioning: it takes all that
   * it lacks. `host`: the SOURCE_HOST, where that is not the address of the source.
   */
  follow(address: string, source: string, host?: string): void;
  /** The same for one more channel, with that name. */
  followAlso(address: string, source: string, channel: string): void;
  stopReplica(address: string): void;
  startReplica(address: string): void;
  /** `tail`: so many of its newest transactions are lost with it. */
  kill(address: string, tail?: number): void;
  hang(address: string): void;
  /** A hung server goes on in the same process. */
  resume(address: string): void;
  /** A new process. The configuration file sets read_only. A configured channel starts by itself. */
  restart(address: string, options: { readonly readOnly: boolean }): void;
  /**
   * Turns on one of the switches that refuse writes. Those of InnoDB are in the configuration file: a new
   * process begins, apart from the switch writable, and its channel starts by itself.
   */
  turn(address: string, variable: SwitchName, value: number): void;
  /** Turns all of these switches off, in any way. */
  open(address: string): void;
  /** RESET BINARY LOGS AND GTIDS. */
  resetGtids(address: string): void;
  /** CLONE from that server: its data, its own UUID (or a new one), a new process; no channel, read-only. */
  clone(address: string, donor: string, uuid?: string): void;
  /** The answer of the first statement of mysql-8.ts. */
  rows(address: string): readonly Row[];
  /** The transactions in this set that have a GTID: they were committed with a gtid_mode that gives one. */
  named(set: GtidSet): GtidSet;
  /** The answers to the statements for a server with a gtid_mode other than ON; undefined with ON. */
  coordinates(address: string): Answers | undefined;
  /** The result of `groupQuery`: only a server with a group is asked for it. */
  groupRows(address: string): readonly Row[] | undefined;
}

export interface FakeMysqlOptions {
  /** The executed set of all servers. */
  readonly line?: string;
  readonly now?: number;
  /** Whether a message from one server arrives at the other; default: always. */
  readonly isOpen?: (from: ServerAddress, to: ServerAddress) => boolean;
  /** A receiver that hears nothing for so long says CONNECTING (replica_net_timeout); default: never. */
  readonly netTimeoutMs?: number;
  /** SOURCE_DELAY of each channel, milliseconds; default: none. */
  readonly delayMs?: number;
  /** Where a name leads that is no address of a server. */
  readonly resolve?: (host: ServerAddress) => ServerAddress | undefined;
  /** The servers are a single-primary group, with this source of chance; default: no group. */
  readonly group?: { readonly between: (from: number, to: number) => number };
}

/** New servers: each up, writable, without a channel, and with `line` as its executed set. */
export function createFakeMysql(addresses: readonly string[], options: FakeMysqlOptions = {}): FakeMysql {
  const {
    isOpen = () => true,
    netTimeoutMs = Number.POSITIVE_INFINITY,
    resolve = () => undefined,
    delayMs = 0,
  } = options;
  let now = options.now ?? 0;
  /** Transactions without a GTID. A server never gives them one later, and neither does its replica. */
  let anonymous: GtidSet = emptyGtidSet;
  const named = (set: GtidSet): GtidSet => (anonymous.size === 0 ? set : subtract(set, anonymous));
  const servers = new Map<ServerAddress, FakeServer>(
    addresses.map((address, index) => [
      address as ServerAddress,
      newServer(address as ServerAddress, index + 1, now, options.line ?? ''),
    ]),
  );
  const server = (address: string): FakeServer => {
    const found = servers.get(address as ServerAddress);
    if (found === undefined) throw new Error(`no server ${address}`);
    return found;
  };
  const newProcess = (of: FakeServer): void => {
    of.health = 'up';
    of.process += 1;
    of.startedAt = now;
    Object.assign(of, noSwitches);
    for (const channel of channelsOf(of)) start(channel);
  };
  const group = options.group && createFakeGroup({ servers, isOpen, between: options.group.between });
  return {
    servers,
    group,
    server,
    advance(to) {
      now = Math.max(now, to);
      const running = [...servers.values()].filter((one) => one.health !== 'down');
      for (const one of running) for (const channel of channelsOf(one)) applyRetrieved(one, channel, now);
      const around = { servers, now, isOpen, netTimeoutMs, resolve, named };
      for (const one of running.filter(({ health }) => health !== 'hung'))
        for (const channel of channelsOf(one)) if (channel.receiver !== 'OFF') receive(one, channel, around);
      group?.advance(now);
    },
    write(address, transactions = 1) {
      const one = server(address);
      if (one.health !== 'up' || isClosed(one)) return false;
      if (group?.isStarted(one.address)) return group.commit(one.address, transactions);
      const last = newestOf(one.executed, one.uuid) ?? 0;
      const committed: GtidSet = new Map([[one.uuid, [[last + 1, last + transactions]]]]);
      one.executed = union(one.executed, committed);
      const isNamed = one.gtidMode === 'ON' || one.gtidMode === 'ON_PERMISSIVE';
      // A new transaction gets the number of a lost one again.
      anonymous = isNamed ? subtract(anonymous, committed) : union(anonymous, committed);
      return true;
    },
    promote(address) {
      Object.assign(server(address), {
        channel: undefined,
        otherChannels: [],
        readOnly: false,
        superReadOnly: false,
      });
    },
    demote(address) {
      Object.assign(server(address), { readOnly: true, superReadOnly: true });
    },
    unlock(address) {
      Object.assign(server(address), { readOnly: false, superReadOnly: false });
    },
    follow(address, source, host) {
      const channel = { ...newChannel(server(source).address, host as ServerAddress | undefined), delayMs };
      Object.assign(server(address), { readOnly: true, superReadOnly: true, channel });
    },
    followAlso(address, source, name) {
      const one = server(address);
      one.otherChannels = [...one.otherChannels, newChannel(server(source).address, undefined, name)];
    },
    stopReplica(address) {
      for (const channel of channelsOf(server(address)))
        Object.assign(channel, { receiver: 'OFF', applier: 'OFF' });
    },
    startReplica(address) {
      for (const channel of channelsOf(server(address))) start(channel);
    },
    kill(address, tail = 0) {
      const one = server(address);
      const last = newestOf(one.executed, one.uuid) ?? 0;
      if (tail > 0 && last > tail)
        one.executed = subtract(one.executed, new Map([[one.uuid, [[last - tail + 1, last]]]]));
      one.health = 'down';
    },
    hang(address) {
      server(address).health = 'hung';
    },
    resume(address) {
      const one = server(address);
      if (one.health === 'hung' || one.health === 'refusing') one.health = 'up';
    },
    restart(address, { readOnly }) {
      const one = server(address);
      newProcess(one);
      Object.assign(one, { readOnly, superReadOnly: readOnly });
    },
    turn(address, variable, value) {
      const one = server(address);
      if (variable.startsWith('innodb_')) {
        newProcess(one);
        Object.assign(one, { readOnly: false, superReadOnly: false });
      }
      Object.assign(
        one,
        variable === 'innodb_force_recovery'
          ? { forceRecovery: value }
          : { [switchFields[variable]]: value === 1 },
      );
    },
    open: (address) => void Object.assign(server(address), noSwitches),
    resetGtids(address) {
      server(address).executed = emptyGtidSet;
    },
    clone(address, donor, uuid) {
      const one = server(address);
      Object.assign(one, { channel: undefined, otherChannels: [] });
      newProcess(one);
      Object.assign(one, {
        executed: server(donor).executed,
        readOnly: true,
        superReadOnly: true,
        uuid: uuid ?? one.uuid,
      });
    },
    named,
    rows: (address) =>
      probeRows(server(address), channelsOf(server(address)), {
        now,
        groupMembers: group?.rows(server(address).address).length ?? 0,
        named,
      }),
    coordinates(address) {
      const one = server(address);
      return one.gtidMode === 'ON' || !one.showsCoordinates
        ? undefined
        : coordinateAnswers(one, channelsOf(one), servers);
    },
    groupRows: (address) => group?.rows(server(address).address),
  };
}

/** The switches of a new process, unless its configuration says otherwise. */
const noSwitches = {
  offlineMode: false,
  innodbReadOnly: false,
  forceRecovery: 0,
  readOnlyTransactions: false,
} as const;

const isClosed = (of: FakeServer): boolean =>
  of.readOnly ||
  of.superReadOnly ||
  of.offlineMode ||
  of.innodbReadOnly ||
  of.forceRecovery > 0 ||
  of.readOnlyTransactions;

/** The UUID of the n-th server, ending in n. */
export const fakeUuid = (n: number): string => `5d000000-0000-11f1-8000-${String(n).padStart(12, '0')}`;

function newServer(address: ServerAddress, number: number, now: number, line: string): FakeServer {
  return {
    address,
    uuid: fakeUuid(number),
    health: 'up',
    startedAt: now,
    process: 1,
    readOnly: false,
    superReadOnly: false,
    ...noSwitches,
    version: '9.7.4',
    gtidMode: 'ON',
    showsCoordinates: true,
    executed: parseGtidSet(line) ?? emptyGtidSet,
    channel: undefined,
    otherChannels: [],
  };
}

/** All of a server's channels. */
const channelsOf = ({ channel, otherChannels }: FakeServer): readonly FakeChannel[] =>
  channel ? [channel, ...otherChannels] : otherChannels;

const start = (channel: FakeChannel): void =>
  void Object.assign(channel, { receiver: 'CONNECTING', applier: 'ON', heardAt: undefined });

const newChannel = (source: ServerAddress, host = source, name = ''): FakeChannel => ({
  name,
  host,
  source,
  sourceUuid: '',
  receiver: 'CONNECTING',
  applier: 'ON',
  heartbeatMs: 1000,
  heardAt: undefined,
  retrieved: emptyGtidSet,
  delayMs: 0,
  waiting: [],
});

function applyRetrieved(server: FakeServer, channel: FakeChannel, now: number): void {
  channel.waiting = channel.waiting.filter(({ until }) => until > now);
  if (channel.applier === 'OFF') return;
  const due = channel.waiting.reduce((set, { set: waiting }) => subtract(set, waiting), channel.retrieved);
  server.executed = withAll(server.executed, due);
}

/** Mostly there is nothing new: then the result is the same set, not a copy. */
const withAll = (set: GtidSet, more: GtidSet): GtidSet => (contains(set, more) ? set : union(set, more));

interface Surroundings {
  readonly servers: ReadonlyMap<ServerAddress, FakeServer>;
  readonly now: number;
  readonly isOpen: (from: ServerAddress, to: ServerAddress) => boolean;
  readonly netTimeoutMs: number;
  readonly resolve: (host: ServerAddress) => ServerAddress | undefined;
  readonly named: (set: GtidSet) => GtidSet;
}

function receive(
  server: FakeServer,
  channel: FakeChannel,
  { servers, now, isOpen, netTimeoutMs, resolve, named }: Surroundings,
): void {
  const isConnected = channel.receiver === 'ON';
  // A name is looked up when a receiver connects, and never after.
  if (!isConnected) channel.source = resolve(channel.host) ?? channel.source;
  const source = servers.get(channel.source);
  const hears = source !== undefined && isOpen(source.address, server.address);
  const asks = source !== undefined && isOpen(server.address, source.address);
  // A source that hangs, or is cut off, does not say good-bye: the receiver says ON until its own time-out is
  // over.
  if (source === undefined || source.health === 'hung' || !hears || (!isConnected && !asks)) {
    if (isConnected && now - (channel.heardAt ?? now) >= netTimeoutMs) channel.receiver = 'CONNECTING';
    return;
  }
  if (source.health === 'down') {
    channel.receiver = 'CONNECTING';
    return;
  }
  const lacking = subtract(subtract(source.executed, server.executed), channel.retrieved);
  // People start it again and again, until both servers have modes that fit.
  if (accepts(server.gtidMode, lacking, named)) take(channel, lacking, source.uuid, now);
  else channel.receiver = 'CONNECTING';
}

function take(channel: FakeChannel, lacking: GtidSet, sourceUuid: string, now: number): void {
  const due = channel.heardAt === undefined || now - channel.heardAt >= channel.heartbeatMs;
  if (channel.receiver === 'CONNECTING') Object.assign(channel, { receiver: 'ON', sourceUuid });
  else if (due || lacking.size > 0) channel.heardAt = now;
  channel.retrieved = withAll(channel.retrieved, lacking);
  if (channel.delayMs > 0 && lacking.size > 0)
    channel.waiting.push({ until: now + channel.delayMs, set: lacking });
}

/** With ON a receiver takes no transaction without a GTID, with OFF none that has one (manual 19.1.4.1). */
function accepts(mode: GtidMode, lacking: GtidSet, named: (set: GtidSet) => GtidSet): boolean {
  if (lacking.size === 0) return true;
  if (mode === 'ON') return subtract(lacking, named(lacking)).size === 0;
  return mode !== 'OFF' || named(lacking).size === 0;
}
