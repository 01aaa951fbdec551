/** `source-dns hook`: its form. What follows the tool's name is in that tool's words. */

import { hookTools } from '../../hook/claim.ts';
import type { CommandForm } from '../command-form.ts';

export interface HookArguments {
  readonly tool: string;
  readonly cluster?: string;
  /** As the tool gives them; `--config` and `--cluster` may be among them. */
  readonly words: readonly string[];
}

export const hookForm: CommandForm<HookArguments> = {
  operands: [{ name: 'TOOL', required: true, oneOf: hookTools }],
  options: [{ name: 'cluster', value: 'NAME', text: 'The cluster; default: found by what the tool says' }],
  passesRest: true,
  summary: 'To be called by a failover tool: it has promoted a server',
  details: [
    'TOOL is orchestrator, mha, mha-online, replication-manager or maxscale. The arguments and the',
    'environment are those that the tool gives; docs/HOOKS.md has the lines to copy for each tool.',
    'The server is asked before the name moves. The command ends within 2 seconds, and says in one line',
    'on standard error what happened. With mha and mha-online it exits 0 or 10 for start and stop:',
    'every other code would end the failover.',
  ],
  examples: [
    ['hook orchestrator', 'In PostMasterFailoverProcesses of orchestrator'],
    ['hook mha --cluster=shop', 'As master_ip_failover_script of MHA'],
  ],
  exits: {
    0: 'done, or nothing to do',
    1: 'failed: the nameserver refused, or the daemon cannot be asked',
    2: 'the tool or the cluster or the server is unknown, or the configuration is wrong',
    3: 'held: refused as unsafe, with the reason; nothing was changed',
    4: 'a server, the nameserver or the daemon did not answer in time',
    5: 'lost the race: another instance moved the name meanwhile',
    10: 'for MHA in place of 1 to 5: go on, with a warning',
  },
  build({ words: [tool = ''], rest, value }) {
    const cluster = value('cluster');
    return { tool, ...(cluster !== undefined && { cluster }), words: rest };
  },
};
