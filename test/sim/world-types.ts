/** What the parts of the world know of each other. */

import type { initialState } from '../../src/core/state.ts';
import type { step } from '../../src/core/step.ts';
import type { FakeMysql } from './fake-mysql.ts';
import type { Instance } from './instance.ts';
import type { Judge } from './judge.ts';
import type { Nameserver } from './nameserver.ts';
import type { Prng } from './prng.ts';
import type { Script, Weather } from './script.ts';
import type { InstanceName } from './settings.ts';
import type { Timeline } from './timeline.ts';

/** The core under test: the real one, or a mutant. */
export interface Core {
  readonly initialState: typeof initialState;
  readonly step: typeof step;
}

export type Instances = ReadonlyMap<InstanceName, Instance>;

export interface World {
  readonly core: Core;
  readonly script: Script;
  /** As it is now: the calm is still. */
  weather: Weather;
  readonly timeline: Timeline;
  readonly chance: Prng;
  readonly mysql: FakeMysql;
  readonly nameserver: Nameserver;
  readonly judge: Judge;
  /** Tells the judge who has rejoined by now, in truth. */
  noteRejoined(): void;
  /** One line of the history: part of its hash. */
  log(line: string): void;
}

/** The wall clock of the world when it begins: 2026-01-01T00:00:00Z. */
export const beginning = 1_767_225_600_000;
