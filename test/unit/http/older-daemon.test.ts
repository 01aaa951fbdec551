/** A command asks a daemon that is older than the command. */

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askOwnDaemon } from '../../../src/cli/ask-daemon.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';

test.each([
  ['it tells its pid', { daemon: { pid: 42 }, clusters: [] }, 'the daemon (pid 42) does not know this'],
  ['it tells no pid', { clusters: [] }, 'the daemon does not know this'],
])('the sentence says that the daemon is older: %s', async (_, clusters, sentence) => {
  const folder = await mkdtemp(join(tmpdir(), 'sd-older-'));
  const server = createServer(({ url }, response) => {
    const isKnown = url === '/v1/clusters';
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' });
    const problem = { code: 'unknown-route', title: 'This route does not exist', detail: 'no route' };
    response.end(JSON.stringify(isKnown ? clusters : problem));
  });
  try {
    await new Promise<void>((resolve) => server.listen(apiSocketPath(folder), resolve));
    const asked = { method: 'GET', path: '/v1/clusters/shop/advice', timeoutMs: 5000 } as const;
    expect(await askOwnDaemon(folder, asked)).toMatchObject({
      kind: 'problem',
      problem: {
        code: 'unknown-route',
        detail: `${sentence}: it is older than this command`,
        hint: 'restart the daemon: systemctl restart source-dns',
      },
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  }
});
