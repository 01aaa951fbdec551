/** Asks the MySQL servers of one cluster: the prober that the runtime is given. */

import { type DiscoveryScope, isWithin } from '../core/model/discovery-scope.ts';
import { type Places, type Probe, splitAddress, type Unasked } from '../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../core/model/units.ts';
import type { Resolution, ServerProber } from '../ports.ts';
import { unknownProblem } from './answer/failures.ts';
import { endSoon } from './connection/deadline.ts';
import { GlanceBudget, Glances } from './connection/glances.ts';
import { HostLookup, onlyAt } from './connection/host-lookup.ts';
import { KeptConnection } from './connection/kept-connection.ts';
import { accessOf, type Login } from './connection/login.ts';
import { OpeningGate } from './connection/opening-gate.ts';
import { resolveServer } from './connection/resolve.ts';
import type { Access } from './connection/session.ts';
import { type Tls, tlsOf } from './connection/tls.ts';

export interface ProberOptions extends Login {
  /** Only these servers, and servers within `discoverWithin`, ever get the password. */
  readonly servers: readonly { readonly address: ServerAddress }[];
  /** Where servers may be discovered: each configured server is asked for its replicas. Absent: nowhere. */
  readonly discoverWithin?: readonly DiscoveryScope[];
  /** Shared by all probers of a process. Absent: its own. */
  readonly glances?: GlanceBudget;
}

/** A prober with one kept connection to each server, which the first probe opens. Nothing of it rejects. */
export function createProber(options: ProberOptions): ServerProber {
  const listeners: ((server: ServerAddress) => void)[] = [];
  const onDiffers: ((server: ServerAddress) => void)[] = [];
  const connections = new Connections(options, (server) => {
    for (const listener of listeners) listener(server);
  });
  const glances = new Glances(options.clock, options.glances ?? new GlanceBudget(), (server) =>
    connections.kept(server)?.glance(() => {
      for (const listener of onDiffers) listener(server);
    }),
  );
  const mayNotAsk = (server: ServerAddress): Promise<Probe> =>
    Promise.resolve(unknownProblem(server, 'not-a-server', 'is not one of the servers that may be asked'));
  return {
    probe: (server: ServerAddress, deadline: MonoMs, places?: Places): Promise<Probe | Unasked> =>
      connections.to(server, places)?.probe(deadline) ?? mayNotAsk(server),
    probeAt: (server: ServerAddress, address: string, deadline: MonoMs): Promise<Probe | Unasked> =>
      connections.tryAt(server, address, deadline) ?? mayNotAsk(server),
    renew: (server: ServerAddress): void => connections.renew(server),
    release: (server: ServerAddress): void => connections.release(server),
    resolve: (server: ServerAddress, deadline: MonoMs): Promise<Resolution> =>
      resolveServer(options.clock, connections.hosts, server, deadline),
    onConnectionLost(listener: (server: ServerAddress) => void): void {
      listeners.push(listener);
    },
    watch: (servers, everyMs): void => glances.watch(servers, everyMs),
    onGlanceDiffers(listener): void {
      onDiffers.push(listener);
    },
    close(): Promise<void> {
      glances.watch([], 1);
      return connections.close();
    },
  };
}

/** All connections of one cluster. A discovered server has one until its `release`. */
class Connections {
  readonly hosts: HostLookup;
  readonly #options: ProberOptions;
  readonly #tls: Tls | undefined;
  readonly #gate: OpeningGate;
  readonly #scopes: readonly DiscoveryScope[];
  readonly #lost: (server: ServerAddress) => void;
  readonly #configured: ReadonlyMap<ServerAddress, KeptConnection>;
  readonly #discovered = new Map<ServerAddress, KeptConnection>();
  /** Each one tries a single IP address. */
  readonly #trials = new Set<KeptConnection>();
  readonly #places = new Map<ServerAddress, Places>();
  #isClosed = false;

  constructor(options: ProberOptions, lost: (server: ServerAddress) => void) {
    this.#options = options;
    this.hosts = new HostLookup(options.clock);
    this.#tls = tlsOf(options);
    this.#gate = options.gate ?? new OpeningGate(options.clock);
    this.#scopes = options.discoverWithin ?? [];
    this.#lost = lost;
    this.#configured = new Map(
      options.servers.map(({ address }) => [address, this.#keep(address, this.#scopes.length > 0)]),
    );
  }

  /** The kept connection to this server, if there is one. */
  kept(server: ServerAddress): KeptConnection | undefined {
    return this.#configured.get(server) ?? this.#discovered.get(server);
  }

  /** The kept connection to this server, perhaps a new one; undefined where the server may not be asked. */
  to(server: ServerAddress, places: Places | undefined): KeptConnection | undefined {
    if (places !== undefined) this.#places.set(server, places);
    const kept = this.kept(server);
    // The core decides which servers to ask. This second check keeps the password from all other servers.
    if (kept !== undefined || this.#isClosed || !isWithin(this.#scopes, server)) return kept;
    const opened = this.#keep(server, false);
    this.#discovered.set(server, opened);
    return opened;
  }

  /** One probe over a connection of its own; undefined where the server may not be asked. */
  tryAt(server: ServerAddress, address: string, deadline: MonoMs): Promise<Probe | Unasked> | undefined {
    if (!this.#configured.has(server) || this.#isClosed) return undefined;
    const trial = this.#open(server, onlyAt(address), { asksReplicas: false, lost: () => {} });
    this.#trials.add(trial);
    return trial.probe(deadline).then((probe) => {
      this.#trials.delete(trial);
      void endSoon(this.#options.clock, trial);
      return probe;
    });
  }

  renew(server: ServerAddress): void {
    this.#configured.get(server)?.renew();
  }

  release(server: ServerAddress): void {
    this.#places.delete(server);
    const connection = this.#discovered.get(server);
    if (connection === undefined) return;
    this.#discovered.delete(server);
    const hostOf = (address: ServerAddress) => splitAddress(address).host;
    const others = [...this.#configured.keys(), ...this.#discovered.keys()];
    if (!others.some((other) => hostOf(other) === hostOf(server))) this.hosts.forget(hostOf(server));
    void endSoon(this.#options.clock, connection);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#configured.values(), ...this.#discovered.values(), ...this.#trials];
    await Promise.all(all.map((connection) => endSoon(this.#options.clock, connection)));
  }

  #keep(server: ServerAddress, asksReplicas: boolean): KeptConnection {
    const lookup = this.hosts.forConnect(() => this.#places.get(server));
    return this.#open(server, lookup, { asksReplicas, lost: () => this.#lost(server) });
  }

  #open(
    server: ServerAddress,
    lookup: Access['lookup'],
    use: { readonly asksReplicas: boolean; readonly lost: () => void },
  ): KeptConnection {
    const access = accessOf(this.#options, { tls: this.#tls, lookup });
    const gate = this.#gate;
    return new KeptConnection({
      ...this.#options,
      ...use,
      gate,
      server,
      access,
      fallBack: this.#options.tls === 'preferred',
    });
  }
}
