/** `source-dns forget`: its form. */

import { type CommandForm, exitsOfOrders, required } from '../command-form.ts';
import { type ClusterArgument, serverProblem } from './operands.ts';

export interface ForgetArguments extends ClusterArgument {
  /** As typed. */
  readonly server: string;
}

export const forgetForm: CommandForm<ForgetArguments> = {
  operands: [required('CLUSTER'), required('SERVER')],
  options: [],
  summary: 'Stop waiting for a server that will not come back',
  details: [
    'The server no longer counts for the majority, and the ledger no longer names it as a former source',
    'that has not rejoined. A server that is alive is not forgotten (exit code 3).',
  ],
  examples: [['forget shop db1.example.com', 'The host is gone for good']],
  exits: { ...exitsOfOrders, 3: 'held: the server is alive, or the cluster is frozen; nothing was changed' },
  build: ({ words: [cluster = '', server = ''] }) => serverProblem(server) ?? { cluster, server },
};
