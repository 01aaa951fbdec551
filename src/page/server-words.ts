/** One server in a few words, and the class of its colour. Pure. */

import type { ServerSnapshot } from '../core/report/snapshot-types.ts';
import { lagWords } from './time-words.ts';
import type { Link } from './topology.ts';
import { isLate } from './verdict.ts';

/** How a server is drawn. `danger`: it takes writes, and the name does not lead to it. */
export type ServerState = 'source' | 'replica' | 'late' | 'quiet' | 'danger' | 'silent';

const roleWords: Readonly<Record<ServerSnapshot['role'], string>> = {
  source: 'source',
  replica: 'replica',
  superseded: 'former source',
  stranger: 'stranger',
  writable: 'writable',
  'read-only': 'read-only',
  unknown: 'role not known',
};

const contactWords: Readonly<Record<ServerSnapshot['contact'], string>> = {
  reachable: 'reachable',
  alive: 'lives, but refuses us',
  unknown: 'does not answer',
  unobserved: 'not asked yet',
};

export function serverState(server: ServerSnapshot): ServerState {
  if (server.contact !== 'reachable') return 'silent';
  if (server.role === 'source') return 'source';
  if (server.writable === true) return 'danger';
  if (isLate(server) || (server.way !== null && server.way?.broken !== null) || server.alarms.length > 0)
    return 'late';
  return server.role === 'replica' ? 'replica' : 'quiet';
}

/** `replica, 0 s behind`. */
export function stateWords(server: ServerSnapshot, link: Link | null): string {
  const role = roleWords[server.role] ?? server.role;
  if (server.contact !== 'reachable') {
    const contact = contactWords[server.contact] ?? server.contact;
    return server.role === 'unknown' ? contact : `${role}, ${contact}`;
  }
  if (server.writable === true) return server.role === 'writable' ? 'takes writes' : `${role}, takes writes`;
  if (server.fence?.stage === 'fenced') return `${role}, fenced`;
  if (link !== null && link.state !== 'streams') return `${role}, ${link.words}`;
  if (server.lagSeconds !== null) return `${role}, ${lagWords(server.lagSeconds)} behind`;
  return server.role === 'source' ? `${role}, takes no writes` : role;
}

/** The place of a server's details on the page. */
export const serverAnchor = (index: number): string => `server-${index + 1}`;
