/** `source-dns follow CLUSTER SERVER`. */

import type { ServerAddress } from '../core/units.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { giveCommand } from './give-command.ts';

export interface FollowArguments {
  readonly cluster: string;
  readonly server: ServerAddress;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly reason?: string;
}

/** Publishes this server now; a dry run prints the update plan. */
export function follow(context: CommandContext, { cluster, server, force, dryRun, reason }: FollowArguments): Promise<ExitCode> {
  const why = reason === undefined ? {} : { reason };
  return giveCommand(context, cluster, { kind: 'follow', server, force, dryRun, ...why, by: context.operator });
}
