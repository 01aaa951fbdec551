/** `source-dns completion SHELL`. */

import type { CompletionArguments } from '../commands/completion.ts';
import type { CommandContext } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import { printable } from '../style.ts';
import { bashScript } from './bash-script.ts';
import { fishScript } from './fish-script.ts';
import { zshScript } from './zsh-script.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** Prints the script, or the names that it asks for: `CLUSTER` lines and `CLUSTER SERVER` lines. */
export async function completion(
  { terminal, outline }: CommandContext,
  { shell }: CompletionArguments,
): Promise<ExitCode> {
  if (shell !== 'names') {
    terminal.out(scripts[shell]());
    return exitCodes.done;
  }
  const result = await outline();
  // Silent: a completion must not write into the command line.
  if (result.kind === 'invalid') return exitCodes.usage;
  for (const { settings } of result.config.clusters) {
    const { cluster, servers } = printable(settings);
    terminal.out(`${cluster}\n`);
    for (const { address } of servers) terminal.out(`${cluster} ${address}\n`);
  }
  return exitCodes.done;
}
