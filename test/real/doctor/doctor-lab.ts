/** Three real MySQL servers, a configuration, and the doctor: what it prints is pasted where it says. */

import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { parseDocument } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import { type Check, runChecks } from '../../../src/doctor/check.ts';
import { checks } from '../../../src/doctor/checks.ts';
import type { Finding, Mend } from '../../../src/doctor/finding.ts';
import { openFilesLimit } from '../../../src/doctor/host/process.ts';
import { openWorld } from '../../../src/doctor/open-world.ts';
import type { World } from '../../../src/doctor/world.ts';
import { until } from '../../../src/lab/host/until.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { createInspector } from '../../../src/mysql/inspection.ts';
import { createProber } from '../../../src/mysql/probe.ts';

/** Those that need no nameserver. */
const ownChecks: readonly Check[] = checks.filter(({ area }) =>
  ['configuration', 'host', 'mysql'].includes(area),
);

interface Examined {
  readonly file: string;
  /** As if a zone had it. */
  readonly ledger?: Ledger | undefined;
}

/** The doctor's findings for a configuration file, the fine ones left out. */
export async function diagnose({ file, ledger }: Examined): Promise<readonly Finding[]> {
  const loaded = await loadConfig(file);
  if (loaded.kind === 'invalid') throw new Error(loaded.errors.map(({ message }) => message).join('; '));
  const { config } = loaded;
  const access = ({ settings, mysql: { password, ...rest } }: World['clusters'][number]) => ({
    cluster: settings.cluster,
    servers: settings.servers,
    ...rest,
    password: password.reveal(),
    clock: systemClock,
  });
  const { world, close } = await openWorld({
    config,
    clusters: config.clusters,
    prober: (cluster) => createProber(access(cluster)),
    inspectors: {
      servers: (cluster) => createInspector(access(cluster)),
      fences: ({ fence, ...cluster }) =>
        fence && createInspector({ ...access(cluster), user: fence.user, password: fence.password.reveal() }),
      nameserver: async () => ({
        kind: 'failed',
        failure: { code: 'key-invalid', message: 'not used here' },
      }),
    },
    clock: systemClock,
    around: {
      env: {},
      resolvers: [],
      nodeVersion: process.versions.node,
      version: '0.0.0',
      openFiles: openFilesLimit,
      unixSockets: async () => '',
    },
  });
  try {
    const published = ledger === undefined ? world : { ...world, ledger: async () => ledger };
    return (await runChecks(published, ownChecks)).findings.filter(({ verdict }) => verdict !== 'ok');
  } finally {
    await close();
  }
}

/** What every diagnosis of this lab finds: no daemon runs, and nobody checks a certificate. */
export const always = ['tls-unverified shop', 'daemon-absent'] as const;

export const named = ({ code, subject }: Finding): string => `${code} ${subject}`;

export interface Patient {
  readonly file: string;
  readonly password: string;
  readonly servers: readonly SqlServer[];
  readonly source: SqlServer;
  server(address: string): SqlServer;
}

/** The findings beside those of every diagnosis: waits until they are these, and fails if they never are. */
export async function finds(examined: Examined, wanted: readonly string[]): Promise<readonly Finding[]> {
  let found: readonly Finding[] = [];
  const names = () => found.map(named).toSorted();
  const isWanted = () => names().join() === wanted.toSorted().join();
  await until(
    'the doctor',
    async () => {
      found = (await diagnose(examined)).filter((each) => !always.some((one) => named(each).startsWith(one)));
      return isWanted();
    },
    5000,
  ).catch(() => {});
  expect(names(), found.map(({ sentence }) => sentence).join('\n')).toEqual(wanted.toSorted());
  return found;
}

/** Pastes every line of these findings where the finding says. Equal mends once. */
export async function paste(patient: Patient, findings: readonly Finding[]): Promise<void> {
  const mends = new Map(
    findings.flatMap(({ mends: all }) => all).map((mend) => [JSON.stringify(mend), mend]),
  );
  expect(mends.size).toBeGreaterThan(0);
  const restarts = new Map<string, string[]>();
  for (const mend of mends.values()) {
    const [, address] = /^in my\.cnf of (\S+), section \[mysqld\]; then restart it$/.exec(mend.where) ?? [];
    // Without a restart it counts from the next start on.
    if (/^in my\.cnf of \S+, section \[mysqld\]$/.test(mend.where)) continue;
    if (!(await isMeant(patient, mend))) continue;
    if (address === undefined) await pasteOne(patient, mend);
    else restarts.set(address, [...(restarts.get(address) ?? []), ...mend.lines]);
  }
  for (const [address, lines] of restarts)
    await patient.server(address).restart(lines.map((line) => `--${line.replace(' = ', '=')}`));
}

/** A mend may be right only for some accounts: its place says so. */
async function isMeant({ source }: Patient, { where }: Mend): Promise<boolean> {
  if (!where.endsWith('only if its ssl_type is X509 or SPECIFIED')) return true;
  const rows = await source.sql(
    "SELECT 1 FROM mysql.user WHERE user = 'source_dns' AND ssl_type IN ('X509', 'SPECIFIED')",
  );
  return rows.length > 0;
}

