/** `source-dns freeze`: its form. */

import { type CommandForm, exitsOfOrders, required } from '../command-form.ts';
import { type ClusterArgument, reasonIfGiven, reasonOption } from './operands.ts';

export interface FreezeArguments extends ClusterArgument {
  readonly reason?: string;
}

export const freezeForm: CommandForm<FreezeArguments> = {
  operands: [required('CLUSTER')],
  options: [reasonOption('The reason, shown with the freeze')],
  summary: 'Stop automatic moves, by every instance, until thaw',
  details: [
    'The freeze is kept in the zone, so it holds for every instance and survives restarts.',
    'While it lasts, follow is held too (exit code 3).',
  ],
  examples: [['freeze shop --reason "move to new hosts, ticket 4711"', 'The name stays where it is']],
  exits: exitsOfOrders,
  build(given) {
    const { words } = given;
    const [cluster = ''] = words;
    const reason = reasonIfGiven(given);
    return typeof reason === 'string' ? reason : { cluster, ...reason };
  },
};
