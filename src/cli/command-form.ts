/**
 * What a command is, written once: the parser, `--help`, the completion and the man page read it. To add a
 * command: a file in `commands/`, a line in command-table.ts, a line in src/program.ts.
 */

export interface OperandForm {
  /** In capitals, as in the usage line. */
  readonly name: string;
  readonly required: boolean;
  /** All values that there are, for the completion. */
  readonly oneOf?: readonly string[];
}

export interface OptionForm {
  /** Without the dashes. */
  readonly name: string;
  /** What the value is, in capitals; absent: a flag. In every command of this name, or in none. */
  readonly value?: string;
  /** All values that there are, for the completion. */
  readonly oneOf?: readonly string[];
  /** May be given several times; else the second one is an error. */
  readonly repeatable?: true;
  readonly text: string;
}

/** The arguments as given: they fit the form, but for what only `build` can know. */
export interface Given {
  /** One for each operand that was given, in order. */
  readonly words: readonly string[];
  /** Everything after the operands, unparsed: only with `passesRest`. */
  readonly rest: readonly string[];
  has(option: string): boolean;
  value(option: string): string | undefined;
  /** All values of a repeatable option, in order. */
  values(option: string): readonly string[];
}

export interface CommandForm<Arguments> {
  readonly operands: readonly OperandForm[];
  readonly options: readonly OptionForm[];
  /** `hook`: what follows the operands belongs to another program's interface and is not parsed. */
  readonly passesRest?: true;
  /** Takes no `--config`, because it would be ignored. */
  readonly needsNoConfiguration?: true;
  /** One line of the general help. */
  readonly summary: string;
  /** The text of the command's own help, in lines. */
  readonly details: readonly string[];
  /** Command lines to copy, without `source-dns` in front, and what each does. */
  readonly examples: readonly (readonly [line: string, text: string])[];
  /** Each exit code of this command, and what it means here. */
  readonly exits: Readonly<Record<number, string>>;
  /** The typed arguments; a string is what is wrong with them. */
  build(given: Given): Arguments | string;
}

/** The typed arguments that a form builds. */
export type ArgumentsOf<Form> = Form extends CommandForm<infer Arguments> ? Arguments : never;

export const required = (name: string): OperandForm => ({ name, required: true });
export const optional = (name: string): OperandForm => ({ name, required: false });

/** The meaning of exit code 2 in most commands. */
export const wrongUsage = 'wrong usage or configuration';

/** For the commands that are given to the daemon, or act by themselves. */
export const exitsOfOrders = {
  0: 'done, or nothing to do',
  1: 'failed: the nameserver refused, or the daemon did not answer',
  2: wrongUsage,
  3: 'held: refused as unsafe, with the reason; nothing was changed',
  4: 'a server or nameserver could not be reached',
  5: 'lost the race: another instance changed the ledger meanwhile',
} as const;
