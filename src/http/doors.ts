/** Through which listener a request came, and what that listener allows. */

import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TcpRules } from './tcp-guard.ts';

export interface Door {
  /** Undefined: the unix socket, whose file rights are the access control. */
  rules(): TcpRules | undefined;
  /** The connection becomes a stream, which has a bound of its own. False: there are too many. */
  keepOpen(socket: Socket): boolean;
}

const doors = new WeakMap<IncomingMessage, Door>();

export const cameThrough = (request: IncomingMessage, door: Door): void => {
  doors.set(request, door);
};

/** Throws for a request that came through no listener: nothing says what it may do. */
export function doorOf(request: IncomingMessage): Door {
  const door = doors.get(request);
  if (door === undefined) throw new Error('a request came through no listener');
  return door;
}
