/** What the history keeps over a restart of the service. */

import type { ServerAddress, ServerId, WallMs } from './units.ts';

/** The last known move of one publication. */
export interface Remembered {
  readonly nameserver: string;
  readonly epoch: number;
  readonly source: ServerAddress;
  readonly uuid: ServerId;
  readonly at?: WallMs;
}
