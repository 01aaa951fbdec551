/** `source-dns advise`: its form. */

import { type AdviceAim, adviceAims } from '../../core/model/procedure.ts';
import { type CommandForm, required, wrongUsage } from '../command-form.ts';
import { type ClusterArgument, serverProblem } from './operands.ts';

export interface AdviseArguments extends ClusterArgument {
  readonly aim?: AdviceAim;
  /** As typed. */
  readonly server?: string;
}

export const adviseForm: CommandForm<AdviseArguments> = {
  operands: [required('CLUSTER')],
  options: [
    {
      name: 'to',
      value: 'AIM',
      oneOf: adviceAims,
      text: `One of ${adviceAims.join(', ')}; else the most urgent one`,
    },
    { name: 'server', value: 'SERVER', text: 'The server that is to be changed' },
  ],
  summary: 'Print the statements that make a server a replica, or the source',
  details: [
    "The procedure of MySQL's manual with the names of this cluster: the steps in order, the server",
    'for each statement, what to verify after it, and how to undo it. You run them: the command',
    'executes nothing. If a procedure would be dangerous now, the command says why, and prints none.',
    '',
    '  rejoin    make a server that came back a replica of the source',
    '  source    make a replica the source while the source is well, or open a closed source again',
    '  promote   promote the most advanced replica, because the source is lost',
    '  remove    take a server out of the cluster',
  ],
  examples: [
    ['advise shop', 'What is most urgent now'],
    ['advise shop --server db1.example.com', 'What fits this server'],
    ['advise shop --to source --server db2.example.com', 'A planned switchover, step by step'],
  ],
  exits: {
    0: 'printed, or there is nothing to do',
    1: 'failed: the daemon did not answer',
    2: wrongUsage,
    3: 'refused: it would be dangerous now, with the reason',
    4: 'no server or no nameserver could be reached',
  },
  build(given) {
    const { words } = given;
    const [cluster = ''] = words;
    const [aim, server] = [given.value('to'), given.value('server')];
    const known = adviceAims.find((each) => each === aim);
    if (aim !== undefined && known === undefined)
      return `--to must be one of ${adviceAims.join(', ')}, not "${aim}"`;
    const wrong = server === undefined ? undefined : serverProblem(server);
    if (wrong !== undefined) return wrong;
    return {
      cluster,
      ...(known !== undefined && { aim: known }),
      ...(server !== undefined && { server }),
    };
  },
};
