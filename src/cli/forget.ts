/** `source-dns forget CLUSTER SERVER`. */

import { parseHostPort, serverAddress } from '../config/server-address.ts';
import { findServer } from '../daemon/find-server.ts';
import type { ForgetArguments } from './commands/forget.ts';
import type { CommandContext } from './context.ts';
import type { ExitCode } from './exit-code.ts';
import { giveCommand } from './give-command.ts';

/** Removes a server that will not come back from the quorum set and from the ledger's former sources. */
export function forget(context: CommandContext, { cluster, server }: ForgetArguments): Promise<ExitCode> {
  return giveCommand(context, cluster, (servers) => {
    // A former source may have left the configuration long ago; the ledger still names it.
    const found = findServer(server, servers);
    if (found.kind === 'found') return { kind: 'forget', server: found.server, by: context.operator };
    const parsed = parseHostPort(server, 3306);
    if (parsed.kind === 'wrong') return { kind: 'usage', sentence: found.sentence };
    return {
      kind: 'forget',
      server: serverAddress(parsed.value.host, parsed.value.port),
      by: context.operator,
    };
  });
}
