/** Alert rules and dashboard, by the programs that read them: promtool, and a Prometheus that scrapes. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { until } from '../../../src/lab/host/until.ts';
import type { BindPair } from '../../../src/lab/servers/bind.ts';
import { type DaemonProcess, startDaemon } from '../../../src/lab/stage/daemon-process.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import { root, textOfFile } from '../../support/checkout.ts';
import { startBind } from '../../support/servers/bind-fixture.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { type Prometheus, startPrometheus } from '../../support/servers/prometheus-fixture.ts';
import { type PrometheusPrograms, providePrometheus } from '../../support/servers/prometheus-programs.ts';

let programs: PrometheusPrograms;
beforeAll(async () => {
  programs = await providePrometheus((line) => process.stderr.write(`${line}\n`));
});

const rulesFile = join(root, 'monitoring', 'alert-rules.yaml');
const promtool = (...args: readonly string[]) =>
  execa(programs.promtool, args, { all: true, reject: false, timeout: 60_000 });

test('promtool finds no fault in the rules and in the configuration', async () => {
  expect(await promtool('check', 'rules', rulesFile)).toMatchObject({ exitCode: 0 });
  const config = join(root, 'monitoring', 'prometheus.yaml');
  expect(await promtool('check', 'config', config)).toMatchObject({ exitCode: 0 });
});

test('each rule does with made-up series what it should', async () => {
  const tests = 'test/real/monitoring/alert-rules.test.yaml';
  const { exitCode, all } = await promtool('test', 'rules', join(root, tests));
  expect(exitCode, all).toBe(0);
  const alerts = [...textOfFile('monitoring/alert-rules.yaml').matchAll(/- alert: (\w+)/g)];
  const text = textOfFile(tests);
  expect(alerts.map(([, name = '']) => name).filter((name) => !text.includes(name))).toEqual([]);
});

test('promtool finds no fault in the text of a scrape, nor in one with a host name that is none', async () => {
  const text = textOfFile('test/unit/metrics/cluster.txt');
  const evil = text.replaceAll('db3:3306', 'a\\"} 1?up{x=\\"\\\\:3306');
  for (const input of [text, evil]) {
    const { exitCode, all } = await execa(programs.promtool, ['check', 'metrics'], {
      all: true,
      reject: false,
      input,
    });
    expect(all).toBe('');
    expect(exitCode).toBe(0);
  }
});

/** Every query of the dashboard, with everything chosen. */
function dashboardQueries(): readonly string[] {
  const { panels } = JSON.parse(textOfFile('monitoring/grafana-dashboard.json')) as {
    panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) =>
      expr
        .replaceAll('$cluster', '.*')
        .replaceAll('$instance', '.*')
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$__range', '1m'),
    ),
  );
}

describe('a real Prometheus that scrapes a real source-dns', () => {
  let folder: string;
  let mysql: MysqlServers;
  let bind: BindPair;
  let daemon: DaemonProcess;
  let prometheus: Prometheus;
  const account = accountName('source_dns', '127.0.0.%');
  const addressOf = (index: number) => `${mysql.servers[index]?.address}:${mysql.port}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'source-dns-monitoring-'));
    [mysql, bind] = await Promise.all([
      startMysqlServers(2, {
        replicate: true,
        readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
      }),
      startBind(),
    ]);
    await mysql.servers[0]?.sql(
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
    );
    const port = await findFreePort(['127.0.0.1']);
    const file = join(folder, 'source-dns.yaml');
    await writeFile(join(folder, 'password'), mysql.password, { mode: 0o600 });
    await writeFile(
      file,
      `
instance: watcher-1
state_dir: ${folder}/state
clusters:
  shop:
    servers: ["${addressOf(0)}", "${addressOf(1)}"]
    mysql: { user: source_dns, password_file: ${folder}/password }
    publish: { nameserver: ns1, zone: ${bind.zone}., source: { name: source.shop.${bind.zone}., ttl: 1 } }
    allow_loopback: true
nameservers:
  ns1: { address: ${bind.primary.address}, port: ${bind.primary.port}, key_file: ${bind.keyFile}, verify: ["${bind.primary.address}:${bind.primary.port}", "${bind.secondary.address}:${bind.secondary.port}"] }
http: { listen: "127.0.0.1:${port}" }
`,
    );
    const program = [process.execPath, join(root, 'dist', 'main.js')];
    daemon = await startDaemon(program, { file, stateDir: join(folder, 'state') }, folder);
    prometheus = await startPrometheus(programs, join(folder, 'prometheus'), `127.0.0.1:${port}`);
  });

  afterAll(async () => {
    await prometheus?.stop();
    await daemon?.stop();
    await Promise.all([mysql?.stop(), bind?.stop()]);
    await rm(folder, { recursive: true, force: true });
    expect(livingProcesses()).toEqual([]);
  });

  const value = async (promql: string): Promise<string | undefined> =>
    (await prometheus.query(promql))[0]?.value[1];

  test('takes the scrape without a complaint, and sees the source', async () => {
    await until(
      'Prometheus to see the source',
      async () => (await value('source_dns_server_role{role="source"}')) === '1',
      30_000,
    );
    expect(await prometheus.scrapeError()).toBe('');
    expect(await prometheus.query('source_dns_source_info')).toMatchObject([
      { metric: { cluster: 'shop', nameserver: 'ns1', server: addressOf(0), job: 'source-dns' } },
    ]);
    expect(await value('source_dns_epoch')).toBe('1');
    expect(await value('sum(source_dns_updates_total{rcode="NOERROR"})')).toBe('1');
  });

  test('understands every query of the dashboard, and most have an answer', async () => {
    await until(
      'the histogram of the probes to have a rate',
      async () =>
        (await prometheus.query('rate(source_dns_probe_duration_seconds_count[1m]) > 0')).length > 0,
      30_000,
    );
    const empty: string[] = [];
    for (const query of dashboardQueries())
      if ((await prometheus.query(query)).length === 0) empty.push(query);
    // Nothing has gone wrong, and nothing has moved since the first scrape.
    const mayBeEmpty = /_alarms|> 0$|_duration_seconds_sum|_answer_seconds_sum|propagation_seconds_sum/;
    expect(empty.filter((query) => !mayBeEmpty.test(query))).toEqual([]);
  });

  test('fires the alert for a held name when a second server takes writes, and says why', async () => {
    expect(await prometheus.firing()).toEqual([]);
    await mysql.servers[1]?.sql('STOP REPLICA', 'RESET REPLICA ALL', 'SET GLOBAL read_only = OFF');
    let alerts: Awaited<ReturnType<Prometheus['firing']>> = [];
    await until(
      'the alert for the held name',
      async () => {
        alerts = await prometheus.firing();
        return alerts.some(
          ({ labels, annotations }) =>
            labels['alertname'] === 'SourceDnsNameHeld' &&
            annotations['description']?.includes('two-sources'),
        );
      },
      60_000,
    );
    expect(alerts.find(({ labels }) => labels['alertname'] === 'SourceDnsNameHeld')).toMatchObject({
      labels: { cluster: 'shop', nameserver: 'ns1', severity: 'critical' },
      annotations: { summary: 'The name of shop at ns1 is held' },
    });
  });

  test('fires for a daemon that is gone', async () => {
    await daemon.stop();
    await until(
      'the alert for the daemon',
      async () =>
        (await prometheus.firing()).some(({ labels }) => labels['alertname'] === 'SourceDnsNoDaemon'),
      60_000,
    );
  });
});
