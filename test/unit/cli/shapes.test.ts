/** What the commands print with `--json` is what `source-dns schema --of` and docs/API.md say. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { advise } from '../../../src/cli/advise.ts';
import { check } from '../../../src/cli/check.ts';
import type { CommandContext } from '../../../src/cli/context.ts';
import { explain } from '../../../src/cli/explain.ts';
import { follow } from '../../../src/cli/follow.ts';
import { forget } from '../../../src/cli/forget.ts';
import { freeze } from '../../../src/cli/freeze.ts';
import { history } from '../../../src/cli/history.ts';
import { historyKinds } from '../../../src/cli/history-kinds.ts';
import { run } from '../../../src/cli/run.ts';
import { schema } from '../../../src/cli/schema.ts';
import { type DocumentName, documentNames } from '../../../src/cli/shapes/document-names.ts';
import { documentShapes } from '../../../src/cli/shapes/document-shapes.ts';
import { status } from '../../../src/cli/status.ts';
import { thaw } from '../../../src/cli/thaw.ts';
import { createLog } from '../../../src/daemon/log.ts';
import { clusterDocument } from '../../../src/http/documents.ts';
import { apiShapes, type ShapeName } from '../../../src/http/shapes/api-shapes.ts';
import { labCommand } from '../../../src/lab/lab-command.ts';
import { createNarrator } from '../../../src/lab/stage/narrator.ts';
import { commandSession } from '../../support/command-session.ts';
import { blindInspectors } from '../../support/doctor-world.ts';
import { db1, db2 } from '../../support/fakes.ts';
import { until } from '../../support/small-world.ts';
import { shopSnapshot } from '../../support/snapshots.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-shapes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The shape drops fields that it does not know: then the result differs. */
function expectShape(name: DocumentName, value: unknown): void {
  expect(documentShapes[name].parse(value), name).toEqual(value);
}

const hostOf = { env: {}, nodeVersion: '20.19.0', resolvers: [], unixSockets: async () => '' };

type Run = (context: CommandContext) => Promise<number> | number;

const printed: readonly (readonly [DocumentName, Run])[] = [
  ['status', (context) => status(context, { watch: false })],
  ['status', (context) => status(context, { cluster: 'shop', watch: false })],
  ['status-check', (context) => status(context, { watch: false, check: true })],
  ['explain', (context) => explain(context, { cluster: 'shop' })],
  ['advise', (context) => advise(context, { cluster: 'shop' })],
  ['advise', (context) => advise(context, { cluster: 'shop', server: db2 })],
  ['advise', (context) => advise(context, { cluster: 'shop', aim: 'promote' })],
  ['check', (context) => check(context, { quiet: false }, blindInspectors(), hostOf)],
  ['follow', (context) => follow(context, { cluster: 'shop', server: db1, force: false, dryRun: true })],
  ['follow', (context) => follow(context, { cluster: 'shop', server: db2, force: false, dryRun: false })],
  ['follow', (context) => follow(context, { cluster: 'shop', server: db1, force: false, dryRun: false })],
  ['freeze', (context) => freeze(context, { cluster: 'shop' })],
  ['thaw', (context) => thaw(context, { cluster: 'shop' })],
  ['forget', (context) => forget(context, { cluster: 'shop', server: db2 })],
  ['history', (context) => history(context, {})],
  ['problem', (context) => explain(context, { cluster: 'shpo' })],
];

/** What the API promises of the same document: the command prints what the daemon has sent. */
function served(name: DocumentName, value: unknown): ShapeName | undefined {
  if (name === 'status') return Object.hasOwn(value as object, 'clusters') ? 'Clusters' : 'Cluster';
  const shapes: Partial<Record<DocumentName, ShapeName>> = {
    explain: 'Cluster',
    advise: 'Advice',
    history: 'History',
  };
  return shapes[name];
}

