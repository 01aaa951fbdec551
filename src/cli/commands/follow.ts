/** `source-dns follow`: its form. */

import { type CommandForm, exitsOfOrders, required } from '../command-form.ts';
import { type ClusterArgument, reasonIfGiven, reasonOption, serverProblem } from './operands.ts';

export interface FollowArguments extends ClusterArgument {
  /** As typed: without a port, the servers of the cluster decide which one is meant. */
  readonly server: string;
  readonly force: boolean;
  readonly althoughReadOnly?: true;
  readonly dryRun: boolean;
  readonly reason?: string;
}

export const followForm: CommandForm<FollowArguments> = {
  operands: [required('CLUSTER'), required('SERVER')],
  options: [
    { name: 'dry-run', text: 'Print the update, and send nothing' },
    { name: 'force', text: 'Publish the server even if it does not answer or its data are in doubt' },
    {
      name: 'although-read-only',
      text: 'With --force: even if the server was just seen read-only or replicating',
    },
    reasonOption('The reason, for the history'),
  ],
  summary: 'Verify this server, and publish it now',
  details: [
    'SERVER is host or host:port, as in the configuration. It must be a reachable, writable server of',
    'the cluster. The command promotes nothing: it only changes where the name points.',
    'To undo a move by mistake, run the same command, without --force, with the server that was',
    'published before. This works if the server that is published now takes no writes and has no',
    'transactions that the other one lacks.',
  ],
  examples: [
    ['follow shop db2.example.com --dry-run', 'What would be sent, and whether it would be held'],
    ['follow shop db2.example.com:3307 --reason "planned switchover"', 'Publish this server'],
  ],
  exits: { ...exitsOfOrders, 0: 'done, or this server is published already' },
  build(given) {
    const { words } = given;
    const [cluster = '', server = ''] = words;
    const reason = reasonIfGiven(given);
    if (typeof reason === 'string') return reason;
    const wrong = serverProblem(server);
    if (wrong !== undefined) return wrong;
    const [force, althoughReadOnly] = [given.has('force'), given.has('although-read-only')];
    if (althoughReadOnly && !force) return '--although-read-only needs --force: alone it does nothing';
    return {
      cluster,
      server,
      force,
      ...(althoughReadOnly && { althoughReadOnly }),
      dryRun: given.has('dry-run'),
      ...reason,
    };
  },
};
