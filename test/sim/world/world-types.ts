/** The types that the parts of the world share. */

import type { Probe, Unasked } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { FakeMysql } from '../../support/fake-mysql.ts';
import type { Judge } from '../judge/judge.ts';
import type { Build } from '../mutants/build.ts';
import type { Connections } from './connections.ts';
import type { Instance } from './instance.ts';
import type { Locks } from './locks.ts';
import type { Primary, Secondary } from './nameserver.ts';
import type { Host, Network } from './network.ts';
import type { Prng } from './prng.ts';
import type { Script, Weather } from './script.ts';
import type { InstanceName } from './settings.ts';
import type { Sighting } from './sight.ts';
import type { Timeline } from './timeline.ts';

export type Instances = ReadonlyMap<InstanceName, Instance>;

/** What goes on now. */
export interface Phase {
  /** The faults are over. */
  readonly isCalm: boolean;
  /** When the faults stop, or when the calm ends. */
  readonly endsAt: number;
}

export interface World {
  /** What each instance runs. */
  buildOf(instance: InstanceName): Build;
  readonly script: Script;
  /** The configured servers. */
  readonly members: readonly ServerAddress[];
  /** The present weather: the network is still when the faults are over. */
  weather: Weather;
  readonly timeline: Timeline;
  phase: Phase;
  readonly chance: Prng;
  readonly network: Network;
  readonly mysql: FakeMysql;
  /** The server that people mean to be the source. */
  meant(): ServerAddress;
  /** Who is connected to the servers; only where old sources are fenced. */
  readonly connections: Connections;
  readonly locks: Locks;
  /** The addresses that the host name of a server resolves to, where they differ from its true address. */
  readonly resolver: Map<ServerAddress, readonly string[]>;
  readonly primary: Primary;
  readonly secondary: Secondary;
  readonly judge: Judge;
  /** The truth behind each answer of a prober. */
  readonly sightings: WeakMap<Probe | Unasked, Sighting>;
  /** A DNS message leaves that instance. */
  leaves(from: Host, message: Buffer): void;
  /** Tells the judge which former sources have truly rejoined by now. */
  noteRejoined(): void;
  /** Counts what happens, for people who read the figures. */
  tally(what: string): void;
  /** One line of the history: part of its hash. */
  log(line: string): void;
}

/** The wall clock of the world when it begins: 2026-01-01T00:00:00Z. */
export const beginning = 1_767_225_600_000;
