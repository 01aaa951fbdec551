/** The servers of the farm, and how they replicate. Time alone moves a GTID set on. */

import type { FarmSize } from './orders.ts';

/** `down`: connections are reset. `silent`: whatever is asked, no answer comes. */
export type Health = 'up' | 'down' | 'silent';

/** Server n of the farm has the address n after this one; each cluster has neighbours. */
const firstAddress = 0x7f_10_00_00;

export const addressOf = (number: number): string => {
  const address = firstAddress + number;
  return [24, 16, 8, 0].map((bits) => (address >>> bits) & 0xff).join('.');
};

/** Undefined for an address that has no server. */
export function numberOf(address: string): number | undefined {
  const bytes = address.split('.').map(Number);
  const number = bytes.reduce((sum, byte) => sum * 256 + byte, 0) - firstAddress;
  return number >= 0 ? number : undefined;
}

export class FarmServer {
  readonly number: number;
  readonly cluster: FarmCluster;
  readonly uuid: string;
  readonly address: string;
  health: Health = 'up';
  /** When it was asked last; undefined: not in this tally. */
  probedAt: number | undefined;

  constructor(cluster: FarmCluster, number: number, member: number) {
    this.cluster = cluster;
    this.number = number;
    this.address = addressOf(number);
    this.uuid = `${String(cluster.number).padStart(8, '0')}-000${member}-4000-8000-000000000000`;
  }

  get isSource(): boolean {
    // The old source is still writable when it dies; nobody asks it then.
    return this === this.cluster.source || this === this.cluster.formerSource;
  }
}

export class FarmCluster {
  readonly number: number;
  /** Of every server: they differ by address. */
  readonly port: number;
  readonly servers: readonly FarmServer[];
  readonly #commitsPerMs: number;
  readonly #closed: string[] = [];
  source: FarmServer;
  formerSource: FarmServer | undefined;
  /** When this source began to commit, and when it died. */
  #from = 0;
  #diedAt: number | undefined;

  constructor(number: number, size: FarmSize, port: number) {
    this.number = number;
    this.port = port;
    this.servers = Array.from(
      { length: size.servers },
      (_, member) => new FarmServer(this, number * size.servers + member, member),
    );
    this.source = this.servers[0]!;
    this.#commitsPerMs = size.commitsPerSecond / 1000;
    this.#from = performance.now();
  }

  /** The set that every server of the cluster has executed. */
  executed(now: number): string {
    return [...this.#closed, this.#ownSet(now)].join(',\n');
  }

  #ownSet(now: number): string {
    const commits = 1000 + Math.floor(((this.#diedAt ?? now) - this.#from) * this.#commitsPerMs);
    return `${this.source.uuid}:1-${commits}`;
  }

  killSource(now: number): void {
    this.source.health = 'down';
    this.#diedAt = now;
  }

  promote(member: number, now: number): void {
    this.#closed.push(this.#ownSet(now));
    this.formerSource = this.source;
    this.source = this.servers[member]!;
    this.#from = now;
    this.#diedAt = undefined;
  }

  /** Milliseconds since a replica heard its source; undefined while the source is there. */
  silenceOf(now: number): number | undefined {
    return this.#diedAt === undefined ? undefined : now - this.#diedAt;
  }
}
