/** What can be completed, from the commands' forms: the three scripts are made of it. Pure. */

import { commandNames, formOf } from '../command-table.ts';
import { globalOptions } from '../help.ts';

/** What stands at a place: one of these words, a name of the configuration, or a file. */
export type Completed =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'clusters' | 'servers' | 'files' | 'nothing' };

export interface CompletedOption {
  /** With the dashes. */
  readonly name: string;
  readonly short?: string;
  readonly text: string;
  /** Absent: a flag. */
  readonly value?: Completed;
}

interface CompletedCommand {
  readonly name: string;
  readonly text: string;
  readonly options: readonly CompletedOption[];
  readonly operands: readonly Completed[];
}

function completedBy(name: string, oneOf: readonly string[] | undefined): Completed {
  if (oneOf !== undefined) return { kind: 'words', words: oneOf };
  if (name === 'CLUSTER') return { kind: 'clusters' };
  if (name === 'SERVER') return { kind: 'servers' };
  return { kind: ['FILE', 'FOLDER', 'DIR', 'PATH'].includes(name) ? 'files' : 'nothing' };
}

/** The options that every command has. */
export const sharedOptions: readonly CompletedOption[] = globalOptions.map(
  ({ name, short, text, value, oneOf }) => ({
    name: `--${name}`,
    ...(short !== undefined && { short: `-${short}` }),
    text,
    ...(value !== undefined && { value: completedBy(value, oneOf) }),
  }),
);

export const completedCommands: readonly CompletedCommand[] = commandNames.map((name) => {
  const { summary, options, operands } = formOf(name);
  return {
    name,
    text: summary,
    options: options.map((option) => ({
      name: `--${option.name}`,
      text: option.text,
      ...(option.value !== undefined && { value: completedBy(option.value, option.oneOf) }),
    })),
    operands: operands.map((operand) => completedBy(operand.name, operand.oneOf)),
  };
});

/** Every option that takes a value: the word after it is no operand. */
export const optionsWithValue: readonly string[] = [
  ...new Set(
    [...sharedOptions, ...completedCommands.flatMap(({ options }) => options)].flatMap(({ name, value }) =>
      value === undefined ? [] : [name],
    ),
  ),
];
