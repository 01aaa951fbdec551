import type { Version } from '../core/observation.ts';

const versionPattern = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d)/;

/** Reads `9.7.4-2`, `8.4.3`, `26.1.0`. Undefined for text that does not begin with three numbers. */
export function parseVersion(text: string): Version | undefined {
  const match = versionPattern.exec(text);
  if (!match) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]), text: text.slice(0, 100) };
}

/** By what the server says before the login. MariaDB may put `5.5.5-` before its own version, so its name decides. */
export const flavourOf = (text: string): 'mysql' | 'mariadb' => (/mariadb/i.test(text) ? 'mariadb' : 'mysql');

/** Whether the queries of this folder can be asked: MySQL 8.4 and later. */
export const isSupported = (version: Version): boolean => version.major > 8 || (version.major === 8 && version.minor >= 4);
