/** `source-dns follow CLUSTER SERVER`. */

import { findServer } from '../daemon/find-server.ts';
import type { FollowArguments } from './commands/follow.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { giveCommand } from './give-command.ts';

/** Publishes the server now; a dry run prints the update plan. */
export function follow(
  context: CommandContext,
  { cluster, server, force, althoughReadOnly, dryRun, reason }: FollowArguments,
): Promise<ExitCode> {
  const options = {
    ...(althoughReadOnly ? { althoughReadOnly } : {}),
    dryRun,
    ...(reason === undefined ? {} : { reason }),
  };
  return giveCommand(context, cluster, (servers) => {
    const found = findServer(server, servers);
    if (found.kind === 'not-found') return { kind: 'usage', sentence: found.sentence };
    return { kind: 'follow', server: found.server, force, ...options, by: context.operator };
  });
}
