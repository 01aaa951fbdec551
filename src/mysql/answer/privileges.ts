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

const grantLine = /^GRANT (.+?) ON ((?:TABLE )?(?:`(?:[^`]|``)*`|\*)\.(?:`(?:[^`]|``)*`|\*)) TO /;

/** Undefined for a line of another form: a role, PROXY, a routine, a partial REVOKE. */
function readGrant(line: string): Grant | undefined {
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
