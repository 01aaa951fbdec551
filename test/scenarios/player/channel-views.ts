/** What replicas tell of their channels, beyond the fake servers of a transcript. */

import type {
  Channel,
  Coordinates,
  FailoverSource,
  ServerFacts,
} from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';

export class ChannelViews {
  readonly #lag = new Map<ServerAddress, number>();
  readonly #lists = new Map<ServerAddress, readonly FailoverSource[]>();
  readonly #places = new Map<ServerAddress, readonly Coordinates[]>();

  /** From now on the server says that it is so many seconds behind. */
  lag(server: ServerAddress, seconds: number): void {
    this.#lag.set(server, seconds);
  }

  /** The list from which a channel chooses another source by itself. */
  list(server: ServerAddress, sources: readonly FailoverSource[]): void {
    this.#lists.set(server, sources);
  }

  /**
   * Without GTIDs: a replica has received and executed the binary log of its source up to this place; the log
   * of a source ends there.
   */
  coordinates(server: ServerAddress, places: readonly Coordinates[]): void {
    this.#places.set(server, places);
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
    const [received, applied] = this.#places.get(server) ?? [];
    if (received === undefined) return { ...facts, channels };
    const { gtidExecuted: _executed, ...others } = facts;
    const bare = channels.map(({ retrieved: _retrieved, ...channel }) => ({
      ...channel,
      ...(applied ? { received, applied } : {}),
    }));
    return { ...others, gtidMode: 'OFF', channels: bare, ...(applied ? {} : { binlogEnd: received }) };
  }
}
