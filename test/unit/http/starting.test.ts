/** What is answered while the daemon starts: a page for people, a problem for programs. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startApi } from '../../../src/http/server.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { assetsOf } from '../../../src/page/assets.ts';
import { statusPage } from '../../../src/page/plugin.ts';
import { ask, fakeDaemon } from '../../support/tcp-api.ts';

test('a browser gets a page that loads itself again, with its style, and later the status page', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sd-starting-'));
  const assets = assetsOf([['page.css', 'body {}']]);
  const socketPath = apiSocketPath(folder);
  const started = await startApi({
    socketPath,
    plugins: [statusPage(async () => assets)],
    onBug: (error) => {
      throw error;
    },
  });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  onTestFinished(async () => {
    await started.server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const get = (path: string) => ask(socketPath, `GET ${path}`);

  for (const [path, root] of [
    ['/', './'],
    ['/?q=shop', './'],
    ['/clusters/shop', '../'],
  ] as const) {
    const { status, head, body } = await get(path);
    expect(status).toBe(503);
    expect(head).toMatch(/^content-type: text\/html/im);
    expect(head).toMatch(/^refresh: 2\r?$/im);
    expect(head).toMatch(/^content-security-policy: default-src 'none'; style-src 'self'/im);
    expect(body).toContain(`href="${root}assets/${assets.hash}/page.css"`);
    expect(body).not.toContain('<script');
  }
  expect(await get(`/assets/${assets.hash}/page.css`)).toMatchObject({ status: 200, body: 'body {}' });
  expect(await get('/v1/clusters')).toMatchObject({ status: 503, code: 'starting' });

  started.server.serve(fakeDaemon().api);
  const { status, head } = await get('/');
  expect(status).toBe(200);
  expect(head).not.toMatch(/^refresh:/im);
});
