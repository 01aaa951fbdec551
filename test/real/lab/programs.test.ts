/** Programs from the cache, and the servers that run with them. */

import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { createConnection } from 'mysql2/promise';
import { afterAll, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { type BindPrograms, provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { provideMariadb } from '../../../src/lab/programs/mariadb-programs.ts';
import {
  type MysqlPrograms,
  parseMysqlVersion,
  provideMysql,
} from '../../../src/lab/programs/mysql-programs.ts';
import { askSoaSerial } from '../../../src/lab/servers/ask-soa.ts';
import { Mysqld } from '../../../src/lab/servers/mysqld.ts';
import { isListenTaken, Named } from '../../../src/lab/servers/named.ts';
import { isPortTaken } from '../../../src/lab/servers/sql-server.ts';
import { startBind } from '../../support/servers/bind-fixture.ts';
import { startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { everyBind, everyKnot, everyPowerdns } from '../../support/servers/nameservers.ts';

const silent = () => undefined;

afterAll(() => {
  expect(livingProcesses()).toEqual([]);
});

test('the cache gives every program within milliseconds', async () => {
  const started = performance.now();
  const [mysql, bind]: [MysqlPrograms, BindPrograms] = [
    await provideMysql(silent),
    await provideBind(silent),
  ];
  expect(performance.now() - started).toBeLessThan(1000);
  expect(mysql.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(bind.version).toMatch(/^9\.\d+\.\d+$/);
  for (const path of [
    mysql.mysqld,
    mysql.emptyData,
    bind.named,
    bind.nsupdate,
    bind.dig,
    bind.rndc,
    bind.tsigKeygen,
    bind.namedCheckconf,
  ]) {
    expect(existsSync(path), path).toBe(true);
  }
  for (const plugin of ['semisync_source.so', 'semisync_replica.so', 'mysql_clone.so'])
    expect(existsSync(join(mysql.pluginFolder, plugin))).toBe(true);
});

test('fetched programs use no library of the system', async () => {
  const [mysql, bind] = [await provideMysql(silent), await provideBind(silent)];
  const mariadb = [await provideMariadb('10.11', silent), await provideMariadb('11.8', silent)];
  expect(mariadb.map(({ version }) => version)).toEqual([
    expect.stringMatching(/^10\.11\./),
    expect.stringMatching(/^11\.8\./),
  ]);
  const nameservers = [
    ...(await everyBind()).flatMap(({ named, nsupdate }) => [named, nsupdate]),
    ...(await everyKnot()).map(({ knotd }) => knotd),
    ...(await everyPowerdns()).map(({ pdnsServer }) => pdnsServer),
  ];
  for (const program of [
    mysql.mysqld,
    bind.dig,
    ...nameservers,
    ...mariadb.map(({ mariadbd }) => mariadbd),
  ]) {
    const root = join(program, '..', '..', 'root');
    // Installed programs use the libraries of the system.
    if (!existsSync(root)) continue;
    const libraries = join(
      root,
      'usr',
      'lib',
      process.arch === 'x64' ? 'x86_64-linux-gnu' : 'aarch64-linux-gnu',
    );
    const loader = (await readdir(libraries)).find((name) => name.startsWith('ld-linux'))!;
    const binary = ['sbin', 'bin']
      .map((folder) => join(root, 'usr', folder, basename(program)))
      .find((path) => existsSync(path))!;
    const { stdout } = await execa(join(libraries, loader), ['--library-path', libraries, '--list', binary]);
    expect(stdout).toContain('libc.so.6');
    const foreign = stdout.split('\n').filter((line) => line.includes('=> ') && !line.includes(`=> ${root}`));
    expect(foreign, program).toEqual([]);
  }
});

test.each([
  ['mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))', '9.7.4'],
  ['/usr/sbin/mysqld  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)', '8.4.3'],
  ['mysqld  Ver 26.1.0 for Linux on x86_64', '26.1.0'],
  ['mysqld  Ver 8.0.42 for Linux on x86_64', undefined],
  ['mysqld  Ver 10.11.11-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64', undefined],
  ['', undefined],
])('the version in %j is %s', (printed, version) => {
  expect(parseMysqlVersion(printed)).toBe(version);
});

test('a MySQL server answers by TCP, and comes back after a crash and after a stop', async () => {
  const plugins = ['--plugin-load-add=semisync_source.so;semisync_replica.so;mysql_clone.so'];
  const mysql = await startMysqlServers(1, { options: () => plugins, readOnly: () => 'super-read-only' });
  try {
    const server = mysql.servers[0]!;
    const first = await mysql.connect(0);
    const [rows] = await first.query(
      'SELECT 1 AS one, @@super_read_only AS ro, @@gtid_executed AS gtids, @@server_uuid AS uuid',
    );
    expect(rows).toMatchObject([{ one: 1, ro: 1, gtids: '' }]);
    const active = await server.sql(
      "SELECT PLUGIN_NAME FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE'",
    );
    expect(active.map((row) => row['PLUGIN_NAME'])).toEqual(
      expect.arrayContaining(['rpl_semi_sync_source', 'rpl_semi_sync_replica', 'clone']),
    );

    const { pid } = server;
    const lost = new Promise<string | undefined>((resolve) =>
      first.on('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
    );
    await server.kill9();
    expect(await lost).toBe('PROTOCOL_CONNECTION_LOST');
    expect(server.running).toBe(false);
    await server.start();
    expect(server.pid).not.toBe(pid);
    const [again] = await (await mysql.connect(0)).query('SELECT @@server_uuid AS uuid');
    expect(again).toEqual([{ uuid: (rows as { uuid: string }[])[0]!.uuid }]);

    await server.restart(['--super-read-only=OFF', '--read-only=OFF']);
    expect(await server.sql('SELECT @@read_only AS ro')).toEqual([{ ro: 0 }]);
    await server.stop();
    expect(server.running).toBe(false);
  } finally {
    await mysql.stop();
  }
});

test('root can connect only over the socket, and SQL reads no files', async () => {
  const mysql = await startMysqlServers(1);
  try {
    const { address: host, port } = mysql.servers[0]!;
    await expect(createConnection({ host, port, user: 'root' })).rejects.toMatchObject({ errno: 1045 });
    expect(await mysql.servers[0]!.sql("SELECT LOAD_FILE('/etc/hostname') AS content")).toEqual([
      { content: null },
    ]);
  } finally {
    await mysql.stop();
  }
});

test('the error of an unknown option has the log of mysqld', async () => {
  await expect(startMysqlServers(1, { options: () => ['--no-such-option'] })).rejects.toThrow(
    /no-such-option/,
  );
});

test('two nameservers refuse an unsigned update; a signed one reaches the secondary', async () => {
  const bind = await startBind({ clusters: ['shop', 'blog'] });
  try {
    expect((await stat(bind.keyFile)).mode & 0o777).toBe(0o600);
    const update = (change: string, args: string[] = []) =>
      execa(bind.programs.nsupdate, ['-v', ...args], {
        input: `server ${bind.primary.address} ${bind.primary.port}\nzone ${bind.zone}.\nupdate add ${change}\nsend\n`,
        all: true,
        reject: false,
        timeout: 10_000,
      });
    const signed = ['-k', bind.keyFile];
    expect(await update('source.shop.lab.test. 5 A 127.0.0.11')).toMatchObject({
      exitCode: 2,
      all: 'update failed: REFUSED',
    });
    expect(await update('ns1.lab.test. 5 A 127.0.0.11', signed)).toMatchObject({
      exitCode: 2,
      all: 'update failed: REFUSED',
    });
    expect(await update('source.shop.lab.test. 5 TXT no', signed)).toMatchObject({
      exitCode: 2,
      all: 'update failed: REFUSED',
    });
    for (const change of [
      'source.shop.lab.test. 5 A 127.0.0.11',
      '_source-dns.source.shop.lab.test. 5 TXT "v=1"',
      '_mysql._tcp.source.blog.lab.test. 5 SRV 0 0 3306 source.blog.lab.test.',
      'replicas.blog.lab.test. 5 AAAA ::1',
    ]) {
      expect(await update(change, signed)).toMatchObject({ exitCode: 0 });
    }
    // Four changes in a row: without notify-delay 0 the secondary would get the last one after 5 s.
    await bind.secondary.awaitSerial(5, 3000);
    const dig = await execa(bind.programs.dig, [
      '@127.0.0.1',
      '-p',
      `${bind.secondary.port}`,
      '+short',
      'source.shop.lab.test',
      'A',
    ]);
    expect(dig.stdout).toBe('127.0.0.11');

    await bind.primary.kill9();
    expect(await askSoaSerial(bind.primary.address, bind.primary.port, bind.zone)).toBeUndefined();
    await bind.primary.start();
    expect(await askSoaSerial(bind.primary.address, bind.primary.port, bind.zone)).toBe(5);
  } finally {
    await bind.stop();
  }
  expect(existsSync(bind.folder)).toBe(false);
});

test('a second server on a taken port fails with a recognisable error', async () => {
  const bind = await startBind();
  const mysql = await startMysqlServers(1);
  try {
    const { folder, address, port } = bind.primary;
    const named = new Named(bind.programs, { folder, address, port, zone: bind.zone });
    expect(await named.start().catch(isListenTaken)).toBe(true);
    const server = mysql.servers[0]!;
    const other = new Mysqld(mysql.programs, {
      folder: join(server.folder, 'other'),
      address: server.address,
      port: server.port,
      serverId: 9,
    });
    expect(await other.start().catch(isPortTaken)).toBe(true);
  } finally {
    await Promise.all([bind.stop(), mysql.stop()]);
  }
});

test('a zone transfer needs the transfer key', async () => {
  const bind = await startBind();
  try {
    const axfr = (args: string[]) =>
      execa(bind.programs.dig, ['@127.0.0.1', '-p', `${bind.primary.port}`, ...args, bind.zone, 'AXFR'], {
        reject: false,
      });
    expect((await axfr([])).stdout).toContain('Transfer failed');
    expect((await axfr(['-k', bind.keyFile])).stdout).toContain('Transfer failed');
    expect((await axfr(['-k', bind.transferKeyFile])).stdout).toContain('ns1.lab.test.');
  } finally {
    await bind.stop();
  }
});
