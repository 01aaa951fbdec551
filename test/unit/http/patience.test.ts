/** A request is not obeyed when its client waits no longer. */

import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Command } from '../../../src/core/model/events.ts';
import { askDaemon } from '../../../src/http/client.ts';
import { askQuickly } from '../../../src/http/quick-client.ts';
import { startApi } from '../../../src/http/server.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';

async function api() {
  const folder = await mkdtemp(join(tmpdir(), 'sd-patience-'));
  const path = apiSocketPath(folder);
  const started = await startApi({ socketPath: path, onBug: (error) => expect.unreachable(String(error)) });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  onTestFinished(async () => {
    await started.server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const commands: Command[] = [];
  started.server.serve({
    clusters: () => ['shop'],
    snapshot: () => ({ servers: [], publications: [] }) as never,
    advice: () => undefined,
    history: () => [],
    known: () => [],
    note: () => {},
    command: async (_cluster, command) => {
      commands.push(command);
      return { results: [{ nameserver: 'ns1', kind: 'done', code: 'thaw', sentence: 'Thawed.' }] };
    },
  });
  return { path, commands };
}

const thaw = '/v1/clusters/shop/thaw';

/** The status and the text of the answer to a thaw with that header. */
function thawNotAfter(socketPath: string, notAfter: string): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const headers = { 'source-dns-not-after': notAfter };
    const sent = request({ socketPath, method: 'POST', path: thaw, headers }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve([response.statusCode, text]));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('both clients say how long they wait, and the core gets it', async () => {
  const { path, commands } = await api();
  const asked = { method: 'POST', path: thaw, body: {}, timeoutMs: 60_000 } as const;
  const before = Date.now();
  for (const ask of [askQuickly, askDaemon])
    expect(await ask(path, asked)).toMatchObject({ kind: 'document' });
  for (const { notAfter } of commands) expect(notAfter).toBeGreaterThanOrEqual(before + 60_000);
  expect(commands).toHaveLength(2);
});

test('a request that is past its time is refused, and changes nothing', async () => {
  const { path, commands } = await api();
  const [status, text] = await thawNotAfter(path, String(Date.now() - 1));
  expect(status).toBe(408);
  expect(JSON.parse(text)).toMatchObject({
    code: 'too-late',
    detail: expect.stringContaining('nothing was'),
  });
  expect((await thawNotAfter(path, 'tomorrow'))[0]).toBe(400);
  expect(commands).toEqual([]);
});

test('a client that has hung up is not obeyed, whatever it sent', async () => {
  const { path, commands } = await api();
  const socket = connect(path);
  const text = `POST ${thaw} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`;
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.end(text);
  await closed;
  // The answer to the next request comes after the end of that one.
  expect((await thawNotAfter(path, String(Date.now() + 60_000)))[0]).toBe(200);
  expect(commands).toHaveLength(1);
});
