/** Real servers, BIND and the daemon: a former source that takes writes is closed after the move. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { until } from '../../../src/lab/host/until.ts';
import { root } from '../../support/checkout.ts';
import {
  type FencedCluster,
  type FenceStage,
  startFenceStage,
  startWriter,
} from '../../support/fence-stage.ts';

let stage: FenceStage;
let folder = '';

const clusterOf = (name: string): FencedCluster => stage.clusters.find((each) => each.name === name)!;

async function noteOf(cluster: FencedCluster, index: number): Promise<string> {
  const { servers } = await stage.snapshot(cluster.name);
  const { fence } = servers.find(({ server }) => server === cluster.at(index).server)!;
  return fence === null ? '' : `${fence.stage}: ${fence.sentence}`;
}

const closed = (cluster: FencedCluster, index: number) =>
  until(`${cluster.at(index).name} to be closed`, () => cluster.isClosed(cluster.at(index)), 20_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-fence-'));
  stage = await startFenceStage({
    program: [process.execPath, join(root, 'dist', 'main.js')],
    folder,
    replicas: { alive: 2, crash: 1, hung: 1 },
    fenced: false,
    progress: () => {},
  });
});

afterAll(async () => {
  const log = stage === undefined ? '' : await readFile(stage.logFile, 'utf8');
  await stage?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(livingProcesses()).toEqual([]);
  for (const { cluster } of stage?.clusters ?? []) expect(log).not.toContain(cluster.accounts.watcher);
});

test('without fence no server gets a statement more; a reload with it closes the server that nobody follows, one without it ends that', async () => {
  const cluster = clusterOf('alive');
  const [a, b, c] = [cluster.at(0), cluster.at(1), cluster.at(2)];
  await a.mysqld.sql('SET GLOBAL general_log = ON');
  await cluster.promote(b);
  await stage.follow('alive', b.server);
  await stage.published('alive', b.server);
  expect(await noteOf(cluster, 0)).toBe('');

  await stage.configure(true);
  // c still replicates from a.
  await until('the reason', async () =>
    (await noteOf(cluster, 0)).endsWith(`${c.server} replicates from it.`),
  );
  expect(await cluster.isClosed(a)).toBe(false);
  let statements: Awaited<ReturnType<typeof a.mysqld.sql>> = [];
  await until('a probe', async () => {
    statements = await a.mysqld.sql(
      `SELECT DISTINCT SUBSTRING_INDEX(user_host, '[', 1) AS user, LEFT(CONVERT(argument USING utf8mb4), 10) AS words
       FROM mysql.general_log WHERE command_type = 'Query' AND user_host LIKE 'source_dns%'`,
    );
    return statements.length > 0;
  });
  const reads = /^(?:SELECT|SHOW|SET SESSIO|PREPARE so|EXECUTE so)/;
  for (const { user, words } of statements)
    expect([user, words]).toEqual(['source_dns', expect.stringMatching(reads)]);
  await a.mysqld.sql('SET GLOBAL general_log = OFF');

  const writers = await Promise.all(Array.from({ length: 5 }, () => cluster.connect(a)));
  const idle = await Promise.all(Array.from({ length: 20 }, () => cluster.connect(a)));
  const writing = writers.map(startWriter);
  await until('writes', () => writing.every((each) => each.count() > 0));
  await cluster.follow(c, b);
  await closed(cluster, 0);
  await Promise.all(writing.map(({ over }) => over));
  await until('the note', async () =>
    /^fenced: .* was made read-only by source-dns at /.test(await noteOf(cluster, 0)),
  );
  const entries = await stage.history('alive');
  // On a busy machine the act may take longer than its time, and is a success all the same.
  const fenced = { killed: idle.length, ...entries.at(-1) };
  expect(fenced).toMatchObject({ kind: 'fenced', server: a.server });
  // A writer may leave before the server ends it.
  expect(fenced.killed).toBeOneOf([20, 21, 22, 23, 24, 25]);
  expect(await cluster.isClosed(b)).toBe(false);

  // It is never opened by us, and never closed again once that is not wanted any more.
  await stage.configure(false);
  await a.mysqld.sql('SET GLOBAL read_only = OFF', 'SET GLOBAL general_log = ON');
  await until('the next probes', async () => {
    const [row] = await a.mysqld.sql(
      "SELECT COUNT(*) AS n FROM mysql.general_log WHERE command_type = 'Query' AND user_host LIKE 'source_dns[%' AND event_time > NOW(6) - INTERVAL 5 SECOND",
    );
    return Number(row?.['n']) > 3;
  });
  expect(await cluster.isClosed(a)).toBe(false);
});

test('a source that returns writable from a crash, with 50 clients, is closed and they are cut; after the next crash again', async () => {
  await stage.configure(true);
  const cluster = clusterOf('crash');
  const [a, b] = [cluster.at(0), cluster.at(1)];
  await a.mysqld.kill9();
  await cluster.promote(b);
  await stage.published('crash', b.server);
  let clients: readonly Connection[] = [];
  await stage.standingStill(async () => {
    await a.mysqld.start();
    clients = await Promise.all(Array.from({ length: 50 }, () => cluster.connect(a)));
    for (const client of clients) await client.query('INSERT INTO shop.orders (at) VALUES (0)');
  });
  await closed(cluster, 0);
  await until('the end of all clients', async () => {
    const ends = await Promise.all(
      clients.map((client) =>
        client.query('SELECT 1').then(
          () => false,
          () => true,
        ),
      ),
    );
    return ends.every(Boolean);
  });
  const before = await noteOf(cluster, 0);
  await a.mysqld.kill9();
  await a.mysqld.start();
  await closed(cluster, 0);
  await until('the next note', async () => {
    const note = await noteOf(cluster, 0);
    return note.startsWith('fenced: ') && note !== before;
  });
  expect(await cluster.isClosed(b)).toBe(false);
});

test('a source that hung while the name moved is closed when it goes on', async () => {
  const cluster = clusterOf('hung');
  const [a, b] = [cluster.at(0), cluster.at(1)];
  const writer = startWriter(await cluster.connect(a));
  await until('writes', () => writer.count() > 0);
  await a.mysqld.suspend();
  try {
    await cluster.promote(b);
    await stage.published('hung', b.server);
  } finally {
    a.mysqld.resume();
  }
  await closed(cluster, 0);
  await writer.over;
  expect(await cluster.isClosed(b)).toBe(false);
});
