/** Real servers, BIND and the daemon: who comes back to a fenced source, and who opens one. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { executed, executedOf } from '../../../src/lab/dba/dba.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { until } from '../../../src/lab/host/until.ts';
import { root } from '../../support/checkout.ts';
import { type FencedCluster, type FenceStage, startFenceStage } from '../../support/fence-stage.ts';

let stage: FenceStage;
let folder = '';

const clusterOf = (name: string): FencedCluster => stage.clusters.find((each) => each.name === name)!;

/** The clients came back at the latest moment: the act that ends them may be the one a minute later. */
const endMs = 120_000;

/** The attempts that are known to have ended connections. */
const endings = async (name: string) =>
  (await stage.history(name)).filter((entry) => entry.kind === 'fenced' && entry.killed !== undefined);

async function lives(client: Connection): Promise<boolean> {
  return await client.query('SELECT 1').then(
    () => true,
    () => false,
  );
}

/** b is promoted, a stays writable: a is fenced. Clients connect to it while the daemon stands still. */
async function fencedWithClients(
  name: string,
  meanwhile: (cluster: FencedCluster) => Promise<void> = async () => {},
): Promise<readonly Connection[]> {
  const cluster = clusterOf(name);
  const [a, b] = [cluster.at(0), cluster.at(1)];
  const { address: host, port } = a.mysqld;
  await a.mysqld.sql(
    `CREATE USER backup@'127.0.0.%' IDENTIFIED BY '${cluster.cluster.accounts.web}'`,
    "GRANT SELECT ON *.* TO backup@'127.0.0.%'",
  );
  await executed(b, await executedOf(a));
  const first = await cluster.connect(a);
  first.on('error', () => {});
  await cluster.promote(b);
  await stage.follow(name, b.server);
  await stage.published(name, b.server);
  // The attempt that closed it has ended connections: nothing is on its way.
  await until('the fence', async () => (await endings(name)).length > 0, endMs);
  first.destroy();
  const clients: Connection[] = [];
  await stage.standingStill(async () => {
    for (let count = 0; count < 3; count += 1) clients.push(await cluster.connect(a));
    const password = cluster.cluster.accounts.web;
    clients.push(await createConnection({ host, port, user: 'backup', password }));
    await meanwhile(cluster);
  });
  for (const client of clients) client.on('error', () => {});
  return clients;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-fence-'));
  stage = await startFenceStage({
    program: [process.execPath, join(root, 'dist', 'main.js')],
    folder,
    replicas: { stays: 1, rejoins: 1, opened: 1 },
    fenced: true,
    progress: () => {},
  });
});

afterAll(async () => {
  await stage?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(livingProcesses()).toEqual([]);
});

test('clients that come back to a closed source are ended once more; a spared one stays', async () => {
  const clients = await fencedWithClients('stays');
  const [spared, ...others] = [clients.at(-1)!, ...clients.slice(0, -1)];
  await until(
    'the end of the clients',
    async () => !(await Promise.all(others.map(lives))).some(Boolean),
    endMs,
  );
  expect(await lives(spared)).toBe(true);
  const { server } = clusterOf('stays').at(0);
  const again = { server, again: true, killed: others.length };
  await until('the history', async () => (await endings('stays')).length > 1);
  expect((await endings('stays')).at(-1)).toMatchObject(again);
  expect(await clusterOf('stays').isClosed(clusterOf('stays').at(1))).toBe(false);
  for (const client of clients) client.destroy();
});

test('a source that rejoins meanwhile keeps its clients', async () => {
  const clients = await fencedWithClients('rejoins', (cluster) =>
    cluster.follow(cluster.at(0), cluster.at(1)),
  );
  await until('the server to rejoin', async () => {
    const { ledger } = await stage.snapshot('rejoins');
    return ledger?.was.length === 0;
  });
  // No ledger names it any more: nothing can end them now.
  expect(await Promise.all(clients.map(lives))).not.toContain(false);
  for (const client of clients) client.destroy();
});

test('what a person opened is left after a restart of source-dns, until the server is closed again', async () => {
  const [a, b] = [clusterOf('opened').at(0), clusterOf('opened').at(1)];
  const written = async () =>
    (await stage.history('opened')).flatMap((entry) =>
      entry.kind === 'written' && entry.what === 'opened' ? [entry.sentence] : [],
    );
  await clusterOf('opened').promote(b);
  await stage.follow('opened', b.server);
  await until('the fence', () => clusterOf('opened').isClosed(a), endMs);
  await until('the end of the attempt', async () => (await endings('opened')).length > 0, endMs);
  await a.mysqld.sql('SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF');
  await until('the ledger to tell', async () => (await written()).length > 0);
  await stage.restart();
  // The new process has judged: nothing speaks for a fence.
  await until('the verdict of the new process', async () =>
    (await stage.snapshot('opened')).alarms.some(
      ({ code, sentence }) =>
        code === 'stale-source' &&
        sentence.includes('the ledger says that somebody opened it after the move'),
    ),
  );
  expect(await clusterOf('opened').isClosed(a)).toBe(false);
  await a.mysqld.sql('SET GLOBAL super_read_only = ON');
  await until('the ledger to tell no more', async () => (await written()).length > 1);
  expect(await written()).toEqual([
    `Somebody opened the former source ${a.server}: nobody fences it.`,
    `The former source ${a.server} was closed again.`,
  ]);
});
