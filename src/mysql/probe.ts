import type { Probe } from '../core/observation.ts';
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
  /** The only addresses that ever get the password. */
  readonly servers: readonly { readonly address: ServerAddress }[];
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

/** Asks the MySQL servers of one cluster, on one kept connection each, which is opened by the first probe. Nothing of it rejects. */
export function createProber(options: ProberOptions): ServerProber {
  const ssl = sslOptions(options);
  const hosts = new HostLookup(options.clock);
  const listeners: ((server: ServerAddress) => void)[] = [];
  const connections = new Map(
    options.servers.map(({ address }) => {
      const lost = () => {
        for (const listener of listeners) listener(address);
      };
      const access = { cluster: options.cluster, user: options.user, password: options.password, ssl, lookup: hosts.forConnect };
      return [address, new KeptConnection({ ...options, server: address, access, fallBack: options.tls === 'preferred', lost })];
    }),
  );
  return {
    probe(server: ServerAddress, deadline: MonoMs): Promise<Probe> {
      const connection = connections.get(server);
      return (
        connection?.probe(deadline) ?? Promise.resolve(unknownProblem(server, 'not-a-server', 'is none of the servers that may be asked'))
      );
    },
    resolve: (server: ServerAddress, deadline: MonoMs): Promise<Resolution> => resolveServer(options.clock, hosts, server, deadline),
    onConnectionLost(listener: (server: ServerAddress) => void): void {
      listeners.push(listener);
    },
    async close(): Promise<void> {
      const deadline = (options.clock.mono() + closeTimeoutMs) as MonoMs;
      const closings = [...connections.values()].map((connection) =>
        withDeadline(options.clock, deadline, connection.end(), () => connection.destroy()),
      );
      await Promise.all(closings);
    },
  };
}

function sslOptions({ tls, ca }: ProberOptions): SslOptions | undefined {
  if (tls === 'disabled') return undefined;
  const verify = tls === 'verify';
  return { rejectUnauthorized: verify, verifyIdentity: verify, ...(verify && ca !== undefined && { ca }) };
}
