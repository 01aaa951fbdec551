/**
 * Applications with several versions of the driver and several libraries follow one name on real servers:
 * `node test/run-program.mjs clients -- FOLDER [MODULE...]`. FOLDER has the modules of this folder, and their
 * packages. Exit code 1: an application did not follow. `.ci/clients` calls it.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopAllProcesses } from '../../src/lab/host/processes.ts';
import { provideBind } from '../../src/lab/programs/bind-programs.ts';
import { startBindPair } from '../../src/lab/servers/bind.ts';
import { startCluster } from '../../src/lab/servers/cluster.ts';
import { provideProduct } from '../../src/lab/servers/products.ts';
import { startTracedDaemon } from '../bench/harness/traced-daemon.ts';
import { Application, type ApplicationPlan } from './application.ts';
import { faultsOf } from './judge.ts';
import { Story, threeServers } from './story.ts';

/** Knex prints a warning for each connection that it could not make. */
const knexTells = /^(?:Connection Error|Acquire connection error): | {4}at /;

const plans: readonly ApplicationPlan[] = [
  { name: 'mysql2 newest', module: 'mysql2', driver: 'mysql2', waits: true },
  { name: 'mysql2 3.14', module: 'mysql2', driver: 'mysql2-3.14', waits: true },
  { name: 'mysql2 3.9', module: 'mysql2', driver: 'mysql2-3.9', waits: true },
  { name: 'mysql2 3.0', module: 'mysql2', driver: 'mysql2-3.0', waits: true },
  { name: 'Drizzle', module: 'drizzle', waits: true },
  { name: 'Kysely', module: 'kysely', waits: true },
  { name: 'Knex', module: 'knex', waits: true, tells: knexTells },
  { name: 'Knex with its own pool', module: 'knex-own-pool', waits: false, tells: knexTells },
  {
    name: 'Sequelize 6',
    module: 'sequelize',
    waits: false,
    tells: /^(?:Rolling back|Committing) transaction /,
  },
  { name: 'TypeORM', module: 'typeorm', waits: true },
];

/** Fewer connections than writers: some writers always wait for a connection. */
const connectionLimit = 3;
const stopMs = 10_000;

const say = (line: string): void =>
  void process.stdout.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} ${line}\n`);
const [packages, ...chosen] = process.argv.slice(2);
if (packages === undefined) throw new Error('which folder?');
const folder = await mkdtemp(join(tmpdir(), 'source-dns-clients-'));
try {
  process.exitCode = await play(packages, folder);
} finally {
  await stopAllProcesses(stopMs);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

async function play(packages: string, folder: string): Promise<number> {
  const [product, programs] = await Promise.all([provideProduct('MySQL', [], say), provideBind(say)]);
  const [cluster, bind] = await Promise.all([
    startCluster(threeServers, product, folder),
    startBindPair(programs, { folder: join(folder, 'bind') }),
  ]);
  const story = new Story(cluster, say);
  await story.arrange();
  const servers = cluster.all.map(({ server }) => server);
  await story.open(
    await startTracedDaemon(join(folder, 'daemon'), [{ name: 'shop', cluster, servers }], bind),
  );
  const surroundings = {
    host: `source.shop.${bind.zone}`,
    user: 'web',
    password: cluster.accounts.web,
    database: 'shop',
    nameservers: [bind.primary, bind.secondary].map(({ address, port }) => `${address}:${port}`),
    connectionLimit,
  };
  const applications = plans
    .filter(({ module }) => chosen.length === 0 || chosen.includes(module))
    .map((plan) => new Application(packages, plan, surroundings));
  await story.tell(applications);

  const ends = await Promise.all(applications.map((each) => each.end()));
  const evidence = { rows: await story.rows(), sources: story.sources, connectionLimit };
  const faults = applications.map((application, index) => [
    ...faultsOf(application, evidence),
    ...(ends[index] ?? []),
  ]);
  for (const [index, application] of applications.entries()) show(application, faults[index] ?? []);
  return faults.flat().length === 0 ? 0 : 1;
}

function show({ plan, attempts, firstAfterMs }: Application, faults: readonly string[]): void {
  const errors = new Map<string, number>();
  for (const { error } of attempts.values())
    if (error !== undefined) errors.set(error, (errors.get(error) ?? 0) + 1);
  const times = firstAfterMs.slice(1).map((ms) => `${Math.round(ms)} ms`);
  const told = [...errors].map(([error, count]) => `${count} ${error}`);
  say(
    `${faults.length === 0 ? 'ok  ' : 'FAIL'} ${plan.name.padEnd(22)} ${attempts.size} attempts, writes again after ${times.join(', ')}; errors: ${told.join(', ')}`,
  );
  for (const fault of faults.slice(0, 20)) say(`       ${fault}`);
}
