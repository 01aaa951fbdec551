import type { Version } from '../core/observation.ts';
import type { ServerAddress } from '../core/units.ts';
import { aurora } from './aurora.ts';
import { aliveProblem, type Problem } from './failures.ts';
import { withWsrep } from './galera.ts';
import { mariadb } from './mariadb.ts';
import { mysql57 } from './mysql-5.7.ts';
import { mysql8 } from './mysql-8.ts';
import type { QuerySet, Traits } from './query-set.ts';
import { withRdsTopology } from './rds-cluster.ts';
import { type Row, RowReader } from './row.ts';
import { boundedLine } from './text.ts';
import { atLeast, parseVersion } from './version.ts';

/** The first question on every connection: which product and version it is. SHOW knows no unknown variable, needs no privilege, and a Galera node answers it always. */
export const traitsQuery =
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('aurora_version', 'basedir', 'version', 'version_comment', 'wsrep_on', 'wsrep_provider')";

/** The second one: how long the process has run. */
export const uptimeQuery = "SHOW GLOBAL STATUS WHERE Variable_name = 'Uptime'";

/** Reads the answer of `traitsQuery`. What is missing is "no". */
export function readTraits(rows: readonly Row[]): Traits {
  const values = new Map(rows.map((row) => [String(row['Variable_name']).toLowerCase(), String(row['Value'] ?? '')]));
  const versionText = values.get('version') ?? '';
  const version = parseVersion(versionText);
  const provider = values.get('wsrep_provider') ?? '';
  return {
    versionText,
    ...(version && { version }),
    mariadb: /mariadb/i.test(`${versionText} ${values.get('version_comment') ?? ''}`),
    aurora: values.has('aurora_version'),
    rds: /^\/rdsdbbin\//.test(values.get('basedir') ?? ''),
    wsrep: values.get('wsrep_on') === 'ON' && provider !== '' && provider.toLowerCase() !== 'none',
  };
}

/** Reads the answer of `uptimeQuery`, in seconds. Undefined where it is none. */
export function readUptime(rows: readonly Row[]): number | undefined {
  const row = new RowReader(rows[0] ?? {});
  const seconds = row.number('Value');
  return row.oddColumn === undefined ? seconds : undefined;
}

/** The oldest versions whose answers were read or run. */
const isSupported = (version: Version, isMariadb: boolean): boolean => (isMariadb ? atLeast(version, 10, 5, 2) : atLeast(version, 5, 7, 9));
const hint = 'This version watches MySQL 5.7.9 and later, MariaDB 10.5.2 and later, Galera, Aurora MySQL 3 and RDS Multi-AZ clusters.';

/** How a server is asked; a problem (`version-unsupported`) where this version does not know how. It answered, so it lives. */
export function querySetOf(server: ServerAddress, traits: Traits): QuerySet | Problem {
  const { version } = traits;
  if (version === undefined || !isSupported(version, traits.mariadb)) {
    return aliveProblem(server, 'version-unsupported', `runs version ${boundedLine(traits.versionText)}`, hint);
  }
  if (traits.mariadb) return traits.wsrep ? withWsrep(mariadb(version), 'information_schema') : mariadb(version);
  if (traits.aurora) return aurora;
  const set = atLeast(version, 8, 0, 0) ? mysql8 : mysql57;
  if (traits.wsrep) return withWsrep(set, 'performance_schema');
  return traits.rds ? withRdsTopology(set) : set;
}
