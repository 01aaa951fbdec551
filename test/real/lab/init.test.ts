/**
 * `source-dns init` as a user runs it, from the first statement to the published name: real MySQL servers, a
 * real BIND that does not have the zone yet, and the daemon with what was written.
 */

import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { files, given } from '../../unit/setup/given-setup.ts';
import { entry } from './lab-run.ts';
import { until } from './probing.ts';

const zone = 'db.example.com';
const name = `source.shop.${zone}`;
const transferKey = `transfer.${zone}.key`;
const otherZone = 'zone "lab.test" { type primary; file "@folder@/lab.test.db"; };';

let mysql: MysqlServers;
let bind: NamedFixture;
let folder: string;
let output: string;
let stopDaemon = async (): Promise<void> => {};

const addressOf = (index: number): string => `${mysql.servers[index]!.address}:${mysql.port}`;
const nameserver = (): string => `127.0.0.1:${bind.named.port}`;

interface InitOutput {
  readonly written: readonly string[];
  readonly left: readonly string[];
  readonly used: readonly string[];
  readonly findings: readonly string[];
  readonly steps: readonly { readonly text: string; readonly commands: readonly string[] }[];
}

/** Nobody can be asked: the flags must do. */
const init = (...more: readonly string[]) => initInto(output, '--zone', zone, ...more);
const initInto = (target: string, ...more: readonly string[]) =>
  execa(
    process.execPath,
    [
      ...[entry, 'init', '--json', '--yes', '--allow-loopback', '--output', target],
      ...['--state-dir', join(folder, 'state'), '--bind-folder', bind.named.folder, '--mode', 'active'],
      ...['--server', addressOf(0), '--nameserver', nameserver(), '--name', name],
      ...['--program', process.execPath, '--account-host', '127.0.0.%', ...more],
    ],
    { reject: false, timeout: 60_000, stdin: 'ignore' },
  );
const outputOf = (stdout: string): InitOutput => JSON.parse(stdout) as InitOutput;
const textOf = (file: string): Promise<string> => readFile(join(output, file), 'utf8');

async function dig(question: string): Promise<string> {
  const { stdout } = await execa(
    bind.programs.dig,
    ['@127.0.0.1', '-p', `${bind.named.port}`, '+short', question],
    {
      reject: false,
      timeout: 10_000,
    },
  );
  return stdout;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-init-'));
  output = join(folder, 'etc', 'source-dns');
  mysql = await startMysqlServers(3, {
    replicate: true,
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
    options: (index) => (index === 0 ? [] : [`--report-host=127.0.0.${11 + index}`]),
  });
  await mysql.servers[2]!.sql(
    'STOP REPLICA',
    'CHANGE REPLICATION SOURCE TO SOURCE_DELAY=3600',
    'START REPLICA',
  );
  bind = await startNamed(otherZone);
});

afterAll(async () => {
  await stopDaemon();
  await mysql?.stop();
  await bind?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(livingProcesses()).toEqual([]);
});

test('without an account it makes the statements for this product, and says to run it again', async () => {
  const first = await init('--new-account');
  expect(first.exitCode, first.stderr).toBe(4);
  expect(JSON.parse(first.stdout)).toMatchObject({ code: 'unreachable' });
  expect(first.stderr).toContain(`${addressOf(0)} is MySQL 9`);
  expect(first.stderr).toContain("CREATE USER 'source_dns'@'127.0.0.%' IDENTIFIED BY '<password>';");
  expect(first.stderr).not.toContain((await textOf('mysql.password')).trim());

  const refused = await init();
  expect(refused.exitCode, refused.stderr).toBe(4);
  expect(refused.stderr).toContain(`Run ${join(output, 'grants.sql')} on the source`);
  expect(refused.stderr).not.toContain('CREATE USER');

  const statements = (await textOf('grants.sql')).split('\n').filter((line) => /^[A-Z]/.test(line));
  expect(statements[0]).toContain(`IDENTIFIED BY '${(await textOf('mysql.password')).trim()}'`);
  for (const statement of statements) await mysql.servers[0]!.sql(statement.replace(/;$/, ''));
});

test('with these statements the source tells no replica: then one server is not taken unasked', async () => {
  const { exitCode, stderr } = await init();
  expect(exitCode, stderr).toBe(2);
  expect(stderr).toContain('does not tell its replicas');
  expect(stderr).toContain('add --server for each of them');
  expect(await readdir(output)).toEqual(['grants.sql', 'mysql.password']);
});

