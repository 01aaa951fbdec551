import type { Scene } from './scene.ts';
import type { Setting } from './stage.ts';

/** One story that the lab plays on real servers: which servers, how they replicate, what happens, and what must hold then. */
export interface Scenario extends Setting {
  /** What `--scenario` takes. */
  readonly name: string;
  /** One line, for `--list`. */
  readonly summary: string;
  /** About how long it takes on two quiet cores, with all programs in the cache. */
  readonly seconds: number;
  readonly steps: readonly Step[];
  /** The replication of this scenario may lose writes that were acknowledged. */
  readonly mayLose?: true;
  /** Names of the servers that are not replicas of the source any more when the scenario ends: they are not asked for the rows. */
  readonly leftOut?: readonly string[];
}

/** One step of it. */
export interface Step {
  readonly title: string;
  /** Does it, and judges it. Rejects with a LabError when it cannot even be tried. */
  play(scene: Scene): Promise<Verdict>;
}

/** Whether a step held, and what was seen. */
export interface Verdict {
  readonly held: boolean;
  readonly text: string;
}

/** What a scenario needs besides BIND: for `--list`. */
export const needsOf = ({ servers, network }: Scenario): string =>
  [servers.product, ...(network ? ['network namespaces'] : [])].join(', ');
