/** The statements and commands that we propose to a person. source-dns executes none of them. */

import { subtract } from '../gtid/gtid.ts';
import { type ServerFacts, splitAddress, type Version, type WriteSwitch } from '../model/observation.ts';
import type { ServerAddress, ServerId } from '../model/units.ts';
import { ownMembership } from '../observe/membership.ts';
import type { ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** Also refuses an administrator's writes where the product can: MariaDB has no super_read_only. */
export const closing = ({ known }: ServerView): string =>
  known?.flavour === 'mariadb' ? 'SET GLOBAL read_only = ON' : 'SET GLOBAL super_read_only = ON';

/** Opens the variables that can be opened. MySQL's read_only = OFF also ends super_read_only. */
export function opening({ offlineMode, readOnly, superReadOnly, switches = [] }: ServerFacts): string {
  return [
    ...(offlineMode ? ['SET GLOBAL offline_mode = OFF'] : []),
    ...switches.filter(isDynamic).map(({ variable }) => `SET GLOBAL ${variable} = OFF`),
    ...(readOnly || superReadOnly ? ['SET GLOBAL read_only = OFF'] : []),
  ].join('; ');
}

const isDynamic = ({ variable }: WriteSwitch): boolean =>
  variable === 'transaction_read_only' || variable === 'tx_read_only';

/** What refuses writes until a restart with another my.cnf. Follows "not a candidate:". */
export const restarting = ({ switches = [] }: ServerFacts): readonly string[] =>
  switches
    .filter((each) => !isDynamic(each))
    .map(({ variable, value }) =>
      variable === 'innodb_force_recovery'
        ? `it runs with innodb_force_recovery = ${value}. First find out why it was set: it lets InnoDB start on damaged data, so a replica is the safer source. Then take it out of my.cnf and restart the server`
        : `it runs with ${variable}: take it out of my.cnf and restart the server`,
    );

/** Why no statement makes it replicate: MySQL keeps its channels in InnoDB tables. Undefined: one can. */
export function confinement({ switches = [] }: ServerFacts): string | undefined {
  const confining = switches.filter((each) => !isDynamic(each));
  if (confining.length === 0) return undefined;
  const values = confining.map(({ variable, value }) => `${variable} = ${value}`).join(', ');
  const sound = confining.some(({ variable }) => variable === 'innodb_force_recovery')
    ? ' if its data are sound'
    : '';
  return `It cannot replicate with ${values}: restart it without ${confining.map(({ variable }) => variable).join(' and ')}${sound}`;
}

/** Brings a server back into its running group. In ERROR the plugin still runs: START alone is refused. */
export const joining = (server: ServerFacts | undefined): string =>
  `${server && ownMembership(server)?.state === 'ERROR' ? 'STOP GROUP_REPLICATION; ' : ''}START GROUP_REPLICATION`;

/** Starts a group again that has no member left. Only a person can tell which member has most. */
export const startAnewFrom = (member: string): string =>
  `started again from ${member} (InnoDB Cluster: dba.rebootClusterFromCompleteOutage())`;

/** Replaces the data of a server. Where it has transactions of its own, propose `saveFirst` before. */
export const rebuilding = (server: ServerFacts | undefined, from: string): string =>
  `rebuild it from ${from} (${server?.flavour === 'mariadb' ? 'mariadb-backup' : 'CLONE'})`;

export const saveFirst = 'save them if they matter (mysqlbinlog)';

/** The copy gets a new UUID at its next start. */
export const ofTheCopy =
  'Find out which server has the copied data folder, remove auto.cnf there, and restart that server';

/** Removes one channel, with the part of its relay log that is not executed yet (manual 15.4.2.3). */
export const detaching = (server: ServerFacts, channel: string): string =>
  detachingStatements(server, channel).join('; ');

/** The same, statement by statement. */
export function detachingStatements(server: ServerFacts, channel: string): readonly string[] {
  const { reset, named, suffix } = dialect(server, channel);
  return [stopping(server, channel), `${reset}${named} ALL${suffix}`];
}

type Thread = '' | ' SQL_THREAD' | ' IO_THREAD';

/** Starts the threads of one channel, or one of them. */
export function starting(server: ServerFacts, channel: string, thread: Thread = ''): string {
  const { start, named, suffix } = dialect(server, channel);
  return `${start}${named}${thread}${suffix}`;
}

/** Stops the threads of one channel, or one of them. */
export function stopping(server: ServerFacts, channel: string, thread: Thread = ''): string {
  const { stop, named, suffix } = dialect(server, channel);
  return `${stop}${named}${thread}${suffix}`;
}

/** Ends a delay on purpose. The applier must be stopped (manual 19.4.11). */
export function undelaying(server: ServerFacts, channel: string): string {
  const { change, prefix, named, suffix } = dialect(server, channel);
  return `${change}${named} TO ${prefix}DELAY = 0${suffix}`;
}

/** Makes it a replica by GTIDs. Only for a server that has no transaction that the source lacks. */
export const following = (server: ServerFacts, source: ServerAddress, channel?: string): string =>
  followingStatements(server, source, { channel }).join('; ');

/** Where a replica begins: by GTIDs, or at a place of the source's binary log. Words may be placeholders. */
export type Place = 'gtids' | { readonly file: string; readonly position: string };

/** The same, statement by statement. `channel`: the one that it has; absent: it has none. */
export function followingStatements(
  server: ServerFacts,
  source: ServerAddress,
  {
    channel,
    place = 'gtids',
    user = 'USER',
  }: {
    readonly channel?: string | undefined;
    readonly place?: Place;
    /** The replication account. */
    readonly user?: string | undefined;
  },
): readonly string[] {
  const { host, port } = splitAddress(source);
  const { change, prefix, named, suffix } = dialect(server, channel ?? '');
  const account = [
    ['USER', quote(user)],
    ['PASSWORD', "'PASSWORD'"],
    ['SSL', '1'],
  ];
  const options = [
    ['HOST', quote(host)],
    ['PORT', String(port)],
    ...(channel === undefined ? account : []),
    ...placeOptions(server, place),
  ].map(([option, value]) => `${prefix}${option} = ${value}`);
  return [
    ...(channel === undefined ? [] : [stopping(server, channel)]),
    `${change}${named} TO ${options.join(', ')}${suffix}`,
    starting(server, channel ?? ''),
  ];
}

/** A place is refused (error 1776) while auto-positioning is on. */
function placeOptions(server: ServerFacts, place: Place): readonly (readonly [string, string])[] {
  const isMariadb = server.flavour === 'mariadb';
  if (place === 'gtids') return isMariadb ? mariadbPosition(server) : [['AUTO_POSITION', '1']];
  return [
    isMariadb ? ['USE_GTID', 'no'] : ['AUTO_POSITION', '0'],
    ['LOG_FILE', quote(place.file)],
    ['LOG_POS', place.position],
  ];
}

/** A former source of MariaDB has its own writes in the binary log only. DEMOTE_TO_SLAVE came with 10.10. */
function mariadbPosition({ version, positions }: ServerFacts): readonly (readonly [string, string])[] {
  if (positions === undefined || subtract(positions.current, positions.replica).size === 0)
    return [['USE_GTID', 'slave_pos']];
  if (!isAtLeast(version, [10, 10, 0])) return [['USE_GTID', 'current_pos']];
  return [
    ['USE_GTID', 'slave_pos'],
    ['DEMOTE_TO_SLAVE', '1'],
  ];
}

/**
 * START REPLICA came with MySQL 8.0.22 and MariaDB 10.5.1, CHANGE REPLICATION SOURCE with MySQL 8.0.23. A
 * server with several channels gets the default channel by name: a statement without a name means all
 * channels, or is refused (error 3079).
 */
function dialect({ flavour, version, channels }: ServerFacts, channel: string) {
  const isMariadb = flavour === 'mariadb';
  const name = channel !== '' || channels.some((each) => each.name !== channel) ? quote(channel) : '';
  const isOld = !isAtLeast(version, isMariadb ? [10, 5, 1] : [8, 0, 22]);
  const saysSource = !isMariadb && isAtLeast(version, [8, 0, 23]);
  return {
    start: isOld ? 'START SLAVE' : 'START REPLICA',
    stop: isOld ? 'STOP SLAVE' : 'STOP REPLICA',
    reset: isOld ? 'RESET SLAVE' : 'RESET REPLICA',
    change: saysSource ? 'CHANGE REPLICATION SOURCE' : 'CHANGE MASTER',
    prefix: saysSource ? 'SOURCE_' : 'MASTER_',
    named: isMariadb && name !== '' ? ` ${name}` : '',
    suffix: isMariadb || name === '' ? '' : ` FOR CHANNEL ${name}`,
  };
}

/** Takes a server out of a channel's source list. For an administrator, on the replica (manual 14.18.3). */
export function unlisting(channel: string, address: ServerAddress): string {
  const { host, port } = splitAddress(address);
  return `SELECT asynchronous_connection_failover_delete_source(${quote(channel)}, ${quote(host)}, ${port}, '')`;
}

/** Makes the group elect this member, on any of its members (manual 20.5.1.1). */
export const electing = (id: ServerId | undefined): string =>
  `SELECT group_replication_set_as_primary('${id}')`;

/** As a string of SQL. */
export const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Compares numbers. */
export const isAtLeast = (
  version: Version,
  [major, minor, patch]: readonly [number, number, number],
): boolean =>
  version.major !== major
    ? version.major > major
    : version.minor !== minor
      ? version.minor > minor
      : version.patch >= patch;

/** Names the source by hand. No server: a placeholder. */
export const follow = ({ state }: Situation, server?: { readonly address: string }, force = false): string =>
  `source-dns follow ${state.settings.cluster} ${server?.address ?? 'SERVER'}${force ? ' --force' : ''}`;

export const forget = ({ state }: Situation, server: { readonly address: string }): string =>
  `source-dns forget ${state.settings.cluster} ${server.address}`;

/** `more`: its options. */
export const advise = ({ state }: Situation, more = ''): string =>
  `source-dns advise ${state.settings.cluster}${more}`;

export const thaw = ({ state }: Situation): string => `source-dns thaw ${state.settings.cluster}`;
