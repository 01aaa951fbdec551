/** One story that the lab plays on real servers: the servers, the steps, and what must hold. */

import type { Scene } from './scene.ts';
import type { Setting } from './stage.ts';

export interface Scenario extends Setting {
  /** The value of `--scenario`. */
  readonly name: string;
  /** One line, for `--list`. */
  readonly summary: string;
  /** The duration on two quiet cores, with all programs in the cache. */
  readonly seconds: number;
  readonly steps: readonly Step[];
  /** The replication of this scenario may lose acknowledged writes. */
  readonly mayLose?: true;
  /** Names of servers that do not replicate from the source at the end: their rows do not count. */
  readonly leftOut?: readonly string[];
}

export interface Step {
  readonly title: string;
  /** Rejects with a LabError if the step cannot even be tried. */
  play(scene: Scene): Promise<Verdict>;
}

/** Whether a step held, and what was seen. */
export interface Verdict {
  readonly held: boolean;
  readonly text: string;
}

/** What a scenario needs apart from BIND, for `--list`. */
export const needsOf = ({ servers, network }: Scenario): string =>
  [servers.product, ...(network ? ['network namespaces'] : [])].join(', ');
