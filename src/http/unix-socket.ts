/** Where the API's unix socket is. Apart from claim-socket.ts, which a client does not need. */

import { join } from 'node:path';
import type { Failure } from '../core/model/observation.ts';

/** sockaddr_un has 108 bytes, and the last is a NUL (unix(7)). */
const longestPathBytes = 107;

export const apiSocketPath = (stateDir: string): string => join(stateDir, 'api.sock');

/** Why no socket can have this path, or undefined. */
export function socketPathFailure(path: string): Failure | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestPathBytes) return undefined;
  return {
    code: 'socket-path-too-long',
    message: `${path} has ${bytes} bytes; the path of a unix socket may have at most ${longestPathBytes}`,
    hint: 'choose a shorter state_dir in the configuration',
  };
}
