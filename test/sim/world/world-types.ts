/** What the parts of the world know of each other. */

import type { Probe } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { FakeMysql } from '../../support/fake-mysql.ts';
import type { Judge } from '../judge/judge.ts';
import type { Build } from '../mutants/build.ts';
import type { Instance } from './instance.ts';
import type { Primary, Secondary } from './nameserver.ts';
import type { Host, Network } from './network.ts';
import type { Prng } from './prng.ts';
import type { Script, Weather } from './script.ts';
import type { InstanceName } from './settings.ts';
import type { Sighting } from './sight.ts';
import type { Timeline } from './timeline.ts';

export type Instances = ReadonlyMap<InstanceName, Instance>;

export interface World {
  /** What each instance runs. */
  buildOf(instance: InstanceName): Build;
  readonly script: Script;
  /** The configured servers. */
  readonly members: readonly ServerAddress[];
  /** As it is now: the calm is still. */
  weather: Weather;
  readonly timeline: Timeline;
  readonly chance: Prng;
  readonly network: Network;
  readonly mysql: FakeMysql;
  /** What a server's host name resolves to, where that is not where it is. */
  readonly resolver: Map<ServerAddress, readonly string[]>;
  readonly primary: Primary;
  readonly secondary: Secondary;
  readonly judge: Judge;
  /** What is true of each answer that a prober gave. */
  readonly sightings: WeakMap<Probe, Sighting>;
  /** A DNS message leaves that instance. */
  leaves(from: Host, message: Buffer): void;
  /** Tells the judge who has rejoined by now, in truth. */
  noteRejoined(): void;
  /** One line of the history: part of its hash. */
  log(line: string): void;
}

/** The wall clock of the world when it begins: 2026-01-01T00:00:00Z. */
export const beginning = 1_767_225_600_000;
