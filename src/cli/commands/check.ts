/** `source-dns check`: its form. */

import { type CommandForm, optional } from '../command-form.ts';
import { clusterIfGiven, type OptionalCluster } from './operands.ts';

export interface CheckArguments extends OptionalCluster {
  readonly quiet: boolean;
}

export const checkForm: CommandForm<CheckArguments> = {
  operands: [optional('CLUSTER')],
  options: [{ name: 'quiet', text: 'Print only what is wrong; nothing if all is well' }],
  summary: 'Find what is wrong with the set-up, and print the lines that mend it',
  details: [
    'The doctor: it looks at the configuration, this host, the MySQL servers, the nameservers, the',
    'zones and what clients get. For each fault it prints the statements or lines to paste, one a line.',
    'It changes nothing: no server, no zone, no file. Run it as root, or as a user that can',
    'read the configuration and the secrets. It needs no daemon, but asks one that runs.',
    'Every fault has a code: docs/OPERATING.md, "The doctor".',
  ],
  examples: [
    ['check', 'Before the first start, and after each change'],
    ['check shop --json', 'One cluster, for a program'],
    ['check --quiet', 'From cron: prints only what is wrong'],
  ],
  exits: {
    0: 'all is well, or there are only warnings',
    1: 'failed: a bug of source-dns',
    2: 'wrong usage, or the configuration has errors',
    3: 'a fault was found',
    4: 'no fault was found, but a server or nameserver did not answer',
  },
  build: (given) => ({ ...clusterIfGiven(given), quiet: given.has('quiet') }),
};
