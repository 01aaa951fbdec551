/** What a person would type, in the words of the server's product and version. Advice only: source-dns executes none of it. */

import type { ServerFacts, Version } from './observation.ts';
import type { Situation } from './situation.ts';
import type { ServerView } from './topology.ts';

/** Makes it refuse writes, also an administrator's where the product can: MariaDB has no super_read_only. */
export const closing = ({ known }: ServerView): string =>
  known?.flavour === 'mariadb' ? 'SET GLOBAL read_only = ON' : 'SET GLOBAL super_read_only = ON';

/** Makes it writable, as far as variables keep it from that. In MySQL read_only cannot be OFF while super_read_only is ON, so one statement does both. */
export function opening({ offlineMode, readOnly, superReadOnly }: ServerFacts): string {
  return [
    ...(offlineMode ? ['SET GLOBAL offline_mode = OFF'] : []),
    ...(readOnly || superReadOnly ? ['SET GLOBAL read_only = OFF'] : []),
  ].join('; ');
}

/** Ends one channel for good. The words REPLICA came with MySQL 8.0.22 and MariaDB 10.5.1; for older ones it is said in English. */
export function detaching({ flavour, version }: ServerFacts, channel: string): string {
  const named = channel === '' ? '' : ` '${channel}'`;
  if (flavour === 'mariadb') return `STOP REPLICA${named}; RESET REPLICA${named} ALL`;
  if (!isAtLeast8022(version)) return `stop and reset its replication${named}`;
  const forChannel = named === '' ? '' : ` FOR CHANNEL${named}`;
  return `STOP REPLICA${forChannel}; RESET REPLICA ALL${forChannel}`;
}

const isAtLeast8022 = ({ major, minor, patch }: Version): boolean => major > 8 || (major === 8 && (minor > 0 || patch >= 22));

/** Names the source by hand; `server` absent: whichever it is. */
export const follow = ({ state }: Situation, server?: { readonly address: string }, force = false): string =>
  `source-dns follow ${state.settings.cluster} ${server?.address ?? 'SERVER'}${force ? ' --force' : ''}`;

/** The server will not come back. */
export const forget = ({ state }: Situation, server: { readonly address: string }): string =>
  `source-dns forget ${state.settings.cluster} ${server.address}`;

export const thaw = ({ state }: Situation): string => `source-dns thaw ${state.settings.cluster}`;
