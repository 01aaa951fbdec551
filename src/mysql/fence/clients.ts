/** Which connections of a server are those of clients, and which of these are left alone. */

import { type Row, RowReader } from '../answer/row.ts';
import { boundedLine } from '../answer/text.ts';

/** One connection, as the server lists it. */
export interface Connection {
  readonly id: string;
  readonly user: string;
  readonly host: string;
  readonly command: string;
  readonly seconds: number;
  readonly state: string;
}

/** So many rows are read at once. */
export const pageRows = 500;

/** By connection number, which only grows. No text of a statement is read: it may have secrets. */
export const pageQuery = (table: string, after: string): string =>
  `SELECT ID AS id, USER AS user, COALESCE(HOST, '') AS host, COMMAND AS command, COALESCE(TIME, 0) AS seconds, COALESCE(STATE, '') AS state FROM ${table} WHERE ID > ${after} ORDER BY ID LIMIT ${pageRows}`;

const connectionNumber = (text: string): string | undefined => (/^\d{1,20}$/.test(text) ? text : undefined);

/** Undefined: no row that a server would send. */
export function readConnection(row: Row): Connection | undefined {
  const reader = new RowReader(row);
  const read = {
    id: reader.parsed('id', connectionNumber) ?? '0',
    user: row['user'] === null ? '' : reader.whole('user'),
    host: reader.whole('host'),
    command: reader.whole('command'),
    seconds: reader.number('seconds'),
    state: reader.words('state'),
  };
  return reader.oddColumn === undefined ? read : undefined;
}

/** Threads of the server itself. */
const ownUsers: ReadonlySet<string> = new Set(['system user', 'event_scheduler']);

/** Whether somebody is at the other end. A replica that reads the binary log is no client. */
const isClient = ({ user, host, command }: Connection): boolean =>
  host !== '' && !ownUsers.has(user) && !/^(?:Binlog Dump|Daemon$)/.test(command);

/** `pmm*` as an expression. Every other character stands for itself. */
const globOf = (glob: string): RegExp =>
  new RegExp(`^${glob.replaceAll(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`, 's');

/** What becomes of each connection. */
export interface Sorted {
  readonly victims: readonly Connection[];
  readonly spared: readonly Connection[];
}

/** `spare`: users, with `*` for any text. `self`: our connection. */
export function sortConnections(
  all: readonly Connection[],
  { self, spare }: { readonly self: string; readonly spare: readonly string[] },
): Sorted {
  const globs = spare.map(globOf);
  const isSpared = ({ user }: Connection) => globs.some((glob) => glob.test(user));
  const clients = all.filter((one) => one.id !== self && isClient(one));
  return { victims: clients.filter((one) => !isSpared(one)), spared: clients.filter(isSpared) };
}

/** KILL does not help against it. */
const waitsForReplica = ({ state }: Connection): boolean => /semi-?sync/i.test(state);

/** A commit that waits for a replica comes first. */
const weightOf = (one: Connection): number => {
  if (waitsForReplica(one)) return 2;
  return isClient(one) ? 1 : 0;
};

const isRunning = ({ command, user }: Connection): boolean =>
  !/^(?:Sleep|Daemon|Binlog Dump.*)$/.test(command) && user !== 'event_scheduler';

/** For people: who probably keeps the server from being closed. The longest running one comes first. */
export function blockerOf(all: readonly Connection[], self: string): { by: string; hint?: string } {
  const running = all
    .filter((one) => one.id !== self && isRunning(one))
    .toSorted((a, b) => weightOf(b) - weightOf(a) || b.seconds - a.seconds);
  const [first] = running;
  if (first === undefined)
    return { by: 'a connection that holds a lock and runs nothing, perhaps by LOCK TABLES' };
  const others = running.length > 1 ? `, and ${running.length - 1} more` : '';
  const state = first.state === '' ? '' : `: ${first.state}`;
  const from = first.host === '' ? first.user : `${first.user}@${first.host}`;
  const by = `${boundedLine(`connection ${first.id} of ${from}, ${first.command} for ${first.seconds} s${state}`)}${others}`;
  return waitsForReplica(first) ? { by, hint: endOfWait(first) } : { by };
}

/** MariaDB and older versions of MySQL say no "replica" in the state, and have the older variable. */
function endOfWait({ state }: Connection): string {
  const variable = /replica/i.test(state) ? 'rpl_semi_sync_source_enabled' : 'rpl_semi_sync_master_enabled';
  return `KILL does not end this wait: on this server, run SET GLOBAL ${variable} = OFF, and at once make it read-only by hand (what waits is then committed there)`;
}
