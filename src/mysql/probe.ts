import { type DiscoveryScope, isWithin } from '../core/discovery-scope.ts';
import { type Probe, splitAddress } from '../core/observation.ts';
import type { MonoMs, ServerAddress } from '../core/units.ts';
import type { Clock, Resolution, ServerProber } from '../ports.ts';
import { withDeadline } from './deadline.ts';
import { unknownProblem } from './failures.ts';
import { HostLookup } from './host-lookup.ts';
import { KeptConnection } from './kept-connection.ts';
import { resolveServer } from './resolve.ts';
import type { SslOptions } from './session.ts';

export interface ProberOptions {
  readonly cluster: string;
  /** With those within the scopes, the only addresses that ever get the password. */
  readonly servers: readonly { readonly address: ServerAddress }[];
  /** Where further servers may be discovered: then the configured ones are asked for their replicas, too. Absent: nowhere. */
  readonly discoverWithin?: readonly DiscoveryScope[];
  readonly user: string;
  readonly password: string;
  /** `preferred` goes without TLS only where the server has none; `required` encrypts and checks nothing; `verify` checks the certificate and its host name. */
  readonly tls: 'disabled' | 'preferred' | 'required' | 'verify';
  /** PEM, with `verify`. Absent: the certificate authorities that Node brings. */
  readonly ca?: Buffer | string;
  /** For the TCP connection, TLS, the login and the setting up of the session together. */
  readonly connectTimeoutMs: number;
  /** For all queries of one probe together. */
  readonly queryTimeoutMs: number;
  readonly clock: Clock;
}

/** How long a server has to take note of our good-bye. */
const closeTimeoutMs = 200;

/** Asks the MySQL servers of one cluster, on one kept connection each, which is opened by the first probe. Nothing of it rejects. A discovered server has one until its `release`. */
export function createProber(options: ProberOptions): ServerProber {
  const ssl = sslOptions(options);
  const hosts = new HostLookup(options.clock);
  const listeners: ((server: ServerAddress) => void)[] = [];
  const scopes = options.discoverWithin ?? [];
  const access = { cluster: options.cluster, user: options.user, password: options.password, ssl, lookup: hosts.forConnect };
  const open = (server: ServerAddress, asksReplicas: boolean): KeptConnection => {
    const lost = () => {
      for (const listener of listeners) listener(server);
    };
    return new KeptConnection({ ...options, server, access, asksReplicas, fallBack: options.tls === 'preferred', lost });
  };
  const configured = new Map(options.servers.map(({ address }) => [address, open(address, scopes.length > 0)]));
  const discovered = new Map<ServerAddress, KeptConnection>();
  let isClosed = false;

  function connectionTo(server: ServerAddress): KeptConnection | undefined {
    const kept = configured.get(server) ?? discovered.get(server);
    // The core decides whom to ask; that nobody else gets the password is held here once more.
    if (kept !== undefined || isClosed || !isWithin(scopes, server)) return kept;
    const opened = open(server, false);
    discovered.set(server, opened);
    return opened;
  }

  function end(connection: KeptConnection): Promise<void> {
    const deadline = (options.clock.mono() + closeTimeoutMs) as MonoMs;
    return withDeadline(options.clock, deadline, connection.end(), () => connection.destroy());
  }

  return {
    probe(server: ServerAddress, deadline: MonoMs): Promise<Probe> {
      const connection = connectionTo(server);
      return (
        connection?.probe(deadline) ?? Promise.resolve(unknownProblem(server, 'not-a-server', 'is none of the servers that may be asked'))
      );
    },
    release(server: ServerAddress): void {
      const connection = discovered.get(server);
      if (connection === undefined) return;
      discovered.delete(server);
      const hostOf = (address: ServerAddress) => splitAddress(address).host;
      if (![...configured.keys(), ...discovered.keys()].some((other) => hostOf(other) === hostOf(server))) hosts.forget(hostOf(server));
      void end(connection);
    },
    resolve: (server: ServerAddress, deadline: MonoMs): Promise<Resolution> => resolveServer(options.clock, hosts, server, deadline),
    onConnectionLost(listener: (server: ServerAddress) => void): void {
      listeners.push(listener);
    },
    async close(): Promise<void> {
      isClosed = true;
      await Promise.all([...configured.values(), ...discovered.values()].map(end));
    },
  };
}

function sslOptions({ tls, ca }: ProberOptions): SslOptions | undefined {
  if (tls === 'disabled') return undefined;
  const verify = tls === 'verify';
  return { rejectUnauthorized: verify, verifyIdentity: verify, ...(verify && ca !== undefined && { ca }) };
}
