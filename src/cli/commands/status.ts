/** `source-dns status`: its form. */

import { type CommandForm, optional, wrongUsage } from '../command-form.ts';
import { clusterIfGiven, type OptionalCluster } from './operands.ts';

export interface StatusArguments extends OptionalCluster {
  readonly watch: boolean;
}

export const statusForm: CommandForm<StatusArguments> = {
  operands: [optional('CLUSTER')],
  options: [{ name: 'watch', text: 'Show it again every second, until Ctrl-C' }],
  summary: 'Show what DNS says, the source, and every server',
  details: ['Shows one cluster, or all of them.'],
  examples: [
    ['status', 'All clusters'],
    ['status shop --watch', 'One cluster, on the screen during a switchover'],
  ],
  exits: {
    0: 'shown',
    1: 'failed: the daemon did not answer',
    2: wrongUsage,
    4: 'shown, but a zone could not be read, or no server of a cluster could be reached',
  },
  build: (given) => ({ ...clusterIfGiven(given), watch: given.has('watch') }),
};
