/** Finds out what a server is, and chooses how to ask it. */

import type { Version } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { aliveProblem, type Problem } from '../answer/failures.ts';
import type { QuerySet, Traits } from '../answer/query-set.ts';
import { type Row, RowReader } from '../answer/row.ts';
import { boundedLine } from '../answer/text.ts';
import { atLeast, parseVersion } from '../answer/version.ts';
import { aurora } from './aurora.ts';
import { withWsrep } from './galera.ts';
import { mariadb } from './mariadb.ts';
import { mysql57 } from './mysql-5.7.ts';
import { mysql8 } from './mysql-8.ts';
import { withRdsTopology } from './rds-cluster.ts';

/**
 * The first statement on every connection, in both products: global defaults for clients must not cut our
 * rows (sql_select_limit, also of SHOW), refuse our joins (max_join_size, error 1104) or end our statements
 * (max_execution_time in ms, error 3024; MariaDB: max_statement_time in s, error 1969). MySQL takes a comment
 * from its version on; MariaDB leaves out those from 50700 to 99999, and has its own.
 */
export const rowsQuery =
  'SET SESSION sql_select_limit = 18446744073709551615, sql_big_selects = 1 /*!50708 , max_execution_time = 10000 */ /*M!100101 , max_statement_time = 10 */';

/** SHOW accepts unknown variables. But a server reads all of its variables for it, for 1 ms of CPU. */
export const traitsQuery =
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('aurora_version', 'basedir', 'gtid_domain_id', 'version', 'version_comment', 'wsrep_on', 'wsrep_provider')";

/**
 * The same for much less, for each new connection. The last part of the first is a comment for MySQL.
 * Most servers do not know the variables of the other two. They need no privilege either, and name no table:
 * Galera answers such a SELECT in every state.
 */
export const lightTraitsQueries = [
  'SELECT @@version AS version, @@version_comment AS version_comment, @@basedir AS basedir, CURRENT_USER() AS account /*M!100002 , @@gtid_domain_id AS gtid_domain_id */',
  'SELECT @@aurora_version AS aurora_version',
  'SELECT @@global.wsrep_on AS wsrep_on, @@global.wsrep_provider AS wsrep_provider',
] as const;

/** ER_UNKNOWN_SYSTEM_VARIABLE. */
export const unknownVariable = 1193;

export const uptimeQuery = "SHOW GLOBAL STATUS WHERE Variable_name = 'Uptime'";

/** Reads the answer of `traitsQuery`. A missing row means "no". */
export const readTraits = (rows: readonly Row[]): Traits =>
  traitsOf(
    new Map(rows.map((row) => [String(row['Variable_name']).toLowerCase(), String(row['Value'] ?? '')])),
  );

/** Reads the answers of `lightTraitsQueries`. A missing column means "no". */
export const readLightTraits = (rows: readonly Row[]): Traits =>
  traitsOf(
    new Map(rows.flatMap((row) => Object.entries(row)).map(([name, cell]) => [name, String(cell ?? '')])),
  );

function traitsOf(values: ReadonlyMap<string, string>): Traits {
  const versionText = values.get('version') ?? '';
  const version = parseVersion(versionText);
  const provider = values.get('wsrep_provider') ?? '';
  return {
    versionText,
    ...(version && { version }),
    // A person or a distribution may set the texts (comment "Debian 12"); no MySQL has this variable.
    mariadb:
      values.has('gtid_domain_id') ||
      /mariadb/i.test(`${versionText} ${values.get('version_comment') ?? ''}`),
    versionByHand: values.has('gtid_domain_id') && version !== undefined && version.major < oldestNumber,
    aurora: values.has('aurora_version'),
    rds: /^\/rdsdbbin\//.test(values.get('basedir') ?? ''),
    wsrep:
      /^(ON|1)$/.test(values.get('wsrep_on') ?? '') && provider !== '' && provider.toLowerCase() !== 'none',
  };
}

/** A thousand years. */
const longestUptimeSeconds = 31_536_000_000;

/** Reads the answer of `uptimeQuery`, in seconds; undefined where there is no valid number. */
export function readUptime(rows: readonly Row[]): number | undefined {
  const row = new RowReader(rows[0] ?? {});
  const seconds = row.number('Value');
  return row.oddColumn === undefined && seconds >= 0 && seconds <= longestUptimeSeconds ? seconds : undefined;
}

/** MariaDB with GTIDs has version 10 or later: a person set a lower one, usually to look like MySQL. */
const oldestNumber = 10;

/** The oldest versions that were read or run. A MariaDB that hides its version is asked: its errors tell. */
const isSupported = (version: Version, { mariadb: isMariadb, versionByHand }: Traits): boolean =>
  isMariadb ? versionByHand || atLeast(version, 10, 5, 2) : atLeast(version, 5, 7, 9);
const hint =
  'This version of source-dns supports MySQL 5.7.9 and later, MariaDB 10.5.2 and later, Galera, Aurora MySQL 3 and RDS Multi-AZ clusters.';

const noVersionHint =
  'Check that this is a MySQL or MariaDB server, not a proxy or a compatible product: its answer to SHOW GLOBAL VARIABLES has no row for version.';

/** How to ask a server, or the problem `version-unsupported`. The server answered, so it is alive. */
export function querySetOf(server: ServerAddress, traits: Traits): QuerySet | Problem {
  const { version } = traits;
  if (traits.versionText === '')
    return aliveProblem(server, 'rows-unexpected', 'does not say which version it runs', noVersionHint);
  if (version === undefined || !isSupported(version, traits)) {
    return aliveProblem(
      server,
      'version-unsupported',
      `runs version ${boundedLine(traits.versionText)}, which is not supported`,
      hint,
    );
  }
  if (traits.mariadb)
    return traits.wsrep ? withWsrep(mariadb(version), 'information_schema') : mariadb(version);
  if (traits.aurora) return aurora;
  const set = atLeast(version, 8, 0, 0) ? mysql8 : mysql57;
  if (traits.wsrep) return withWsrep(set, 'performance_schema');
  return traits.rds ? withRdsTopology(set) : set;
}
