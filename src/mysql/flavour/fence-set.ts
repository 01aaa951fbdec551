/** How to make a server of one flavour read-only, and end the connections of its clients. */

import { accountStatements, quotedText } from '../answer/grants.ts';
import type { Traits } from '../answer/query-set.ts';
import { atLeast } from '../answer/version.ts';

/** Statements as data. All are constants, but for the identity and the time in `close`. */
export interface FenceSet {
  /**
   * Sent first on the connection. A statement that closes the server waits for two locks, so at most twice as
   * long as `lock_wait_timeout`: a waiting statement goes on after its client has gone.
   */
  readonly setup: string;
  /**
   * One row: `id`, `closed` (1: read-only, as far as this flavour can be), `self` (our connection) and `clock`
   * (the server's, in seconds).
   */
  readonly look: string;
  /**
   * Sent one after the other. The server itself compares its identity and its clock, and refuses with error
   * 1231 where it is another server, or too late: `before` is a moment of `clock`.
   */
  readonly close: (id: string, before: number) => readonly string[];
  /** Where the connections are listed. The second where the first one does not list ours. */
  readonly processlists: readonly [string, ...string[]];
  /** Each one, in any of its spellings. The first one is what we ask for. */
  readonly privileges: Readonly<Record<'close' | 'kill' | 'list', readonly [string, ...string[]]>>;
}

/** Seconds: the least that the servers know. */
export const lockWaitSeconds = 1;
/** The longest that one statement of `close` takes effect after the server has got it. Milliseconds. */
export const closeBoundMs = 2 * lockWaitSeconds * 1000;

const setup = `SET SESSION autocommit = 1, lock_wait_timeout = ${lockWaitSeconds}, wait_timeout = 30`;

const clock = 'UNIX_TIMESTAMP(SYSDATE(6))';

/** 9 is no value of these variables, in any version. */
const guarded = (isIt: string, before: number): string =>
  `IF(${isIt} AND ${clock} < ${before.toFixed(6)}, 1, 9)`;

/** One statement for each variable: together they would wait for four locks. */
const mysqlFence = (privileges: FenceSet['privileges']): FenceSet => ({
  setup,
  look: `SELECT LOWER(@@global.server_uuid) AS id, @@global.read_only AND @@global.super_read_only AS closed, CONNECTION_ID() AS self, ${clock} AS clock`,
  close: (id, before) => {
    const value = guarded(`LOWER(@@global.server_uuid) = ${quotedText(id)}`, before);
    return [`SET GLOBAL read_only = ${value}`, `SET GLOBAL super_read_only = ${value}`];
  },
  processlists: ['performance_schema.processlist', 'information_schema.processlist'],
  privileges,
});

const mysql8Fence = mysqlFence({
  close: ['SYSTEM_VARIABLES_ADMIN', 'SUPER'],
  kill: ['CONNECTION_ADMIN', 'SUPER'],
  list: ['PROCESS'],
});

/** MySQL 5.7 has no dynamic privileges. */
const mysql57Fence = mysqlFence({ close: ['SUPER'], kill: ['SUPER'], list: ['PROCESS'] });

/** Before 10.11 SUPER includes READ_ONLY ADMIN (MDEV-29596). */
const mariadbFence = (superCloses: boolean): FenceSet => ({
  setup: `${setup}, max_statement_time = ${closeBoundMs / 1000}`,
  look: `SELECT @@global.server_id AS id, IF(@@global.read_only IN ('0', 'OFF'), 0, 1) AS closed, CONNECTION_ID() AS self, ${clock} AS clock`,
  close: (id, before) => [
    `SET GLOBAL read_only = ${guarded(`@@global.server_id = ${quotedText(id)}`, before)}`,
  ],
  processlists: ['information_schema.processlist'],
  privileges: {
    close: superCloses ? ['READ_ONLY ADMIN', 'SUPER'] : ['READ_ONLY ADMIN'],
    kill: ['CONNECTION ADMIN', 'SUPER'],
    list: ['PROCESS'],
  },
});

/** How to fence a server, or the end of a sentence: why it is not fenced. */
export function fenceSetOf({ mariadb, aurora, rds, wsrep, version }: Traits): FenceSet | string {
  if (aurora)
    return 'is Aurora, which has no super_read_only: the service itself restarts a writer that it demotes';
  if (rds) return 'is an RDS instance, whose accounts may not set read_only: the service itself decides';
  if (wsrep) return 'is a Galera node: the cluster itself ends the writes of a node without a majority';
  if (mariadb) return mariadbFence(version === undefined || !atLeast(version, 10, 11, 0));
  return version !== undefined && !atLeast(version, 8, 0, 0) ? mysql57Fence : mysql8Fence;
}

/** The statements for a new account that may fence, and for one that lacks `privileges`. */
export const fenceGrant = (account: string, privileges: readonly string[]): string =>
  `GRANT ${[...new Set(privileges)].join(', ')} ON *.* TO ${account};`;

export const fencePrivileges = ({ privileges: { close, kill, list } }: FenceSet): readonly string[] => [
  ...new Set([close[0], kill[0], list[0]]),
];

export const fenceAccountStatements = (account: string, set: FenceSet): readonly string[] =>
  accountStatements(account, (named) => [fenceGrant(named, fencePrivileges(set))]);
