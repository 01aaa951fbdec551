/** `POST /v1/hook`: what the daemon does for a claim. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Answer, Command, CommandResult } from '../../../src/core/model/events.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Claim } from '../../../src/hook/claim.ts';
import type { ApiRequest } from '../../../src/http/api-result.ts';
import { askDaemon } from '../../../src/http/client.ts';
import { askForHook } from '../../../src/http/give-hook.ts';
import { askQuickly } from '../../../src/http/quick-client.ts';
import { startApi } from '../../../src/http/server.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';

const result = (kind: CommandResult['kind'], code: string): Answer => ({
  results: [{ nameserver: 'ns1', kind, code, sentence: `It is ${kind}: ü.` }],
});

async function api(answer: (command: Command) => Answer = () => result('done', 'commanded')) {
  const folder = await mkdtemp(join(tmpdir(), 'sd-hook-'));
  const started = await startApi({
    socketPath: apiSocketPath(folder),
    onBug: (error) => expect.unreachable(String(error)),
  });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  onTestFinished(async () => {
    await started.server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const commands: Command[] = [];
  started.server.serve({
    clusters: () => ['shop'],
    snapshot: () => undefined,
    advice: () => undefined,
    history: () => [],
    known: () => [
      {
        name: 'shop',
        sourceNames: ['source.'],
        servers: [{ address: '127.0.0.1:3306' as ServerAddress, addresses: [], aliases: [] }],
      },
    ],
    note: () => {},
    command: async (_cluster, command) => {
      const { notAfter, ...rest } = command;
      expect(notAfter).toBeTypeOf('number');
      commands.push(rest);
      return answer(command);
    },
  });
  const asked = (body: unknown): ApiRequest => ({ method: 'POST', path: '/v1/hook', body, timeoutMs: 5000 });
  /** Both clients must say the same. */
  const hook = async (body: unknown) => {
    const quick = await askQuickly(apiSocketPath(folder), asked(body));
    expect(await askDaemon(apiSocketPath(folder), asked(body))).toEqual(quick);
    return quick;
  };
  return { hook, commands, folder };
}

const claim: Claim = {
  tool: 'maxscale',
  act: 'moved',
  names: [],
  former: [],
  successor: [{ host: '127.0.0.1', port: 3306 }],
  by: 'maxscale@m',
};

test('a claim becomes a command, and its answer has the cluster', async () => {
  const { hook, commands } = await api();
  expect(await hook(claim)).toEqual({
    kind: 'document',
    body: { cluster: 'shop', server: '127.0.0.1:3306', ...result('done', 'commanded') },
  });
  expect(await hook({ ...claim, act: 'announced', reason: 'why' })).toMatchObject({ kind: 'document' });
  expect(commands.at(-1)).toEqual({
    kind: 'announce',
    server: '127.0.0.1:3306',
    by: 'maxscale@m',
    reason: 'why',
  });
  expect(await hook({ ...claim, act: 'status', former: claim.successor, successor: [] })).toEqual({
    kind: 'document',
    body: { cluster: 'shop', server: '127.0.0.1:3306', results: [] },
  });
  expect(commands).toHaveLength(4);
});

test('a host name that nobody knows is looked up', async () => {
  const { hook } = await api();
  const successor = [{ host: 'localhost', port: 3306 }];
  expect(await hook({ ...claim, successor })).toMatchObject({ body: { server: '127.0.0.1:3306' } });
  expect(await hook({ ...claim, successor: [{ host: 'no-such-host.invalid', port: 3306 }] })).toMatchObject({
    problem: { code: 'unknown-cluster', status: 404 },
  });
});

test('the same id is commanded once, unless it was refused', async () => {
  const good = await api();
  for (let count = 0; count < 2; count += 1) await good.hook({ ...claim, id: 'a' });
  expect(good.commands).toHaveLength(1);
  await good.hook({ ...claim, id: 'b' });
  expect(good.commands).toHaveLength(2);
  const bad = await api(() => result('held', 'no-candidate'));
  expect(await bad.hook({ ...claim, id: 'a' })).toMatchObject({
    problem: { status: 409, code: 'no-candidate', cluster: 'shop', results: [{ kind: 'held' }] },
  });
  expect(bad.commands).toHaveLength(2);
});

test('a body that is no claim is refused', async () => {
  const { hook, commands } = await api();
  for (const body of [
    {},
    { ...claim, tool: 'patroni' },
    { ...claim, act: 'follow' },
    { ...claim, by: 'a b' },
    { ...claim, password: 'tiger' },
    { ...claim, successor: Array.from({ length: 5 }, () => ({ host: 'a' })) },
    { ...claim, names: ['x'.repeat(70_000)] },
  ])
    expect(await hook(body)).toMatchObject({ kind: 'problem' });
  expect(commands).toEqual([]);
});

test('a daemon that has no time is asked again', async () => {
  let refusals = 0;
  const { folder, commands } = await api(() => {
    refusals += 1;
    return refusals > 2 ? result('done', 'commanded') : result('failed', 'stopping');
  });
  expect(await askForHook(apiSocketPath(folder), claim)).toMatchObject({ kind: 'document' });
  expect(commands).toHaveLength(3);
});

test('no daemon, a hanging one and a foreign one are told apart', async () => {
  const { folder } = await api();
  const ask = (path: string) => askQuickly(path, { method: 'GET', path: '/healthz', timeoutMs: 5000 });
  expect(await ask(join(folder, 'none'))).toEqual({ kind: 'no-daemon' });
  expect(await ask(join(folder, 'x'.repeat(120)))).toMatchObject({
    failure: { code: 'socket-path-too-long' },
  });
  expect(await ask(apiSocketPath(folder))).toEqual({ kind: 'document', body: { status: 'ok' } });
});
