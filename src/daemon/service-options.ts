/** What the service of all clusters needs, and what a reload of it brings. */

import type { LoadedConfig } from '../config/loaded.ts';
import type { HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import type { Remembered } from '../core/model/remembered.ts';
import type { MonoMs } from '../core/model/units.ts';
import type { Clock, Random } from '../ports.ts';
import type { AdapterMaker } from './adapters.ts';
import type { Usage } from './load.ts';

export interface ServiceOptions {
  readonly config: LoadedConfig;
  readonly maker: AdapterMaker;
  readonly clock: Clock;
  readonly random: Random;
  /** What earlier runs remember of a cluster. */
  remembered(cluster: string): readonly Remembered[];
  onRecord(entry: HistoryEntry): void;
  onChange?(cluster: string): void;
  /** Something works, but an operator should know. */
  onWarning(failure: Failure): void;
  /** Since when the process has too much to do; undefined: that is over. See the load. */
  onOverload?(since: MonoMs | undefined, waiting: () => ReadonlySet<string>): void;
  onBug(error: unknown): void;
  /** How busy the process was since some moment. Default: as the system says. */
  readonly usage?: Usage;
}

export type Reconfigured =
  | {
      readonly kind: 'done';
      readonly added: readonly string[];
      readonly changed: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly kind: 'refused'; readonly failures: readonly Failure[] };
