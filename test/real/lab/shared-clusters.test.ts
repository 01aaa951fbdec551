/** Three daemons with one file share four clusters of real servers. One is lost: the names move still. */

import { Resolver } from 'node:dns/promises';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { watchersOf } from '../../../src/config/share.ts';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import { askDaemon } from '../../../src/http/client.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { until } from '../../../src/lab/host/until.ts';
import { type DaemonProcess, startDaemon } from '../../../src/lab/stage/daemon-process.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import { root } from '../../support/checkout.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';

const share = { instances: ['watcher-1', 'watcher-2', 'watcher-3'], watchers: 2 };
const clusters = ['shop', 'orders', 'users', 'blog'];
const lost = 'watcher-3';
const account = accountName('source_dns', '127.0.0.%');

let folder = '';
let mysql: MysqlServers;
let bind: BindFixture;
const daemons = new Map<string, DaemonProcess>();

/** The source and the replica of a cluster, as they are at the beginning. */
const pairOf = (cluster: string): readonly [number, number] => {
  const first = 2 * clusters.indexOf(cluster);
  return [first, first + 1];
};
const stateDir = (instance: string) => join(folder, instance);
const nameOf = (cluster: string) => `source.${cluster}.${bind.zone}`;

const configuration = () => `
instance: \${INSTANCE}
state_dir: ${folder}/\${INSTANCE}
share: { instances: [${share.instances.join(', ')}], watchers: ${share.watchers} }
clusters:
${clusters
  .map(
    (cluster) => `  ${cluster}:
    servers: [${pairOf(cluster)
      .map((index) => `"${mysql.servers[index]!.address}:${mysql.port}"`)
      .join(', ')}]
    mysql: { user: source_dns, password_file: mysql.password }
    publish: { nameserver: ns1, zone: ${bind.zone}., source: { name: ${nameOf(cluster)}., ttl: 1 } }
    allow_loopback: true`,
  )
  .join('\n')}
nameservers:
  ns1: { address: ${bind.primary.address}, port: ${bind.primary.port}, key_file: ${bind.keyFile} }
`;

async function answer(cluster: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([`${bind.primary.address}:${bind.primary.port}`]);
  return resolver.resolve4(nameOf(cluster)).catch(() => []);
}

const answers = (cluster: string, index: number) =>
  until(`${cluster} to answer with server ${index}`, async () =>
    (await answer(cluster)).includes(mysql.servers[index]!.address),
  );

async function movesOf(instance: string, cluster: string): Promise<readonly number[]> {
  const path = `/v1/clusters/${cluster}/history`;
  const result = await askDaemon(apiSocketPath(stateDir(instance)), { method: 'GET', path, timeoutMs: 5000 });
  if (result.kind !== 'document') return [];
  const { entries } = result.body as { readonly entries: readonly HistoryEntry[] };
  return entries.flatMap((entry) => (entry.kind === 'move' ? [entry.epoch] : []));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-shared-'));
  [mysql, bind] = await Promise.all([
    startMysqlServers(2 * clusters.length, {
      readOnly: (index) => (index % 2 === 0 ? 'off' : 'super-read-only'),
      options: () => ['--replica-parallel-workers=1', '--innodb-buffer-pool-size=16M'],
    }),
    startBind({ clusters }),
  ]);
  for (const [source, replica] of clusters.map(pairOf)) {
    await mysql.follow(replica, source);
    await mysql.servers[source]!.sql(
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
    );
  }
  await writeFile(join(folder, 'mysql.password'), `${mysql.password}\n`, { mode: 0o600 });
  const file = join(folder, 'source-dns.yaml');
  await writeFile(file, configuration(), { mode: 0o600 });
  for (const instance of share.instances) {
    await mkdir(stateDir(instance), { mode: 0o750 });
    daemons.set(
      instance,
      await startDaemon(
        [process.execPath, join(root, 'dist/main.js')],
        { file, stateDir: stateDir(instance) },
        stateDir(instance),
        ['env', `INSTANCE=${instance}`],
      ),
    );
  }
});
afterAll(async () => {
  await Promise.all([...daemons.values()].map((daemon) => daemon.stop()));
  await Promise.all([mysql.stop(), bind.stop()]);
  await rm(folder, { recursive: true, force: true });
  expect(livingProcesses()).toEqual([]);
});

test('a daemon is killed, and the names of its clusters move still, once each', async () => {
  for (const cluster of clusters) await answers(cluster, pairOf(cluster)[0]);
  const ofLost = clusters.filter((cluster) => watchersOf(share, cluster).includes(lost));
  expect(ofLost).toEqual(['shop', 'orders', 'users']);
  const left = share.instances.filter((instance) => instance !== lost);

  await daemons.get(lost)?.process.kill();
  for (const [source, replica] of ofLost.map(pairOf)) {
    await mysql.servers[source]!.sql('SET GLOBAL super_read_only = ON');
    await mysql.servers[replica]!.sql('STOP REPLICA', 'RESET REPLICA ALL', 'SET GLOBAL read_only = OFF');
  }
  for (const cluster of ofLost) await answers(cluster, pairOf(cluster)[1]);

  for (const cluster of ofLost) {
    const [watcher = ''] = watchersOf(share, cluster).filter((instance) => instance !== lost);
    await until(`${watcher} to record the move of ${cluster}`, async () =>
      (await movesOf(watcher, cluster)).includes(2),
    );
    const moves = await Promise.all(left.map((instance) => movesOf(instance, cluster)));
    expect(moves.flat().filter((epoch) => epoch > 1)).toEqual([2]);
  }
  expect(await answer('blog')).toEqual([mysql.servers[pairOf('blog')[0]]!.address]);
  const elsewhere = await askDaemon(apiSocketPath(stateDir('watcher-1')), {
    method: 'GET',
    path: '/v1/clusters/shop',
    timeoutMs: 5000,
  });
  expect(elsewhere).toMatchObject({
    problem: { status: 421, detail: 'shop is watched by watcher-2 and watcher-3; ask there' },
  });
});
