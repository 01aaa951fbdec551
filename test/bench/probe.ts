/** What one probe costs: the client, the server, the memory of a kept connection, and the round trips. */

import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ServerAddress } from '../../src/core/model/units.ts';
import { accountName, grantStatements, probedTables } from '../../src/mysql/answer/grants.ts';
import { type MysqlServers, startMysqlServers } from '../support/servers/mysql-fixture.ts';
import type { Benchmark, BenchmarkRun, Figure } from './harness/benchmark.ts';
import type { ClientFindings, ClientOrder, Subject } from './probe-client.ts';

const user = 'source_dns';
const sizes = {
  full: { few: 50, many: 400, perSecond: 500, warmSeconds: 12, seconds: 10 },
  smoke: { few: 2, many: 4, perSecond: 20, warmSeconds: 0.1, seconds: 0.3 },
} as const;
const longestMs = 120_000;
/** The lab turns them off: they count what a statement examines. */
const countingOptions = [
  '--max-connections=500',
  '--performance-schema-digests-size=200',
  '--performance-schema-users-size=20',
];
const digestsQuery = `SELECT SUM(COUNT_STAR) AS statements, SUM(SUM_ROWS_EXAMINED) AS examined
 FROM performance_schema.events_statements_summary_by_digest WHERE DIGEST_TEXT NOT LIKE '%performance_schema . %digest%'`;

export const probe: Benchmark = {
  name: 'probe',
  title: 'one probe of a kept connection',
  about: `A source and a replica (MySQL, GTIDs), each with many kept connections of one process. A probe goes from the effect of the core to the event for the core; four are asked together, as the servers of a cluster are. Memory is the difference between ${sizes.full.few} and ${sizes.full.many} connections, for each of them. It is compared with SELECT 1 of mysql2, and with bytes that are sent and answered and not read.`,
  run,
};

async function run(run: BenchmarkRun): Promise<readonly Figure[]> {
  const mysql = await startMysqlServers(2, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    options: () => countingOptions,
  });
  try {
    await createAccount(mysql);
    const figures: Figure[] = [];
    for (const tls of [false, true]) figures.push(...(await compared(mysql, run, tls)));
    return figures;
  } finally {
    await mysql.stop();
  }
}

/** The replication carries the account to the replica. */
async function createAccount({ servers: [source, replica], password }: MysqlServers): Promise<void> {
  const account = accountName(user);
  await source?.sql(`CREATE USER ${account} IDENTIFIED BY '${password}'`, ...grantStatements(account));
  const isThere = async (): Promise<boolean> => {
    const granted = await replica?.sql(`SELECT 1 FROM mysql.tables_priv WHERE User = '${user}'`);
    return granted?.length === probedTables.length;
  };
  while (!(await isThere())) await pause(50);
}

async function compared(mysql: MysqlServers, run: BenchmarkRun, tls: boolean): Promise<readonly Figure[]> {
  const found = {} as Record<Subject, ClientFindings>;
  let server = { statements: 0, examined: 0 };
  for (const subject of ['bytes', 'select', 'probe'] as const) {
    run.say(`${subject}, ${tls ? 'with' : 'without'} TLS`);
    if (subject === 'probe') server = await examined(mysql);
    found[subject] = await client(mysql, run, { subject, tls });
    if (subject === 'probe') {
      const after = await examined(mysql);
      server = {
        statements: after.statements - server.statements,
        examined: after.examined - server.examined,
      };
    }
  }
  return figuresOf(found, server, tls);
}

function figuresOf(
  found: Readonly<Record<Subject, ClientFindings>>,
  server: { readonly statements: number; readonly examined: number },
  tls: boolean,
): readonly Figure[] {
  const words = tls ? 'with TLS' : 'without TLS';
  const { bytes, select, probe } = found;
  const cpuMs = ({ cpuUs, asked }: ClientFindings): number => cpuUs / asked / 1000;
  const figure = (what: string, value: number, unit: Figure['unit'], atMost?: number): Figure => ({
    what: `${what}, ${words}`,
    value,
    unit,
    ...(atMost !== undefined && { target: { atMost } }),
  });
  return [
    figure('client CPU of a probe', cpuMs(probe), 'ms', tls ? 0.08 : 0.06),
    figure('client CPU of SELECT 1 of mysql2', cpuMs(select), 'ms'),
    figure('client CPU of bytes that nobody reads', cpuMs(bytes), 'ms'),
    figure('a probe next to SELECT 1', cpuMs(probe) / cpuMs(select), 'times'),
    figure('writes of a probe', probe.writes / probe.asked, '', 1),
    figure('memory of one more connection', probe.rssBytes / 1000, 'KB', 100),
    figure('its part in the heap of JavaScript', probe.heapBytes / 1000, 'KB'),
    figure('memory of one more connection of mysql2', select.rssBytes / 1000, 'KB'),
    figure('server CPU of a probe', probe.serverCpuUs / probe.asked / 1000, 'ms'),
    figure('server CPU of SELECT 1', select.serverCpuUs / select.asked / 1000, 'ms'),
    figure('rows examined by a statement', server.examined / server.statements, ''),
  ];
}

/** Of both servers, since their start. */
async function examined(mysql: MysqlServers): Promise<{ statements: number; examined: number }> {
  const sum = { statements: 0, examined: 0 };
  for (const server of mysql.servers) {
    const [row] = (await server.sql(digestsQuery)) as readonly Readonly<Record<string, unknown>>[];
    sum.statements += Number(row?.['statements'] ?? 0);
    sum.examined += Number(row?.['examined'] ?? 0);
  }
  return sum;
}

async function client(
  mysql: MysqlServers,
  run: BenchmarkRun,
  what: { readonly subject: Subject; readonly tls: boolean },
): Promise<ClientFindings> {
  const order: ClientOrder = {
    ...what,
    ...sizes[run.scale],
    servers: mysql.servers.map(({ address, port }) => `${address}:${port}` as ServerAddress),
    pids: mysql.servers.flatMap(({ pid }) => pid ?? []),
    user,
    password: mysql.password,
  };
  const program = fileURLToPath(new URL('./probe-client.js', import.meta.url));
  const options = { timeout: longestMs };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', program, JSON.stringify(order)],
    options,
  );
  return JSON.parse(stdout) as ClientFindings;
}
