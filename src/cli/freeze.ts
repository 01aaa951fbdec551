/** `source-dns freeze CLUSTER`. */

import type { FreezeArguments } from './commands/freeze.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { giveCommand } from './give-command.ts';

/** Stops automatic moves, by every instance, until thaw. */
export function freeze(
  context: CommandContext,
  { cluster, reason = 'no reason given' }: FreezeArguments,
): Promise<ExitCode> {
  return giveCommand(context, cluster, () => ({ kind: 'freeze', reason, by: context.operator }));
}
