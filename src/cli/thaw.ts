/** `source-dns thaw CLUSTER`. */

import type { ClusterArgument } from './commands/operands.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { giveCommand } from './give-command.ts';

/** Allows automatic moves again. */
export function thaw(context: CommandContext, { cluster }: ClusterArgument): Promise<ExitCode> {
  return giveCommand(context, cluster, () => ({ kind: 'thaw', by: context.operator }));
}
