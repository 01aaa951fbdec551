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

/** Ends one channel for good, and deletes what of its relay log is not executed yet (manual 15.4.2.3). */
export function detaching(facts: ServerFacts, channel: string): string {
  const { stop, reset, after, atEnd } = spelling(facts, channel);
  return `${stop}${after}${atEnd}; ${reset}${after} ALL${atEnd}`;
}

/** Starts the threads of one channel, or one of them. */
export function starting(facts: ServerFacts, channel: string, thread: '' | ' SQL_THREAD' = ''): string {
  const { start, after, atEnd } = spelling(facts, channel);
  return `${start}${after}${thread}${atEnd}`;
}

/** The word REPLICA came with MySQL 8.0.22 and MariaDB 10.5.1. */
const today = { stop: 'STOP REPLICA', start: 'START REPLICA', reset: 'RESET REPLICA' };
const before8022 = { stop: 'STOP SLAVE', start: 'START SLAVE', reset: 'RESET SLAVE' };

/**
 * MySQL names a channel at the end of a statement, MariaDB after its verb. Where MySQL has several channels, a statement that names none means all of them, also those from other
 * clusters: then the default channel is named too.
 */
function spelling({ flavour, version, channels }: ServerFacts, channel: string): typeof today & { after: string; atEnd: string } {
  const isNamed = channel !== '' || channels.length > 1;
  if (flavour === 'mariadb') return { ...today, after: isNamed ? ` ${quote(channel)}` : '', atEnd: '' };
  const verbs = isAtLeast8022(version) ? today : before8022;
  return { ...verbs, after: '', atEnd: isNamed ? ` FOR CHANNEL ${quote(channel)}` : '' };
}

const isAtLeast8022 = ({ major, minor, patch }: Version): boolean => major > 8 || (major === 8 && (minor > 0 || patch >= 22));

/** A text as SQL writes it. */
export const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Names the source by hand; `server` absent: whichever it is. */
export const follow = ({ state }: Situation, server?: { readonly address: string }, force = false): string =>
  `source-dns follow ${state.settings.cluster} ${server?.address ?? 'SERVER'}${force ? ' --force' : ''}`;

/** The server will not come back. */
export const forget = ({ state }: Situation, server: { readonly address: string }): string =>
  `source-dns forget ${state.settings.cluster} ${server.address}`;

export const thaw = ({ state }: Situation): string => `source-dns thaw ${state.settings.cluster}`;
