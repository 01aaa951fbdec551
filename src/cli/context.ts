/** What a command gets: it takes nothing from the process by itself. Types only. */

import type { LoadResult, OutlineResult } from '../config/load.ts';
import type { MonoMs } from '../core/model/units.ts';
import type { AdapterMaker } from '../daemon/adapters.ts';
import type { Supervisor } from '../daemon/supervisor.ts';
import type { Clock, Random } from '../ports.ts';

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Standard output is a terminal: redraw, do not append. */
  readonly interactive: boolean;
  readonly colours: boolean;
  /** The width, at least 40; undefined: not limited. It changes with the window. */
  readonly columns: number | undefined;
  /** The height of the screen; undefined: no screen. */
  readonly rows: number | undefined;
  /** Calls back when the window has another size, until the returned function is called; absent: never. */
  onResize?(listener: () => void): () => void;
  /** The reader of standard output is gone (EPIPE). */
  closed(): boolean;
}

export type SignalName = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

export interface CommandContext {
  readonly terminal: Terminal;
  /** Print JSON instead of text. */
  readonly json: boolean;
  /** Reads the configuration again, with each call. `file`: default, that of `--config`. */
  load(file?: string): Promise<LoadResult>;
  /** The same without the secrets: for a user who may not read them. */
  outline(file?: string): Promise<OutlineResult>;
  /** Of the program, and of its process. */
  readonly version: string;
  readonly pid: number;
  /** What opens adapters. Only a command that asks servers itself loads it. */
  loadMaker(): Promise<AdapterMaker>;
  readonly clock: Clock;
  readonly random: Random;
  /** Undefined: no supervisor wants to hear from the daemon. */
  readonly supervisor?: Supervisor | undefined;
  /** Who gives the command, for the ledger's `frozen=` and the log. */
  readonly operator: string;
  /**
   * A move without a daemon waits no longer than this for its `after_move` hooks (and 10 s at most). It may
   * take 500 ms more, to kill them.
   */
  readonly hooksBy?: MonoMs;
  /** Listens until the returned function is called. */
  onSignal(signal: SignalName, listener: () => void): () => void;
  exit(code: number): void;
}
