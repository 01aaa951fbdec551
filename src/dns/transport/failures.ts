/** Failures on the way to a nameserver. `nameserver`: name and address, as `ns1 (192.0.2.53:53)`. */
import type { Failure } from '../../core/model/observation.ts';

const downHint = 'Check that the nameserver runs and listens on that address and port, also for TCP.';

export const connectFailed = (nameserver: string, error: NodeJS.ErrnoException): Failure => ({
  code: error.code === 'ECONNREFUSED' ? 'connection-refused' : 'connection-failed',
  message: `source-dns cannot connect to the nameserver ${nameserver}: ${error.code ?? error.message}. Nothing was sent.`,
  hint: downHint,
});

export const connectTimedOut = (nameserver: string): Failure => ({
  code: 'connect-timeout',
  message: `The nameserver ${nameserver} did not accept the TCP connection in time. Nothing was sent.`,
  hint: downHint,
});

export const connectionLost = (nameserver: string, why: string): Failure => ({
  code: 'connection-lost',
  message: `The connection to the nameserver ${nameserver} ended before an answer came (${why}).`,
});

export const portUnreachable = (nameserver: string, error: NodeJS.ErrnoException): Failure => ({
  code: 'connection-refused',
  message: `The datagram to the nameserver ${nameserver} was rejected: ${error.code ?? error.message}.`,
  hint: downHint,
});

export const noRoute = (nameserver: string, error: NodeJS.ErrnoException): Failure => ({
  code: 'no-route',
  message: `This machine cannot send to the nameserver ${nameserver}: ${error.code ?? error.message}. Nothing was sent.`,
  hint: 'Check that this machine has a route to that address. For an IPv6 address it needs an IPv6 address itself.',
});

export const noAnswer = (nameserver: string): Failure => ({
  code: 'no-answer',
  message: `The nameserver ${nameserver} did not answer in time.`,
  hint: `${downHint} BIND silently drops updates above its update-quota.`,
});

export const expiredInQueue = (nameserver: string): Failure => ({
  code: 'expired',
  message: `The update for the nameserver ${nameserver} waited until its evidence was no longer fresh. It was not sent.`,
});

export const recalled = (nameserver: string): Failure => ({
  code: 'recalled',
  message: `source-dns recalled the update for the nameserver ${nameserver} before sending it: something newer is known.`,
});

export const queueFull = (nameserver: string, limit: number): Failure => ({
  code: 'queue-full',
  message: `${limit} messages already wait for the nameserver ${nameserver}. This one was not sent.`,
});

export const clientClosed = (nameserver: string): Failure => ({
  code: 'client-closed',
  message: `The client of the nameserver ${nameserver} is closed.`,
});

export const truncatedOverTcp = (nameserver: string): Failure => ({
  code: 'malformed-answer',
  message: `The nameserver ${nameserver} truncated its answer (TC) even over TCP: a part is missing.`,
});
