/** Reads SHOW GRANTS: what our account may do beyond watching, and the statements that take it away. */

interface Grant {
  readonly privileges: readonly string[];
  /** As SHOW GRANTS spells it: *.*, or a schema and a table in backquotes. */
  readonly object: string;
  readonly grantOption: boolean;
}

/** A privilege is more than our account needs. */
export interface WideGrant {
  readonly privileges: readonly string[];
  readonly object: string;
}

const proxy = 'PROXY';

/** No privilege at all. */
const nothing = 'USAGE';

/** Privileges on *.* that only show a state. PROCESS shows the statements of others: it is too much. */
const watching: ReadonlySet<string> = new Set([
  nothing,
  'REPLICATION CLIENT',
  'BINLOG MONITOR',
  'REPLICA MONITOR',
  'SLAVE MONITOR',
]);

/** The kinds of routines are those of both products (MySQL 15.7.1.6, MariaDB: GRANT). */
const grantLine =
  /^GRANT (.+?) ON ((?:(?:TABLE|PROCEDURE|FUNCTION|PACKAGE|PACKAGE BODY|LIBRARY) )?(?:`(?:[^`]|``)*`|\*)\.(?:`(?:[^`]|``)*`|\*)) TO /;

/** MySQL writes the account in backquotes, MariaDB in quotes. */
const proxyLine = /^GRANT PROXY ON ((?:`[^`]*`|'[^']*')(?:@(?:`[^`]*`|'[^']*'))?) TO /;

/** Undefined for a line of another form: a role, a partial REVOKE. */
function readGrant(line: string): Grant | undefined {
  const [, proxied] = proxyLine.exec(line) ?? [];
  // Its REVOKE takes the grant option, too.
  if (proxied !== undefined) return { privileges: [proxy], object: proxied, grantOption: false };
  const match = grantLine.exec(line);
  if (match === null) return undefined;
  const [, list = '', object = ''] = match;
  // Column lists have commas, too: SELECT (`a`, `b`).
  const privileges = list.split(/,\s*(?![^(]*\))/).map((privilege) => privilege.trim());
  return { privileges, object, grantOption: / WITH GRANT OPTION\b/.test(line) };
}

/** `asWell`: privileges on *.* that this cluster needs, and others do not. */
export function wideGrants(lines: readonly string[], asWell: readonly string[]): readonly WideGrant[] {
  return lines.flatMap((line) => {
    const grant = readGrant(line);
    if (grant === undefined) return [];
    const wide = grant.privileges.filter((privilege) => !isNeeded(privilege, grant.object, asWell));
    const privileges = grant.grantOption ? [...wide, 'GRANT OPTION'] : wide;
    return privileges.length === 0 ? [] : [{ privileges, object: grant.object }];
  });
}

function isNeeded(privilege: string, object: string, asWell: readonly string[]): boolean {
  if (object === '*.*') return watching.has(privilege) || asWell.includes(privilege);
  const [schema = ''] = object.replaceAll('`', '').split('.');
  const [word = ''] = privilege.split(' ');
  return (
    privilege === nothing ||
    (word === 'SELECT' && (schema === 'performance_schema' || /^`?mysql`?\.`?rds_topology/.test(object)))
  );
}

/**
 * MySQL: everything that the account has goes, and nothing of it stays behind, as after single statements:
 * for example GRANT OPTION for dynamic privileges. Roles stay, and PROXY has its own statement (manual
 * 15.7.1.8).
 * `ifExists` (MySQL 8.0.30): an account that a replica lacks ends no applier.
 */
export const revokeEverything = (
  wide: readonly WideGrant[],
  account: string,
  ifExists: boolean,
): readonly string[] => [
  ...revokeStatements(
    wide.filter(({ privileges }) => privileges.includes(proxy)),
    account,
    ifExists,
  ),
  `REVOKE ${ifExists ? 'IF EXISTS ' : ''}ALL PRIVILEGES, GRANT OPTION FROM ${account}${ifExists ? ' IGNORE UNKNOWN USER' : ''};`,
];

/**
 * MariaDB lists what the active role may do with the role as its owner, which has no host.
 * MySQL mixes it with the account's own privileges.
 */
export const ownGrants = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => / TO (?:`(?:[^`]|``)*`|'(?:[^']|'')*')@/.test(line));

/**
 * One statement for each grant. They leave the other privileges as they are. `ifExists` (MySQL 8.0.30): else
 * the statement ends the applier of a replica on which the account lacks the grant.
 */
export const revokeStatements = (
  wide: readonly WideGrant[],
  account: string,
  ifExists: boolean,
): readonly string[] =>
  wide.map(
    ({ privileges, object }) =>
      `REVOKE ${ifExists ? 'IF EXISTS ' : ''}${privileges.join(', ')} ON ${object} FROM ${account};`,
  );

/** The roles that are granted, as SHOW GRANTS quotes them. */
export const grantedRoles = (lines: readonly string[]): readonly string[] =>
  lines.flatMap((line) => {
    const [, list] = /^GRANT ((?:`[^`]*`(?:@`[^`]*`)?,?\s*)+) TO /.exec(line) ?? [];
    return list === undefined ? [] : list.split(/,\s*/);
  });

/** Of each of `wanted` the first spelling, where the account has it on *.* in none of its spellings. */
export function lacksOf(
  lines: readonly string[],
  wanted: readonly (readonly [string, ...string[]])[],
): readonly string[] {
  const held = new Set(
    lines.flatMap((line) => {
      const grant = readGrant(line);
      return grant?.object === '*.*' ? grant.privileges : [];
    }),
  );
  return wanted.flatMap((spellings) =>
    held.has('ALL PRIVILEGES') || spellings.some((spelling) => held.has(spelling)) ? [] : [spellings[0]],
  );
}
