/**
 * Where the connections of one instance lead: the resolver names an address, and there is a server at it, or
 * none.
 */

import type { Places } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Surroundings } from './world.ts';

/** One end of a connection: the IP address, and the true server there. */
export interface Route {
  readonly address: string;
  readonly target: ServerAddress;
}

export class Routes {
  readonly #around: Surroundings;
  readonly #kept = new Map<ServerAddress, Route & { readonly process: number }>();
  /** The last answer of the resolver, for when it fails. */
  readonly #resolved = new Map<ServerAddress, readonly string[]>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /**
   * The server at that address. A loopback address is always the server itself: source-dns runs on its
   * machine.
   */
  at(server: ServerAddress, address: string): ServerAddress | undefined {
    if (address.startsWith('127.')) return server;
    return [...this.#around.homes].find(([, homes]) => homes.includes(address))?.[0];
  }

  /** The kept connection while its other end is there. */
  kept(server: ServerAddress): Route | undefined {
    const kept = this.#kept.get(server);
    if (kept === undefined || !this.#isOpen(server, kept)) return undefined;
    return this.#around.mysql.server(kept.target).process === kept.process ? kept : undefined;
  }

  /**
   * The kept connection while its other end is there. Otherwise a new connection: to the address from the
   * resolver, then to known addresses.
   */
  to(
    server: ServerAddress,
    { known, refuted }: Places = { known: [], refuted: [] },
  ): (Route & { readonly isNew?: true }) | undefined {
    const { addresses, mysql } = this.#around;
    const kept = this.kept(server);
    if (kept) return kept;
    const resolved = addresses.get(server) ?? this.#resolved.get(server) ?? [];
    this.#resolved.set(server, resolved);
    const isRefuted = (address: string) => refuted.includes(address);
    for (const address of [
      ...resolved.filter((each) => !isRefuted(each)),
      ...known,
      ...resolved.filter(isRefuted),
    ]) {
      const target = this.at(server, address);
      if (target === undefined || !this.#isOpen(server, { address, target })) continue;
      this.#kept.set(server, { address, target, process: mysql.server(target).process });
      return { address, target, isNew: true };
    }
    this.#kept.delete(server);
    return undefined;
  }

  /** The kept connection ends. */
  end(server: ServerAddress): void {
    this.#kept.delete(server);
  }

  #isOpen(server: ServerAddress, { address, target }: Route): boolean {
    return this.at(server, address) === target && this.#around.mysql.server(target).health !== 'down';
  }
}
