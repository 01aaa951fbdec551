/** What replicas tell of their channels, and the fake servers of a transcript do not have. */

import type { Channel, FailoverSource, ServerFacts } from '../../src/core/observation.ts';
import type { ServerAddress } from '../../src/core/units.ts';

export class ChannelViews {
  readonly #lag = new Map<ServerAddress, number>();
  readonly #lists = new Map<ServerAddress, readonly FailoverSource[]>();

  /** From now on it says that it is so many seconds behind. */
  lag(server: ServerAddress, seconds: number): void {
    this.#lag.set(server, seconds);
  }

  /** From what it chooses another source by itself. */
  list(server: ServerAddress, sources: readonly FailoverSource[]): void {
    this.#lists.set(server, sources);
  }

  decorate(server: ServerAddress, facts: ServerFacts): ServerFacts {
    const lagSeconds = this.#lag.get(server);
    const failoverSources = this.#lists.get(server);
    const channels = facts.channels.map(
      (channel): Channel => ({
        ...channel,
        ...(lagSeconds === undefined ? {} : { lagSeconds }),
        ...(failoverSources ? { autoFailover: true, failoverSources } : {}),
      }),
    );
    return { ...facts, channels };
  }
}