test('every document has its shape, with a daemon and without one', async () => {
  const daemon = commandSession(folder);
  const ended = run(daemon.context);
  await until(() => daemon.world.zone.size > 0);
  const asked = commandSession(folder, true, daemon.world);
  for (const isThere of [true, false]) {
    for (const [name, command] of printed) {
      asked.state.out = '';
      await command(asked.context);
      const value: unknown = JSON.parse(asked.state.out);
      expectShape(name, value);
      const shape = isThere ? served(name, value) : undefined;
      if (shape !== undefined) expect(apiShapes[shape].parse(value), name).toEqual(value);
    }
    if (!isThere) break;
    daemon.send('SIGTERM');
    await ended;
  }
  expect(asked.state.err).toBe('');
});

/** Those that print one object per line. */
const lines: readonly (readonly [DocumentName, (write: (line: string) => void) => unknown])[] = [
  ['run', (write) => createLog('info', { write }).say('warn', 'file-changed', 'It has changed.', { pid: 1 })],
  ['lab', (write) => createNarrator({ json: true, colours: false, write }).held('a', true, 'It held.')],
  ['lab-list', (write) => labCommand({ ...noLab, list: true, json: true, write })],
];

const noLab = {
  once: true,
  keep: false,
  defaultPool: false,
  program: ['/nowhere'],
  colours: false,
  writeError: () => undefined,
  abort: () => undefined,
  onInterrupt: () => () => undefined,
} as const;

test.each(lines)('every line of %s has its shape', async (name, print) => {
  let text = '';
  await print((line) => {
    text += line;
  });
  const objects = text.trimEnd().split('\n');
  expect(objects.length).toBeGreaterThan(0);
  for (const line of objects) expectShape(name, JSON.parse(line));
});

test('every document is held to its shape here', () => {
  // init.test.ts has the documents of `init`.
  const held: DocumentName[] = [...[...printed, ...lines].map(([name]) => name), 'init'];
  expect(documentNames.filter((name) => !held.includes(name))).toEqual([]);
});

test('a cluster with all that can be known has the shape', () => {
  expectShape(
    'explain',
    JSON.parse(JSON.stringify({ ...clusterDocument(shopSnapshot), daemon: { running: true } })),
  );
});

test('a bad configuration is a problem with the place of each mistake', async () => {
  const s = commandSession(folder, true);
  const errors = [
    { file: '/c.yaml', line: 3, column: 5, path: 'clusters.shop', message: 'is wrong' },
    { file: '/c.yaml', message: 'is wrong, too' },
  ];
  s.load({ kind: 'invalid', file: '/c.yaml', errors });
  for (const command of [run, ...printed.map(([, each]) => each)]) {
    s.state.out = '';
    expect(await command(s.context)).toBe(2);
    const problem = JSON.parse(s.state.out);
    expect(problem).toEqual({ code: 'configuration-invalid', detail: '/c.yaml has 2 mistakes', errors });
    expectShape('problem', problem);
  }
  expect(s.state.err).toBe('');
});

test('the schema of a document is a JSON Schema that allows more fields', async () => {
  for (const of of documentNames) {
    const s = commandSession(folder);
    expect(await schema(s.context, { of })).toBe(0);
    const text = s.state.out;
    expect(JSON.parse(text)).toHaveProperty('$schema');
    expect(text).not.toContain('"additionalProperties": false');
  }
});

test('every kind of history entry has a kind to choose it by', () => {
  expect(historyKinds).toEqual([
    'alarms',
    'decisions',
    'failures',
    'fences',
    'holds',
    'hooks',
    'moves',
    'propagation',
    'writes',
  ]);
});

test('the OpenAPI document is printed without a daemon', async () => {
  const s = commandSession(folder);
  expect(await schema(s.context, { of: 'openapi' })).toBe(0);
  const { paths } = JSON.parse(s.state.out) as { paths: Record<string, object> };
  expect(Object.keys(paths)).toContain('/v1/clusters/{c}/follow');
});
