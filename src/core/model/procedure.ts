/** The manual's procedure for a person, with the names of one cluster. Never executed by us. */

import type { ServerAddress } from './units.ts';

/** What a procedure makes of a server. */
export const adviceAims = ['rejoin', 'source', 'promote', 'remove'] as const;
export type AdviceAim = (typeof adviceAims)[number];

/** Why no procedure is proposed now. */
export type AdviceRefusal =
  | 'source-unknown'
  | 'source-silent'
  | 'source-closed'
  | 'source-alive'
  | 'former-source-writable'
  | 'two-writers'
  | 'server-silent'
  | 'data-unknown'
  | 'unsuitable';

/** What the reader asks for. Both may be absent: then the most urgent procedure is chosen. */
export interface Wish {
  readonly aim?: AdviceAim | undefined;
  readonly server?: ServerAddress | undefined;
}

export type Advice =
  /** More than one procedure: the reader chooses one. The first is the safe one. */
  | {
      readonly kind: 'procedures';
      readonly aim: AdviceAim;
      readonly server: ServerAddress;
      readonly procedures: readonly Procedure[];
    }
  /** It would be dangerous now, or it is not possible. */
  | {
      readonly kind: 'refused';
      readonly reason: AdviceRefusal;
      readonly sentence: string;
      /** The step without which there is no procedure. Null: no statement helps. */
      readonly first: Step | null;
    }
  | { readonly kind: 'nothing'; readonly sentence: string };

export interface Procedure {
  readonly title: string;
  /** Why it applies now, and what it means for the data. */
  readonly why: string;
  /** What we saw just now, and on what the procedure relies. */
  readonly preconditions: readonly string[];
  readonly steps: readonly Step[];
  /** What we cannot see. */
  readonly warnings: readonly string[];
}

export interface Step {
  readonly say: string;
  /** The server that gets the statements. Null: the commands run in a shell, and there are no statements. */
  readonly on: ServerAddress | null;
  /** In one session, in this order. */
  readonly statements: readonly string[];
  readonly commands: readonly string[];
  /** Later steps use these columns of the last statement's row. */
  readonly keep: readonly Kept[];
  /** On the same server, after the statements. */
  readonly verify: readonly Check[];
  /** Statements for the same server, or a sentence. Null: nothing to undo. */
  readonly undo: string | null;
}

export interface Kept {
  readonly column: string;
  /** The word in later statements that the value replaces. */
  readonly placeholder: string;
}

export interface Check {
  readonly statement: string;
  /** The values of the only row: `1, ON`. Or some columns: `Column: value, Column: value`. Or `Empty set`. */
  readonly expect: string;
  /** A value that the answer may have for some seconds before: then ask again. */
  readonly atFirst?: string | undefined;
}
