/** `source-dns thaw`: its form. */

import { type CommandForm, exitsOfOrders, required } from '../command-form.ts';
import type { ClusterArgument } from './operands.ts';

export const thawForm: CommandForm<ClusterArgument> = {
  operands: [required('CLUSTER')],
  options: [],
  summary: 'Allow automatic moves again',
  details: ['Also ends the hold after too many moves (flapping).'],
  examples: [['thaw shop', 'The name follows the source again']],
  exits: exitsOfOrders,
  build: ({ words: [cluster = ''] }) => ({ cluster }),
};
