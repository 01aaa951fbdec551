/** `source-dns run`: its form. */

import { type CommandForm, wrongUsage } from '../command-form.ts';
import type { NoArguments } from './operands.ts';

export const runForm: CommandForm<NoArguments> = {
  operands: [],
  options: [],
  summary: 'Run the daemon: it watches the clusters and keeps their names right',
  details: [
    'Runs in the foreground and logs JSON to standard output. On SIGTERM or SIGINT, the daemon finishes',
    'the updates in flight and exits 0. On SIGHUP, it reads the configuration again; if the new one has',
    'errors, the old one stays in force.',
  ],
  examples: [['--config /etc/source-dns/source-dns.yaml run', 'What a supervisor such as systemd starts']],
  exits: {
    0: 'stopped by SIGTERM or SIGINT',
    1: 'failed: state_dir cannot be used, another daemon uses it, or the stop took too long',
    2: wrongUsage,
  },
  build: () => ({}),
};
