/** What the parts of `source-dns init` share. Types only. */

import type { Fqdn } from '../../core/model/units.ts';
import type { AdapterMaker } from '../../daemon/adapters.ts';
import type { Clock } from '../../ports.ts';
import type { FoundZone, HowToLook } from '../../setup/found-zone.ts';
import type { Greeting } from '../../setup/greeting.ts';
import type { SetupNameserver } from '../../setup/setup.ts';
import type { InitArguments } from '../commands/init.ts';
import type { Asking } from './ask.ts';
import type { Prompter } from './prompter.ts';

/** The process, and what looks at the network. */
export interface InitTools {
  /** Undefined: there is no terminal. */
  openPrompter(onInterrupt: () => void): Prompter | undefined;
  look(nameserver: SetupNameserver, name: Fqdn, how: HowToLook): Promise<FoundZone>;
  greet(host: string, port: number): Promise<Greeting>;
  /** The unit as the package has it. */
  unit(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: the working directory was removed. */
  readonly cwd: string | undefined;
  readonly isRoot: boolean;
  /** The host's name. */
  readonly host: string;
  /** How this program was started: its path. */
  readonly started: string;
}

export interface InitRun {
  readonly args: InitArguments;
  readonly tools: InitTools;
  readonly maker: AdapterMaker;
  readonly clock: Clock;
  readonly asking: Asking;
  /** Absolute. */
  readonly output: string;
}
