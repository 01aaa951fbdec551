/** `source-dns history`: its form. */

import { type CommandForm, optional, wrongUsage } from '../command-form.ts';
import { clusterIfGiven, type OptionalCluster } from './operands.ts';

export const historyForm: CommandForm<OptionalCluster> = {
  operands: [optional('CLUSTER')],
  options: [],
  summary: 'Show every move and every hold, with its times',
  details: ['The times of a move: seen, decided, published, and answered by every authoritative nameserver.'],
  examples: [['history shop', 'The moves and holds of one cluster, oldest first']],
  exits: { 0: 'shown', 1: 'failed: the history cannot be read', 2: wrongUsage },
  build: clusterIfGiven,
};
