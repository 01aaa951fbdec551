/** What a person would type, in the words of the server's product and version. Advice only: source-dns executes none of it. */

import { subtract } from '../gtid/gtid.ts';
import { type ServerFacts, splitAddress, type Version, type WriteSwitch } from '../model/observation.ts';
import type { ServerAddress } from '../model/units.ts';
import { ownMembership } from '../observe/membership.ts';
import type { ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** Makes it refuse writes, also an administrator's where the product can: MariaDB has no super_read_only. */
export const closing = ({ known }: ServerView): string =>
  known?.flavour === 'mariadb' ? 'SET GLOBAL read_only = ON' : 'SET GLOBAL super_read_only = ON';

/** Makes it writable, as far as variables keep it from that. In MySQL read_only cannot be OFF while super_read_only is ON, so one statement does both. */
export function opening({ offlineMode, readOnly, superReadOnly, switches = [] }: ServerFacts): string {
  return [
    ...(offlineMode ? ['SET GLOBAL offline_mode = OFF'] : []),
    ...switches.filter(isDynamic).map(({ variable }) => `SET GLOBAL ${variable} = OFF`),
    ...(readOnly || superReadOnly ? ['SET GLOBAL read_only = OFF'] : []),
  ].join('; ');
}

const isDynamic = ({ variable }: WriteSwitch): boolean =>
  variable === 'transaction_read_only' || variable === 'tx_read_only';

/**
 * What keeps it from writes until it is restarted with another my.cnf. Each follows "not a candidate:". innodb_force_recovery lets a server start on damaged
 * data: to take it away is no small step.
 */
export const restarting = ({ switches = [] }: ServerFacts): readonly string[] =>
  switches
    .filter((each) => !isDynamic(each))
    .map(({ variable, value }) =>
      variable === 'innodb_force_recovery'
        ? `it runs with innodb_force_recovery = ${value}. First find out why it was set: it lets InnoDB start on damaged data, so a replica is the safer source. Then take it out of my.cnf and restart the server`
        : `it runs with ${variable}: take it out of my.cnf and restart the server`,
    );

/**
 * Why no statement makes it replicate, and what to do; undefined: statements can. MySQL keeps its channels in tables of InnoDB: while InnoDB takes no writes, these cannot be changed, and
 * nothing that a replica receives can be committed.
 */
export function confinement({ switches = [] }: ServerFacts): string | undefined {
  const confining = switches.filter((each) => !isDynamic(each));
  if (confining.length === 0) return undefined;
  const values = confining.map(({ variable, value }) => `${variable} = ${value}`).join(', ');
  const sound = confining.some(({ variable }) => variable === 'innodb_force_recovery')
    ? ' if its data are sound'
    : '';
  return `It cannot replicate with ${values}: restart it without ${confining.map(({ variable }) => variable).join(' and ')}${sound}`;
}

/** Brings a server back into its group, which goes on. While it is in ERROR the plugin still runs, and START alone is refused. */
export const joining = (server: ServerFacts | undefined): string =>
  `${server && ownMembership(server)?.state === 'ERROR' ? 'STOP GROUP_REPLICATION; ' : ''}START GROUP_REPLICATION`;

/** What starts a group in which nobody is any more. Which member has most, and whether silent ones still form a group, only a person can tell. */
export const startAnewFrom = (member: string): string =>
  `started again from ${member} (InnoDB Cluster: dba.rebootClusterFromCompleteOutage())`;

/** Gives a server the data of another one, and throws away what it has. To be proposed only after `saveFirst` where it has transactions of its own. */
export const rebuilding = (server: ServerFacts | undefined, from: string): string =>
  `rebuild it from ${from} (${server?.flavour === 'mariadb' ? 'mariadb-backup' : 'CLONE'})`;

/** What comes before a server's own transactions are thrown away. */
export const saveFirst = 'save them if they matter (mysqlbinlog)';

/** Two servers with one UUID: a new one comes with the next start. */
export const ofTheCopy =
  'Of the server whose data folder is the copy remove auto.cnf, and restart that server';

/** Ends one channel for good, and deletes what of its relay log is not executed yet (manual 15.4.2.3). */
export function detaching(server: ServerFacts, channel: string): string {
  const { stop, reset, named, suffix } = dialect(server, channel);
  return `${stop}${named}${suffix}; ${reset}${named} ALL${suffix}`;
}

/** Starts the threads of one channel, or one of them. */
export function starting(server: ServerFacts, channel: string, thread: '' | ' SQL_THREAD' = ''): string {
  const { start, named, suffix } = dialect(server, channel);
  return `${start}${named}${thread}${suffix}`;
}

/**
 * Makes it a replica of that server by GTIDs: by the channel that it has, whose account stays as it is, or by a new one. To be proposed only where it has no transaction that the source
 * lacks.
 */
export function following(server: ServerFacts, source: ServerAddress, channel?: string): string {
  const { host, port } = splitAddress(source);
  const { stop, change, prefix, named, suffix } = dialect(server, channel ?? '');
  const account = [
    ['USER', "'USER'"],
    ['PASSWORD', "'PASSWORD'"],
    ['SSL', '1'],
  ];
  const options = [
    ['HOST', quote(host)],
    ['PORT', String(port)],
    ...(channel === undefined ? account : []),
    ...(server.flavour === 'mariadb' ? mariadbPosition(server) : [['AUTO_POSITION', '1']]),
  ].map(([option, value]) => `${prefix}${option} = ${value}`);
  const statement = `${change}${named} TO ${options.join(', ')}${suffix}`;
  return [
    ...(channel === undefined ? [] : [`${stop}${named}${suffix}`]),
    statement,
    starting(server, channel ?? ''),
  ].join('; ');
}

/** A former source of MariaDB has its own writes in the binary log only, and would begin before them. DEMOTE_TO_SLAVE came with 10.10. */
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
 * START REPLICA came with MySQL 8.0.22 and MariaDB 10.5.1, CHANGE REPLICATION SOURCE with MySQL 8.0.23. MariaDB names a channel after the verb, MySQL at the end. Where a server has
 * other channels, a statement that names none means all of them, also those from other clusters, or is refused (error 3079): then the default channel is named too.
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

/** As a string of SQL. */
export const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

const isAtLeast = (version: Version, [major, minor, patch]: readonly [number, number, number]): boolean =>
  version.major !== major
    ? version.major > major
    : version.minor !== minor
      ? version.minor > minor
      : version.patch >= patch;

/** Names the source by hand; `server` absent: whichever it is. */
export const follow = ({ state }: Situation, server?: { readonly address: string }, force = false): string =>
  `source-dns follow ${state.settings.cluster} ${server?.address ?? 'SERVER'}${force ? ' --force' : ''}`;

/** The server will not come back. */
export const forget = ({ state }: Situation, server: { readonly address: string }): string =>
  `source-dns forget ${state.settings.cluster} ${server.address}`;

export const thaw = ({ state }: Situation): string => `source-dns thaw ${state.settings.cluster}`;
