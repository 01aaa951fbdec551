/** `source-dns explain`: its form. */

import { type CommandForm, required, wrongUsage } from '../command-form.ts';
import type { ClusterArgument } from './operands.ts';

export const explainForm: CommandForm<ClusterArgument> = {
  operands: [required('CLUSTER')],
  options: [],
  summary: 'Show the decision, and the evidence for it, server by server',
  details: ['Asks the daemon. If no daemon runs, the command asks the servers and the nameserver itself.'],
  examples: [['explain shop', 'Why the name is where it is, and what would change it']],
  exits: {
    0: 'shown',
    1: 'failed: the daemon did not answer',
    2: wrongUsage,
    4: 'shown, but the zone could not be read, or no server could be reached',
  },
  build: ({ words: [cluster = ''] }) => ({ cluster }),
};