test('it finds the cluster from one server, and knows that the zone is missing', async () => {
  // The last line of grants.sql, which is a comment.
  await mysql.servers[0]!.sql("GRANT REPLICATION SLAVE ON *.* TO 'source_dns'@'127.0.0.%'");
  // On the delayed replica the account would come in an hour.
  await mysql.servers[2]!.sql('STOP REPLICA', 'CHANGE REPLICATION SOURCE TO SOURCE_DELAY=0', 'START REPLICA');
  await until(
    () =>
      mysql.servers[2]!.sql("SELECT 1 FROM mysql.user WHERE User = 'source_dns' AND Repl_slave_priv = 'Y'"),
    (rows) => rows.length === 1,
  );
  await mysql.servers[2]!.sql(
    'STOP REPLICA',
    'CHANGE REPLICATION SOURCE TO SOURCE_DELAY=3600',
    'START REPLICA',
  );
  const unnamed = await initInto(output);
  expect(unnamed.exitCode, unnamed.stderr).toBe(2);
  expect(unnamed.stderr).toContain(`add --zone ${zone}.`);
  const second = await init();
  expect(second, second.stderr).toMatchObject({ exitCode: 0 });
  const told = outputOf(second.stdout);
  expect(told).toMatchObject({ left: [], used: ['mysql.password', 'grants.sql'], findings: [] });
  expect(told.written).toEqual([
    'source-dns.yaml',
    'source-dns.key',
    'named.conf.source-dns-key',
    `${zone}.db`,
    transferKey,
    'named.conf.source-dns-key-secondary',
    'other-nameservers.txt',
    'source-dns.service',
  ]);
  const config = await textOf('source-dns.yaml');
  expect(config).toContain(`- ${addressOf(0)}   # source, MySQL 9`);
  expect(config).toContain(`- ${addressOf(1)}   # replica of ${addressOf(0)}, MySQL 9`);
  expect(config).toMatch(/- host: 127\.0\.0\.13 .*delayed by 3600 s.*\n\s+port: \d+\n\s+candidate: never/);
  expect(config).toContain(`verify: ["${nameserver()}"]`);
  const modes = ['source-dns.key', 'mysql.password', transferKey, 'grants.sql', 'source-dns.yaml', '.'].map(
    async (file) => ((await stat(join(output, file))).mode & 0o777).toString(8),
  );
  expect(await Promise.all(modes)).toEqual(['600', '600', '600', '600', '640', '750']);
});

test('BIND takes what was written, and the daemon publishes the name with it', async () => {
  for (const file of [transferKey, `${zone}.db`, 'named.conf.source-dns-key'])
    await copyFile(join(output, file), join(bind.named.folder, file));
  await copyFile(join(output, 'source-dns.key'), join(bind.named.folder, 'source-dns-key.key'));
  await bind.restart(`${otherZone}\ninclude "@folder@/named.conf.source-dns-key";`);
  const checked = await execa(bind.programs.namedCheckconf, ['-z', join(bind.named.folder, 'named.conf')], {
    reject: false,
    all: true,
  });
  expect(checked, checked.all).toMatchObject({ exitCode: 0 });

  const daemon = execa(process.execPath, [entry, '--config', join(output, 'source-dns.yaml'), 'run'], {
    reject: false,
    stdin: 'ignore',
  });
  stopDaemon = async () => {
    daemon.kill('SIGTERM');
    await daemon;
  };
  expect(
    await until(
      () => dig(name),
      (answer) => answer !== '',
    ),
  ).toBe('127.0.0.11');
  expect(
    await until(
      () => dig(`replicas.shop.${zone}`),
      (answer) => answer !== '',
    ),
  ).toMatch(/^127\.0\.0\.1[23]$/m);
  const doctor = await execa(
    process.execPath,
    [entry, '--config', join(output, 'source-dns.yaml'), 'check', '--json'],
    { reject: false, timeout: 60_000, stdin: 'ignore' },
  );
  expect(doctor.exitCode, doctor.stdout).toBe(0);
  // The least rights: another name in the zone, and another type at the name.
  for (const update of [`add other.shop.${zone} 5 A 192.0.2.1`, `add ${name} 5 TXT mine`]) {
    const nsupdate = await execa(bind.programs.nsupdate, ['-k', join(output, 'source-dns.key')], {
      input: `server 127.0.0.1 ${bind.named.port}\nzone ${zone}\nupdate ${update}\nsend\n`,
      reject: false,
      all: true,
    });
    expect(nsupdate.all).toContain('REFUSED');
  }
});

