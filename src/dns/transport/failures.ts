/** What can go wrong on the way to a nameserver, in words. `nameserver`: its name and address, as `ns1 (192.0.2.53:53)`. */
import type { Failure } from '../../core/model/observation.ts';

const downHint = 'Is the nameserver running, and does it listen on that address and port, also for TCP?';

export const connectFailed = (nameserver: string, error: NodeJS.ErrnoException): Failure => ({
  code: error.code === 'ECONNREFUSED' ? 'connection-refused' : 'connection-failed',
  message: `The nameserver ${nameserver} could not be connected: ${error.code ?? error.message}. Nothing was sent.`,
  hint: downHint,
});

export const connectTimedOut = (nameserver: string): Failure => ({
  code: 'connect-timeout',
  message: `The nameserver ${nameserver} did not accept the TCP connection in time. Nothing was sent.`,
  hint: downHint,
});

export const connectionLost = (nameserver: string, why: string): Failure => ({
  code: 'connection-lost',
  message: `The connection to the nameserver ${nameserver} ended before it answered (${why}).`,
});

export const portUnreachable = (nameserver: string, error: NodeJS.ErrnoException): Failure => ({
  code: 'connection-refused',
  message: `The datagram to the nameserver ${nameserver} came back: ${error.code ?? error.message}.`,
  hint: downHint,
});

export const noRoute = (nameserver: string, error: NodeJS.ErrnoException): Failure => ({
  code: 'no-route',
  message: `This machine cannot send to the nameserver ${nameserver}: ${error.code ?? error.message}. Nothing was sent.`,
  hint: 'Has this machine a route there, and for an IPv6 address an IPv6 address of its own?',
});

export const noAnswer = (nameserver: string): Failure => ({
  code: 'no-answer',
  message: `The nameserver ${nameserver} did not answer in time.`,
  hint: `${downHint} BIND drops updates without a word above its update-quota.`,
});

export const expiredInQueue = (nameserver: string): Failure => ({
  code: 'expired',
  message: `The update for the nameserver ${nameserver} waited longer than its evidence is fresh, so it was not sent.`,
});

export const recalled = (nameserver: string): Failure => ({
  code: 'recalled',
  message: `The update for the nameserver ${nameserver} was called back before it left: something else is known by now.`,
});

export const queueFull = (nameserver: string, limit: number): Failure => ({
  code: 'queue-full',
  message: `${limit} messages wait for the nameserver ${nameserver} already. This one was not sent.`,
});

export const clientClosed = (nameserver: string): Failure => ({
  code: 'client-closed',
  message: `The client of the nameserver ${nameserver} is closed.`,
});

export const truncatedOverTcp = (nameserver: string): Failure => ({
  code: 'malformed-answer',
  message: `The nameserver ${nameserver} truncated its answer (TC), also over TCP: a part of it is missing.`,
});
