/** `status --watch` on a screen: it follows the window, and says what has no room. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandContext } from '../../../src/cli/context.ts';
import { status } from '../../../src/cli/status.ts';
import { widthOf } from '../../../src/cli/text-width.ts';
import { startApi } from '../../../src/http/server.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { commandSession } from '../../support/command-session.ts';
import { cluster, config } from '../../support/small-world.ts';
import { fakeDaemon } from '../../support/tcp-api.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-'));
});
afterEach(() => rm(folder, { recursive: true }));

function onScreen(size: { columns: number; rows: number }, names: readonly string[] = ['shop']) {
  const session = commandSession(folder);
  session.load(config(folder, { clusters: names.map((name) => cluster(name)) }));
  const resized = new Set<() => void>();
  const drawn: string[] = [];
  const terminal: CommandContext['terminal'] = {
    ...session.context.terminal,
    out: (text) => void drawn.push(text),
    interactive: true,
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    onResize(listener) {
      resized.add(listener);
      return () => void resized.delete(listener);
    },
  };
  return { session, context: { ...session.context, terminal }, drawn, resized };
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('it never was so');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Without the codes that move the cursor. */
const linesOf = (picture = ''): readonly string[] =>
  picture.replace('\u001b[H', '').replace('\u001b[J', '').split('\u001b[K\n').slice(0, -1);

test('a window of another size is drawn at once, and fits; after the end nobody listens', async () => {
  const size = { columns: 160, rows: 40 };
  const { session, context, drawn, resized } = onScreen(size);
  const watching = status(context, { watch: true });
  await until(() => drawn.length > 0);
  const before = drawn.length;
  Object.assign(size, { columns: 40, rows: 12 });
  for (const listener of resized) listener();
  expect(drawn).toHaveLength(before + 1);
  const lines = linesOf(drawn.at(-1));
  expect(lines.filter((line) => widthOf(line) > 40 && line.trim().includes(' '))).toEqual([]);
  expect(lines.length).toBeLessThan(12);
  session.send('SIGINT');
  expect(await watching).toBe(0);
  expect(resized.size).toBe(0);
});

test('a name that is longer than a row takes several rows, and pushes nothing off the screen', async () => {
  const size = { columns: 40, rows: 14 };
  const cluster = 'a-cluster-with-a-name-that-is-longer-than-a-row';
  const { session, context, drawn } = onScreen(size, [cluster]);
  const watching = status(context, { cluster, watch: true });
  await until(() => drawn.length > 0);
  const lines = linesOf(drawn.at(-1));
  const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / 40)), 0);
  expect(lines.some((line) => widthOf(line) > 40)).toBe(true);
  expect(rows).toBeLessThanOrEqual(13);
  expect(lines.at(-1)).toMatch(/^\.\.\. \d+ more lines/);
  session.send('SIGINT');
  expect(await watching).toBe(0);
});

test('a daemon that is gone leaves what was seen last on the screen, which says that it is the past', async () => {
  const { session, context, drawn } = onScreen({ columns: 100, rows: 40 });
  const started = await startApi({ socketPath: apiSocketPath(folder), onBug: () => {} });
  if (started.kind === 'failed') throw new Error(started.failure.message);
  started.server.serve(fakeDaemon().api);
  const watching = status(context, { watch: true });
  await until(() => drawn.length > 0);
  expect(drawn.at(-1)).not.toContain('the past');
  await started.server.close();
  await until(() => drawn.at(-1)?.includes('does not run any more') === true);
  session.send('SIGINT');
  await watching;
  const text = linesOf(drawn.at(-1)).join('\n');
  expect(text).toMatch(/no-daemon.*What follows is the past: it was so \d+ s ago\.\n\n.*point to db2:3306/s);
});

test('what has no room on the screen is counted', async () => {
  const { session, context, drawn } = onScreen({ columns: 60, rows: 6 });
  const watching = status(context, { cluster: 'shop', watch: true });
  await until(() => drawn.length > 0);
  session.send('SIGINT');
  await watching;
  const lines = linesOf(drawn.at(-1));
  expect(lines).toHaveLength(5);
  expect(lines.at(-1)).toMatch(/^\.\.\. \d+ more lines: enlarge the window$/);
});

test('many clusters have one line each where the screen has no room for all', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
  const { context, drawn } = onScreen({ columns: 100, rows: 16 }, names);
  await status(context, { watch: false });
  const text = drawn.join('');
  expect(text).toContain('One of them: source-dns status CLUSTER');
  expect(text).toMatch(/ and \d+ more\n/);
  expect(text.split('\n').length - 1).toBeLessThan(16);
});