test('a second time it finds the zone and the ledger, uses the secrets, and replaces nothing', async () => {
  const before = await textOf('source-dns.yaml');
  const again = await init('--never', addressOf(1));
  expect(again, again.stderr).toMatchObject({ exitCode: 3 });
  expect((await init('--cluster', 'other')).stderr).toContain(`${name}. belongs to the cluster shop`);
  expect(again.stderr).toContain(`${name}. has a ledger of shop`);
  expect(outputOf(again.stdout)).toMatchObject({
    written: ['named.conf.source-dns-key-zone'],
    left: ['source-dns.yaml', 'named.conf.source-dns-key', 'other-nameservers.txt', 'source-dns.service'],
    used: ['mysql.password', 'grants.sql', 'source-dns.key'],
  });
  expect(await textOf('source-dns.yaml')).toBe(before);
  // A second watcher, with a folder of its own, must not make a key that the nameserver has already.
  const passwordFile = join(output, 'mysql.password');
  const two = join(folder, 'two');
  const second = await initInto(two, '--mysql-password-file', passwordFile);
  expect(second.stderr).toContain('The nameserver has a key source-dns-key already, with another secret.');
  expect(await textOf('named.conf.source-dns-key-zone')).toContain(
    `grant source-dns-key name ${name} A AAAA;`,
  );
  await addSecondInstance(two, outputOf(second.stdout));
  await bind.restart(
    `${otherZone}\ninclude "@folder@/named.conf.source-dns-key";\ninclude "@folder@/named.conf.two";`,
  );
  // Both keys change the name; the first instance keeps its rights.
  for (const key of [join(output, 'source-dns.key'), join(two, 'source-dns.key')]) {
    const nsupdate = await execa(bind.programs.nsupdate, ['-k', key], {
      input: `server 127.0.0.1 ${bind.named.port}\nzone ${zone}\nupdate delete ${name} AAAA\nsend\n`,
      reject: false,
      all: true,
    });
    expect(nsupdate, nsupdate.all).toMatchObject({ exitCode: 0 });
  }
});

/** What the steps say: copy beside the files of the first, and add the grants to the policy that is there. */
async function addSecondInstance(two: string, { written, steps }: InitOutput): Promise<void> {
  const there = bind.named.folder;
  const [lines = ''] = written.filter((file) => /^named\.conf\.(?!.*-zone$)/.test(file));
  const keyThere = `${lines.replace('named.conf.', '')}.key`;
  expect(await readdir(there)).not.toContain(lines);
  expect(await readdir(there)).not.toContain(keyThere);
  expect(steps[0]?.commands.join()).toContain(`${there}/${keyThere}`);
  await copyFile(join(two, 'source-dns.key'), join(there, keyThere));
  await copyFile(join(two, lines), join(there, 'named.conf.two'));
  const rights = steps.find(({ text }) => text.includes('update-policy'))?.text.match(/^ +grant .*$/gm) ?? [];
  const first = join(there, 'named.conf.source-dns-key');
  const policy = await readFile(first, 'utf8');
  await writeFile(first, policy.replace('update-policy {', `update-policy {\n${rights.join('\n')}`));
}

test('named accepts the lines for a zone that exists, for a secondary, and for IPv6', async () => {
  const place = await mkdtemp(join(folder, 'bind-'));
  const base = given();
  const setup = (exists: boolean) =>
    given({
      nameserver: { host: '2001:db8::53', port: 53 },
      key: { name: 'other-key', file: undefined },
      zone: { ...base.zone, exists },
      places: { ...base.places, bindFolder: place },
    });
  for (const file of [...files(setup(true)), ...files(setup(false))]) {
    const name = `${file.name}${file.name === 'named.conf.other-key' && file.text.includes('exists') ? '.old' : ''}`;
    await writeFile(join(place, name), file.text);
  }
  await copyFile(join(place, 'source-dns.key'), join(place, 'other-key.key'));
  const included = `zone "${zone}" { type primary; file "${place}/${zone}.db"; include "${place}/named.conf.other-key-zone"; };`;
  const old = await readFile(join(place, 'named.conf.other-key.old'), 'utf8');
  await writeFile(join(place, 'existing.conf'), `${old}\n${included}\n`);
  for (const file of ['existing.conf', 'named.conf.other-key', 'named.conf.other-key-secondary']) {
    const checked = await execa(bind.programs.namedCheckconf, ['-z', join(place, file)], {
      all: true,
      reject: false,
    });
    expect(checked, `${file}: ${checked.all}`).toMatchObject({ exitCode: 0 });
  }
});
