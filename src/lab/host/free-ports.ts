/** Ports that are free, for servers that start in a moment. */

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { LabError } from './lab-error.ts';

/** Well-known services often use lower ports. */
const lowestPort = 10_000;
/** Where Linux's ephemeral range begins, if it cannot be read: outgoing connections take those ports. */
const defaultEphemeralStart = 32_768;
const attemptLimit = 50;

/** A TCP (with `udp`, also UDP) port that is free on all `addresses`. Another process may take it first. */
export async function findFreePort(
  addresses: readonly string[],
  options: { udp?: boolean; butNot?: readonly number[] } = {},
): Promise<number> {
  const end = Math.max(lowestPort + 1, Math.min(ephemeralStart(), 65_536));
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    const port = randomInt(lowestPort, end);
    if (!options.butNot?.includes(port) && (await isFree(addresses, port, options.udp === true))) return port;
  }
  throw new LabError(`no port of ${lowestPort}-${end} is free on ${addresses.join(', ')}`, {
    hint: 'can these addresses be bound on this machine?',
  });
}

/** Runs `start` with a free port (or several), and again with another one if the port was taken meanwhile. */
export async function withFreePort<Ports, T>(
  findPort: () => Promise<Ports>,
  start: (port: Ports) => Promise<T>,
  options: { isTaken: (error: unknown) => boolean; attempts?: number },
): Promise<T> {
  for (let left = (options.attempts ?? 5) - 1; ; left--) {
    try {
      return await start(await findPort());
    } catch (error) {
      if (left <= 0 || !options.isTaken(error)) throw error;
    }
  }
}

/** Binds all at once: the port is free on all addresses at the same moment. */
async function isFree(addresses: readonly string[], port: number, udp: boolean): Promise<boolean> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    for (const address of addresses) {
      const server = createServer();
      closers.push(async () => (server.listening ? await once(server.close(), 'close') : undefined));
      await once(server.listen(port, address), 'listening');
      if (!udp) continue;
      const socket = createSocket('udp4');
      closers.push(() => new Promise<void>((resolve) => socket.close(resolve)));
      socket.bind(port, address);
      await once(socket, 'listening');
    }
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all(closers.map((close) => close()));
  }
}

function ephemeralStart(): number {
  try {
    const start = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
    return start > lowestPort ? start : defaultEphemeralStart;
  } catch {
    return defaultEphemeralStart;
  }
}
