/** Reads and compares version numbers. */

import type { Version } from '../../core/model/observation.ts';
import { boundedLine } from './text.ts';

/** MariaDB's greeting puts `5.5.5-` before its version for old clients; some gateways do so in @@version. */
const versionPattern = /^(?:5\.5\.5-(?=\d+\.\d+\.\d))?(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d)/;

/**
 * Reads `9.7.4-2`, `26.1.0`, `10.11.6-MariaDB`; undefined for text that does not begin with three numbers.
 */
export function parseVersion(text: string): Version | undefined {
  const match = versionPattern.exec(text);
  if (!match) return undefined;
  return {
    major: Number(match[1]),
    minor: Number(match[2]),
    patch: Number(match[3]),
    text: boundedLine(text).slice(0, 100),
  };
}

/** That version or a later one, compared as numbers: 5.7.9 < 5.7.44 < 8.0.9 < 8.0.11 < 9.7.0 < 26.1.0. */
export function atLeast(version: Version, major: number, minor: number, patch: number): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}