async function pasteOne(patient: Patient, { where, lines }: Mend): Promise<void> {
  const filled = lines.map((line) =>
    line
      .replaceAll('<password>', patient.password)
      .replace('<our IP address>', '127.0.0.1')
      .replace('<host>', '127.0.0.%')
      .replace('<number>', '200'),
  );
  const [, address] = /^on (?:the source )?(\S+:\d+)(?:$|[ ,])/.exec(where) ?? [];
  if (address !== undefined) return void (await patient.server(address).sql(...filled));
  if (where.startsWith('on every server of shop: one line on all of them before the next line')) {
    for (const line of filled) for (const server of patient.servers) await server.sql(line);
    return;
  }
  // No server let the doctor in, so it does not know which one is the source.
  if (/^on the source(?:$|,)/.test(where)) return void (await patient.source.sql(...filled));
  if (where === 'in a shell on this host') {
    for (const line of filled) await execa('sh', ['-c', line]);
    return;
  }
  const [, host] = /^in a shell on the host of (\S+), while its mysqld is stopped$/.exec(where) ?? [];
  if (host !== undefined) {
    await patient.server(host).stop();
    for (const line of filled) await execa('sh', ['-c', line]);
    return void (await patient.server(host).start());
  }
  const [, section, old] =
    /^in \/.*, under clusters: shop: ([a-z]+)(?:, (?:remove this line|instead of .*))?$/.exec(where) ?? [];
  if (section === undefined) throw new Error(`no place to paste: ${where}`);
  await pasteSetting(patient.file, { section, where, lines: filled, old });
}

interface Setting {
  readonly section: string;
  readonly where: string;
  readonly lines: readonly string[];
  readonly old: string | undefined;
}

async function pasteSetting(file: string, { section, where, lines }: Setting): Promise<void> {
  const document = parseDocument(await readFile(file, 'utf8'));
  for (const line of lines) {
    if (section === 'servers') {
      const entry = line.replace(/^- /, '');
      const servers = (document.getIn(['clusters', 'shop', 'servers']) as { toJSON(): string[] }).toJSON();
      const next = where.endsWith('remove this line')
        ? servers.filter((server) => server !== entry)
        : [...servers, entry];
      document.setIn(['clusters', 'shop', 'servers'], next);
    } else {
      const [key = '', value = ''] = line.split(': ');
      document.setIn(['clusters', 'shop', section, key], value);
    }
  }
  await writeFile(file, document.toString());
}

export interface Forwarder {
  readonly address: string;
  close(): Promise<void>;
}

/** A second address of a server, as a virtual IP address is. */
export async function forwarder(host: string, port: number): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const behind = connect({ host, port });
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(behind).pipe(client);
  });
  const second = '127.0.0.41';
  await new Promise<void>((resolve) => server.listen(port, second, resolve));
  return {
    address: `${second}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

interface Written {
  readonly servers: readonly string[];
  readonly password: string;
  readonly mysql?: Readonly<Record<string, string>>;
}

/** A configuration in this folder, with short times and every file as private as it should be. */
export async function writeConfiguration(
  folder: string,
  { servers, password, mysql = {} }: Written,
): Promise<string> {
  const passwordFile = join(folder, 'mysql.password');
  const keyFile = join(folder, 'ddns.key');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await writeFile(
    keyFile,
    'key "k" { algorithm hmac-sha256; secret "c291cmNlLWRucyBpcyBhIHByb2dyYW0="; };\n',
    {
      mode: 0o600,
    },
  );
  const file = join(folder, 'source-dns.yaml');
  const lines = Object.entries(mysql).map(([key, value]) => `      ${key}: ${value}\n`);
  const text = `instance: lab
state_dir: ${join(folder, 'state')}
clusters:
  shop:
    servers:
${servers.map((server) => `      - "${server}"\n`).join('')}    mysql:
      user: source_dns
      password_file: ${passwordFile}
      connect_timeout: 2s
      query_timeout: 2s
${lines.join('')}    publish:
      nameserver: ns1
      zone: db.example.com.
      source: { name: source.db.example.com., ttl: 5 }
    watch: { fresh_for: 10s }
    allow_loopback: true
nameservers:
  ns1: { address: 127.0.0.1, port: 1, key_file: ${keyFile} }
`;
  await writeFile(file, text, { mode: 0o640 });
  return file;
}

/** The ledger of the first publication, as a zone would have it. */
export const firstLedger = (source: string): Ledger => ({
  cluster: 'shop',
  epoch: 1,
  source: source as Ledger['source'],
  uuid: '-' as Ledger['uuid'],
  by: 'lab',
  at: '2026-01-01T00:00:00Z',
  why: 'bootstrap',
  try: 'a1',
  form: { type: 'address', ttlSeconds: 5, targets: [] },
  was: [],
  unknown: [],
});

/** On this server only: the binary log is off, and a replica opens for a moment. */
export async function withoutBinaryLog(
  server: Pick<SqlServer, 'sql'>,
  isReplica: boolean,
  statements: readonly string[],
): Promise<void> {
  const own = ['SET SESSION sql_log_bin = 0', ...statements];
  if (!isReplica) return void (await server.sql(...own));
  await server.sql('SET GLOBAL super_read_only = OFF', ...own, 'SET GLOBAL super_read_only = ON');
  // Set by hand, it would not be kept: forget that.
  await server.sql('SET PERSIST super_read_only = ON');
}

/** SHOW GRANTS without the account itself, sorted. */
export async function grantsOf(server: Pick<SqlServer, 'sql'>, account: string): Promise<readonly string[]> {
  const rows = await server.sql(`SHOW GRANTS FOR ${account}`);
  return rows
    .map((row) =>
      String(Object.values(row)[0])
        .replace(/ TO .*$/, '')
        .replaceAll('`', ''),
    )
    .toSorted();
}
