/** Asks the daemon of a command. One place knows that the daemon may be older than the command. */

import { type ApiResult, askDaemon } from '../http/client.ts';
import { apiSocketPath } from '../http/unix-socket.ts';

type Asked = Parameters<typeof askDaemon>[1];

/** In milliseconds: the daemon answers from memory. */
const pidMs = 1000;

/** As `askDaemon`, for the daemon of this state directory. Never rejects. */
export async function askOwnDaemon(stateDir: string, asked: Asked): Promise<ApiResult> {
  const socket = apiSocketPath(stateDir);
  const result = await askDaemon(socket, asked);
  if (result.kind !== 'problem' || result.problem.code !== 'unknown-route') return result;
  // Every version has this route.
  const other = await askDaemon(socket, { method: 'GET', path: '/v1/clusters', timeoutMs: pidMs });
  const { daemon } = (other.kind === 'document' ? (other.body ?? {}) : {}) as {
    readonly daemon?: { readonly pid?: unknown };
  };
  const pid = typeof daemon?.pid === 'number' ? ` (pid ${daemon.pid})` : '';
  return {
    kind: 'problem',
    problem: {
      ...result.problem,
      detail: `the daemon${pid} does not know this: it is older than this command`,
      hint: 'restart the daemon: systemctl restart source-dns',
    },
  };
}
