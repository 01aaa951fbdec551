/**
 * A published cluster on a real primary, secondary and resolver, and the doctor that looks at them. A test
 * breaks something, applies the lines that the doctor prints, and leaves the lab as it was.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { writeLedger } from '../../../src/core/model/ledger-text.ts';
import type { Findings } from '../../../src/doctor/check.ts';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { Named } from '../../../src/lab/servers/named.ts';
import { formatTsigKey, generateTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { examine } from './dns-examine.ts';

const host = '127.0.0.1';
type Role = 'primary' | 'secondary' | 'resolver';

export interface DnsLab {
  readonly bind: BindFixture;
  readonly resolver: Named;
  /** The configuration of source-dns: edited by tests. */
  config: string;
  /** Seconds that our clock is off. */
  clockOff: number;
  env: Record<string, string>;
  readonly usualEnv: Record<string, string>;
  /** The path of the program. */
  readonly tsigKeygen: string;
  /** A question of an application to the resolver, for A. */
  askResolver(name: string): Promise<void>;
  /** The secondary has the serial of the primary. */
  awaitStep(): Promise<void>;
  /** The line of nsupdate for the usual ledger with these changes. */
  ledgerLine(more?: object): string;
  /** Those of this host. */
  hostResolvers: readonly string[];
  /** The text of a named.conf. */
  conf(role: Role): Promise<string>;
  /** Changes a named.conf and lets named read it. */
  edit(role: Role, change: (text: string) => string): Promise<void>;
  rndc(role: Role, ...args: readonly string[]): Promise<void>;
  /** Runs these lines with a key that may change the whole zone. */
  nsupdate(...lines: readonly string[]): Promise<void>;
  /** Also checks that the primary server's serial and journal are as before. */
  check(): Promise<Findings>;
  /** The files and the zone as at the start. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

const zoneText = (ns: string) =>
  `$TTL 60\n@ IN SOA ${ns} hostmaster.${ns} 1 10 2 604800 1\n@ IN NS ${ns}\n${ns} IN A ${host}\n`;

export async function startDnsLab(): Promise<DnsLab> {
  const admin = generateTsigKey('admin');
  const control = { primary: 0, secondary: 0, resolver: 0 };
  for (const role of ['primary', 'secondary', 'resolver'] as const)
    do control[role] = await findFreePort([host], {});
    while (Object.values(control).filter((port) => port === control[role]).length > 1);
  const controls = (role: Role) =>
    `${formatTsigKey(admin)}\ncontrols { inet ${host} port ${control[role]} allow { ${host}; } keys { admin; }; };`;
  const bind = await startBind({
    adjust: (role, text) =>
      text
        .replace('controls { };', controls(role))
        .replace('update-policy {', 'update-policy {\n        grant admin zonesub ANY;'),
  });
  const resolverFolder = join(bind.folder, 'resolver');
  const resolver = new Named(bind.programs, {
    folder: resolverFolder,
    address: host,
    port: await findFreePort([host], { udp: true }),
    zone: 'resolver.test',
  });
  const folders: Record<Role, string> = {
    primary: bind.primary.folder,
    secondary: bind.secondary.folder,
    resolver: resolverFolder,
  };
  const adminFile = join(bind.folder, 'admin.key');
  await mkdir(resolverFolder);
  await writeFile(join(resolverFolder, 'resolver.db'), zoneText('ns1'));
  await writeFile(adminFile, formatTsigKey(admin), { mode: 0o600 });
  const resolverConf = [
    `options { directory "${resolverFolder}"; listen-on port ${resolver.port} { ${host}; }; listen-on-v6 { none; };`,
    'reuseport no; pid-file none; session-keyfile none; dnssec-validation no; recursion yes; };',
    controls('resolver'),
    `zone "resolver.test" { type primary; file "${resolverFolder}/resolver.db"; };`,
    `zone "${bind.zone}" { type forward; forward only; forwarders { ${host} port ${bind.primary.port}; }; };`,
  ];
  await writeFile(join(resolverFolder, 'named.conf'), resolverConf.join('\n'));
  await resolver.start();

  const run = (program: string, args: readonly string[], input = '') =>
    execa(program, args, { input, timeout: 20_000 });
  const nsupdate = async (...lines: readonly string[]) => {
    await run(bind.programs.nsupdate, ['-k', adminFile], `${lines.join('\n')}\n`);
  };
  const rndc = async (role: Role, ...args: readonly string[]) => {
    await run(bind.programs.rndc, ['-s', host, '-p', `${control[role]}`, '-k', adminFile, ...args]);
  };
  const confFile = (role: Role) => join(folders[role], 'named.conf');
  const first = {
    primary: await readFile(confFile('primary'), 'utf8'),
    secondary: await readFile(confFile('secondary'), 'utf8'),
    resolver: await readFile(confFile('resolver'), 'utf8'),
  };
  const ledger = {
    cluster: 'shop',
    epoch: 7,
    source: 'db1.example.com:3306',
    uuid: '00000000-0000-0000-0000-000000000001',
    by: 'watcher-1',
    at: '2026-11-22T11:30:00.123Z',
    why: 'failover',
    try: 'abc',
    form: { type: 'address', ttlSeconds: 5, targets: ['192.0.2.1'] },
    replicas: undefined,
    was: [],
    unknown: [],
  };
  const source = `source.shop.${bind.zone}.`;
  const ledgerLine = (more: object = {}) => {
    const texts = writeLedger({ ...ledger, ...more } as never);
    return `update add _source-dns.${source} 5 TXT ${texts.map((text) => `"${text}"`).join(' ')}`;
  };
  const to = [`server ${host} ${bind.primary.port}`, `zone ${bind.zone}.`];
  const publish = () =>
    nsupdate(
      ...to,
      ...['source', 'replicas'].map((name) => `update delete ${name}.shop.${bind.zone}.`),
      `update delete _source-dns.${source}`,
      `update add ${source} 5 A 192.0.2.1`,
      ledgerLine(),
      'send',
    );
  await publish();
  const usual = [
    'instance: watcher-1',
    `state_dir: ${bind.folder}/state`,
    'clusters:',
    '  shop:',
    '    servers: [db1.example.com]',
    '    mysql: { user: source_dns, password: unused }',
    '    publish:',
    '      nameserver: ns1',
    `      source: { name: ${source}, ttl: 5 }`,
    `      replicas: { name: replicas.shop.${bind.zone}., ttl: 5 }`,
    'nameservers:',
    '  ns1:',
    `    address: ${host}`,
    `    port: ${bind.primary.port}`,
    `    key_file: ${bind.keyFile}`,
    '    timeout: 1s',
    `    verify: ["${host}:${bind.primary.port}", "${host}:${bind.secondary.port}"]`,
    `    resolvers: ["${host}:${resolver.port}"]`,
    '',
  ].join('\n');
  const env = { PATH: `${bind.programs.nsupdate.replace(/\/[^/]+$/, '')}:${process.env['PATH'] ?? ''}` };

  const lab: DnsLab = {
    bind,
    resolver,
    config: usual,
    clockOff: 0,
    env,
    usualEnv: env,
    tsigKeygen: bind.programs.tsigKeygen,
    async askResolver(name) {
      await run(bind.programs.dig, [`@${host}`, '-p', `${resolver.port}`, name, 'A']);
    },
    async awaitStep() {
      const end = performance.now() + 10_000;
      const serials = () =>
        Promise.all([bind.primary.awaitSerial(1, 5000), bind.secondary.awaitSerial(1, 5000)]);
      for (let [one, two] = await serials(); one !== two; [one, two] = await serials())
        if (performance.now() > end) throw new Error('the secondary is not in step');
    },
    ledgerLine,
    hostResolvers: [],
    conf: (role) => readFile(confFile(role), 'utf8'),
    async edit(role, change) {
      const before = await lab.conf(role);
      const after = change(before);
      if (after === before) throw new Error(`nothing was changed in the named.conf of the ${role}`);
      await writeFile(confFile(role), after);
      await rndc(role, 'reconfig');
    },
    rndc,
    nsupdate,
    async check() {
      const before = await trace(bind);
      const findings = await examine({
        folder: bind.folder,
        text: lab.config,
        clockOff: lab.clockOff,
        env: lab.env,
        hostResolvers: lab.hostResolvers,
        nsupdate: bind.programs.nsupdate,
      });
      if (JSON.stringify(await trace(bind)) !== JSON.stringify(before))
        throw new Error('the doctor left a trace in the zone');
      return findings;
    },
    async restore() {
      lab.config = usual;
      lab.clockOff = 0;
      lab.env = env;
      lab.hostResolvers = [];
      for (const role of ['primary', 'secondary', 'resolver'] as const) {
        if ((await lab.conf(role)) === first[role]) continue;
        await writeFile(confFile(role), first[role]);
        await rndc(role, 'reconfig');
      }
      await publish();
      await rndc('resolver', 'flush');
    },
    async stop() {
      await resolver.stop();
      await bind.stop();
    },
  };
  return lab;
}

/** Undefined: the primary server does not run. */
async function trace(bind: BindFixture): Promise<unknown> {
  if (!bind.primary.running) return undefined;
  const journal = join(bind.primary.folder, `${bind.zone}.db.jnl`);
  const size = await stat(journal).then(
    (found) => found.size,
    () => 0,
  );
  return { size, serial: await bind.primary.awaitSerial(1, 500).catch(() => undefined) };
}
