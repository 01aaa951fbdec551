/** Whether the server still has a connection for us when many clients come. */

import type { Check } from '../check.ts';
import { warning } from '../found.ts';
import { serverCheck, setAndKept, variable } from './cluster-view.ts';

/** Of max_connections. */
const almost = 0.9;

export const connectionsCheck: Check = serverCheck(
  { name: 'connections', codes: ['connections-scarce'], ok: 'the server has free connections' },
  (server) => {
    const most = Number(variable(server, 'max_connections') ?? 0);
    const now = Number(server.report.status.get('threads_connected') ?? 0);
    if (most === 0 || now < most * almost) return [];
    return [
      warning(
        'connections-scarce',
        `${now} of max_connections = ${most} are in use: at the next rush the server refuses source-dns, too`,
        ...setAndKept(server, 'max_connections', String(most * 2)),
      ),
    ];
  },
);
