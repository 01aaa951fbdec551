/** The TCP listener. A reload changes it without losing it: what cannot be opened leaves the old one. */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '../config/http-schema.ts';
import type { HttpConfig } from '../config/loaded.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Door } from './doors.ts';

/** How long current requests may take when a listener closes. */
const closeGraceMs = 1000;

export type PreparedTcp =
  | { readonly kind: 'failed'; readonly failure: Failure }
  | {
      readonly kind: 'prepared';
      /** From now on: this listener, token and names. */
      use(): Promise<void>;
      /** All stays as it was. */
      drop(): Promise<void>;
    };

interface Tcp {
  /** Opens what `next` needs; undefined: nothing. Never rejects. */
  prepare(next: HttpConfig | undefined): Promise<PreparedTcp>;
  /** Where it listens. */
  address(): AddressInfo | undefined;
  close(): Promise<void>;
}

interface Open {
  readonly server: Server;
  /** Replaced when only the token or the names change. */
  config: HttpConfig;
}

/** `make`: a server that listens nowhere yet. */
export function createTcp(make: (rules: Door['rules']) => Server): Tcp {
  let current: Open | undefined;

  async function open(config: HttpConfig): Promise<Open | Failure> {
    const opened: Open = { server: make(() => opened.config), config };
    const failure = await listen(opened.server, config);
    return failure ?? opened;
  }

  async function replaced(config: HttpConfig): Promise<Open | Failure> {
    const opened = await open(config);
    // 0.0.0.0 takes the port of 127.0.0.1 too.
    if (!('code' in opened) || opened.code !== 'port-taken' || current?.config.port !== config.port)
      return opened;
    const old = current;
    await close(old.server);
    const again = await open(config);
    const restored = 'code' in again ? await open(old.config) : undefined;
    current = restored !== undefined && !('code' in restored) ? restored : undefined;
    return again;
  }

  async function prepare(next: HttpConfig | undefined): Promise<PreparedTcp> {
    const before = current;
    if (next !== undefined && before !== undefined && isSamePlace(before.config, next))
      return {
        kind: 'prepared',
        async use() {
          before.config = next;
        },
        drop: async () => {},
      };
    const opened = next && (await replaced(next));
    if (opened !== undefined && 'code' in opened) return { kind: 'failed', failure: opened };
    return {
      kind: 'prepared',
      async use() {
        const old = current;
        current = opened;
        if (old !== undefined) await close(old.server);
      },
      async drop() {
        if (opened !== undefined) await close(opened.server);
        if (current !== undefined || before === undefined) return;
        const restored = await open(before.config);
        if (!('code' in restored)) current = restored;
      },
    };
  }

  return {
    prepare,
    address: () => (current?.server.address() as AddressInfo | null | undefined) ?? undefined,
    async close() {
      if (current !== undefined) await close(current.server);
      current = undefined;
    },
  };
}

const isSamePlace = (a: HttpConfig, b: HttpConfig): boolean => a.host === b.host && a.port === b.port;

function listen(server: Server, config: HttpConfig): Promise<Failure | undefined> {
  const { host, port, token } = config;
  return new Promise((resolve) => {
    const onError = (error: NodeJS.ErrnoException): void => resolve(whyNot(config, error));
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      const { address } = server.address() as AddressInfo;
      // `localhost` is what the host's own tables say.
      if (token !== undefined || isLoopback(address)) return resolve(undefined);
      server.close();
      resolve({
        code: 'not-loopback',
        message: `${host} is ${address} on this host, which other hosts can reach`,
        hint: 'write "listen: 127.0.0.1:8053", or add token_file',
      });
    });
  });
}

/** Ends current requests after a second at most. The port is free at once. */
export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs);
  await closed;
  clearTimeout(timer);
}

function whyNot({ host, port }: HttpConfig, { code = 'unknown error' }: NodeJS.ErrnoException): Failure {
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return {
        code: 'port-taken',
        message: `cannot listen on ${at}: another program does`,
        hint: `find it with "ss -ltnp sport = :${port}" and stop it, or choose another port in http.listen`,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'port-forbidden',
        message: `cannot listen on ${at}: this user may not`,
        hint: 'choose a port above 1023 in http.listen',
      };
    case 'EADDRNOTAVAIL':
      return {
        code: 'address-not-here',
        message: `cannot listen on ${at}: this host does not have the address`,
        hint: 'see "ip address"; correct http.listen in the configuration',
      };
    default:
      return {
        code: 'listen-failed',
        message: `cannot listen on ${at}: ${code}`,
        hint: 'correct http.listen in the configuration',
      };
  }
}
