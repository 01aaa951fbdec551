import { type DiscoveryScope, isWithin } from '../core/model/discovery-scope.ts';
import { type Places, type Probe, splitAddress } from '../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../core/model/units.ts';
import type { Clock, Resolution, ServerProber } from '../ports.ts';
import { unknownProblem } from './answer/failures.ts';
import { withDeadline } from './connection/deadline.ts';
import { HostLookup, onlyAt } from './connection/host-lookup.ts';
import { KeptConnection } from './connection/kept-connection.ts';
import { resolveServer } from './connection/resolve.ts';
import type { Access, SslOptions } from './connection/session.ts';

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
  /** Without TLS, where the server asks for the password itself: encrypt it with the key that the server sends, unchecked. Absent: refuse that. */
  readonly allowPublicKeyRetrieval?: boolean;
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
  const fallBack = options.tls === 'preferred';
  const places = new Map<ServerAddress, Places>();
  const accessBy = (lookup: Access['lookup']): Access => ({
    cluster: options.cluster,
    user: options.user,
    password: options.password,
    ssl,
    allowPublicKeyRetrieval: options.allowPublicKeyRetrieval ?? false,
    lookup,
  });
  const open = (server: ServerAddress, asksReplicas: boolean): KeptConnection => {
    const lost = () => {
      for (const listener of listeners) listener(server);
    };
    const access = accessBy(hosts.forConnect(() => places.get(server)));
    return new KeptConnection({ ...options, server, access, asksReplicas, fallBack, lost });
  };
  const configured = new Map(
    options.servers.map(({ address }) => [address, open(address, scopes.length > 0)]),
  );
  const discovered = new Map<ServerAddress, KeptConnection>();
  /** Connections to one address each, while it is tried. */
  const trials = new Set<KeptConnection>();
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
    probe(server: ServerAddress, deadline: MonoMs, known?: Places): Promise<Probe> {
      if (known !== undefined) places.set(server, known);
      const connection = connectionTo(server);
      return (
        connection?.probe(deadline) ??
        Promise.resolve(unknownProblem(server, 'not-a-server', 'is none of the servers that may be asked'))
      );
    },
    async probeAt(server: ServerAddress, address: string, deadline: MonoMs): Promise<Probe> {
      if (!configured.has(server) || isClosed)
        return unknownProblem(server, 'not-a-server', 'is none of the servers that may be asked');
      const access = accessBy(onlyAt(address));
      const trial = new KeptConnection({
        ...options,
        server,
        access,
        asksReplicas: false,
        fallBack,
        lost: () => {},
      });
      trials.add(trial);
      const probe = await trial.probe(deadline);
      trials.delete(trial);
      void end(trial);
      return probe;
    },
    renew: (server: ServerAddress): void => configured.get(server)?.renew(),
    release(server: ServerAddress): void {
      places.delete(server);
      const connection = discovered.get(server);
      if (connection === undefined) return;
      discovered.delete(server);
      const hostOf = (address: ServerAddress) => splitAddress(address).host;
      if (![...configured.keys(), ...discovered.keys()].some((other) => hostOf(other) === hostOf(server)))
        hosts.forget(hostOf(server));
      void end(connection);
    },
    resolve: (server: ServerAddress, deadline: MonoMs): Promise<Resolution> =>
      resolveServer(options.clock, hosts, server, deadline),
    onConnectionLost(listener: (server: ServerAddress) => void): void {
      listeners.push(listener);
    },
    async close(): Promise<void> {
      isClosed = true;
      await Promise.all([...configured.values(), ...discovered.values(), ...trials].map(end));
    },
  };
}

function sslOptions({ tls, ca }: ProberOptions): SslOptions | undefined {
  if (tls === 'disabled') return undefined;
  const verify = tls === 'verify';
  return { rejectUnauthorized: verify, verifyIdentity: verify, ...(verify && ca !== undefined && { ca }) };
}
