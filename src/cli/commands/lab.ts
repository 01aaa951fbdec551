/** `source-dns lab`: its form. */

import type { CommandForm } from '../command-form.ts';

export interface LabArguments {
  /** As typed: only the lab knows the names. */
  readonly scenario?: string;
  readonly list: boolean;
  readonly once: boolean;
  /** Wait for Enter before each step. */
  readonly step: boolean;
  readonly keep: boolean;
  /** The web application has mysql2's pool as it is. */
  readonly defaultPool: boolean;
}

export const labForm: CommandForm<LabArguments> = {
  operands: [],
  options: [
    { name: 'scenario', value: 'NAME', text: "The scenario to play; default: the manual's failover" },
    { name: 'list', text: 'List the scenarios, what each needs and how long it takes' },
    { name: 'once', text: 'Play it once and exit, 0 if every step went as expected' },
    { name: 'step', text: 'Wait for Enter before each step; Ctrl-D plays the rest without a pause' },
    { name: 'keep', text: 'Keep the files of the servers' },
    {
      name: 'default-pool',
      text: 'The web application has a pool of mysql2 that does not follow the source',
    },
  ],
  needsNoConfiguration: true,
  summary: "Play the manual's failover live, with real MySQL servers and BIND",
  details: [
    'Needs no configuration, no root and no container. Everything runs on loopback (in network',
    'namespaces, if the scenario cuts servers off). Afterwards the servers and their files are gone.',
    'If no scenario is named and MySQL is not available, the lab plays the failover with MariaDB.',
  ],
  examples: [
    ['lab', 'Play, and keep everything running until Ctrl-C, to try commands on it'],
    ['lab --step', 'Play at the pace of a reader: Enter plays the next step'],
    ['lab --once', 'Play, and exit'],
  ],
  exits: {
    0: 'played',
    1: 'failed: a step did not hold, or a program could not be found or started',
    2: 'wrong usage',
  },
  build(given) {
    const scenario = given.value('scenario');
    return {
      ...(scenario !== undefined && { scenario }),
      list: given.has('list'),
      once: given.has('once'),
      step: given.has('step'),
      keep: given.has('keep'),
      defaultPool: given.has('default-pool'),
    };
  },
};
