/** `source-dns status`: its form. */

import { type CommandForm, optional, wrongUsage } from '../command-form.ts';
import { clusterIfGiven, type OptionalCluster } from './operands.ts';

export interface StatusArguments extends OptionalCluster {
  readonly watch: boolean;
  readonly check?: true;
}

export const statusForm: CommandForm<StatusArguments> = {
  operands: [optional('CLUSTER')],
  options: [
    { name: 'watch', text: 'Show it again every second, until Ctrl-C' },
    { name: 'check', text: 'For monitoring: one line, and an exit code that says how it is' },
  ],
  summary: 'Show what DNS says, the source, and every server',
  details: [
    'Shows one cluster, or all of them, and says first whether a daemon watches. If no daemon runs, the',
    'command asks the servers and the nameserver itself. With --check, it asks only the daemon.',
    'The worst cluster comes first. Where not all of them fit on the screen, each has one line.',
    'Fits the width of the terminal, or $COLUMNS. Colours: $NO_COLOR and $FORCE_COLOR are respected.',
  ],
  examples: [
    ['status', 'All clusters'],
    ['status shop --watch', 'One cluster, on the screen during a switchover'],
    ['status --check', 'As a check of a monitoring system'],
  ],
  exits: {
    0: 'shown; with --check: every name is where it belongs',
    1: 'failed: the daemon did not answer; with --check: an alarm is raised',
    2: wrongUsage,
    3: 'with --check: a decision is held',
    4: 'a zone cannot be read, or no server of a cluster answers; with --check also: no daemon answers',
  },
  build(given) {
    const [watch, check] = [given.has('watch'), given.has('check')];
    if (watch && check) return '--watch and --check do not go together: a check is one look';
    return { ...clusterIfGiven(given), watch, ...(check && { check }) };
  },
};
