/** `source-dns init` without a network: questions, flags, and what it finds. */

import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documentShapes } from '../../../src/cli/shapes/document-shapes.ts';
import { loadConfig } from '../../../src/config/load.ts';
import {
  flags,
  folder,
  foundZone,
  host,
  nothingWritten,
  password,
  play,
  replica,
  source,
  useFolder,
  written,
} from './init-play.ts';

useFolder();

describe('by flags', () => {
  test('it finds the replicas, leaves out what does not answer, and writes everything', async () => {
    const { exit, err, out, asked } = await play([...flags, '--yes'], { tools: { env: password } });
    expect(exit).toBe(0);
    expect([...asked]).toEqual([host('db1'), host('db2'), '172.17.0.3:3306']);
    expect(err).toMatch(/172\.17\.0\.3:3306 +replica of db1.*not reached: no answer/);
    expect(err).toContain('good inside of a container');
    expect(await written('source-dns.yaml')).toContain(
      `    servers:\n      - db1.example.com:3306   # source, MySQL 9.7.4, 5d000000\n      - db2.example.com:3306   # replica of db1.example.com:3306`,
    );
    expect(await written('source-dns.yaml')).not.toContain('172.17.0.3');
    expect(await written('mysql.password')).toBe('tiger\n');
    expect(await written('source-dns.service')).toContain(
      'ExecStart=/usr/local/bin/source-dns --config /etc/',
    );
    expect(out).toMatch(/What to do next:\n\n1\. Copy/);
    expect(`${out}${err}`).not.toContain('tiger');
  });

  test('every missing flag is named at once, and then nothing is done', async () => {
    const { exit, err, asked } = await play(['--cluster', 'shop', '--tls', 'verify']);
    expect(exit).toBe(2);
    expect(err).toBe(
      'standard input is not a terminal, so nobody can be asked: add --server, --mysql-user, --ca-file, --name, --replicas-name, --nameserver\n',
    );
    expect(asked.size).toBe(0);
    await nothingWritten();
  });

  test('a missing password is said, and --yes without an answer that has no default', async () => {
    const all = [
      ...flags,
      '--cluster',
      'shop',
      '--mysql-user',
      'u',
      '--tls',
      'preferred',
      '--replicas-name',
      'none',
    ];
    expect((await play(all)).err).toContain('--mysql-password-file FILE');
    expect((await play(['--yes', '--server', 'db1.example.com'])).err).toContain('add --nameserver\n');
    await nothingWritten();
  });

  test.each([
    [['--server', 'db1:x'], '--server: "db1:x"'],
    [['--server', '127.0.0.1'], 'is a loopback address, which clients on other machines cannot use'],
    [['--name', 'a..b'], '--name: "a..b" has an empty label'],
    [['--nameserver', '300.1.1.1'], '--nameserver: "300.1.1.1"'],
    [['--cluster', 'two words'], '--cluster: "two words" is no name'],
    [['--name', '_source-dns.source.shop.db.example.com'], 'begins with _source-dns.'],
    [['--name', '_MySQL._tcp.shop.db.example.com'], 'begins with _mysql._tcp.'],
    [['--replicas-name', 'replicas.example.org'], 'is not within the zone db.example.com.'],
    [['--take', 'db9.example.com'], '"db9.example.com" is not in the list'],
    [['--key-file', 'missing.key'], 'key-unreadable'],
    [['--key-name', 'a b'], '--key-name: "a b"'],
    [['--state-dir', '/var/lib/a b'], 'cannot be written into a unit of systemd'],
    [['--mysql-user', 'a\nb'], 'has a control character'],
  ])('a wrong answer ends it: %j', async (wrong, said) => {
    const right = flags.filter((_, at) => flags[at - (at % 2)] !== wrong[0]);
    const { exit, err } = await play([...right, ...wrong, '--yes'], { tools: { env: password } });
    expect(err).toContain(said);
    expect(exit).toBe(2);
    await nothingWritten();
  });

  test('an IPv6 nameserver, a name in capitals with its dot, spaces, and an existing key', async () => {
    await writeFile(
      join(folder, 'my.key'),
      'key "MyKey" { algorithm hmac-sha512; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQ="; };',
      {
        mode: 0o600,
      },
    );
    const named = [
      '--name',
      ' Source.Shop.DB.Example.COM. ',
      '--nameserver',
      '2001:DB8::53',
      '--key-file',
      'my.key',
    ];
    const { exit } = await play(['--server', 'DB1.Example.com.', ...named, '--yes', '--discover', 'no'], {
      tools: { env: password },
    });
    expect(exit).toBe(0);
    const config = await written('source-dns.yaml');
    expect(config).toContain('        name: source.shop.db.example.com.\n');
    expect(config).toContain('    address: 2001:db8::53\n');
    expect(config).toContain(
      `    key_file: \${CREDENTIALS_DIRECTORY:-${folder}}/my.key\n    key_name: mykey\n`,
    );
    expect(await readdir(join(folder, 'source-dns'))).not.toContain('source-dns.key');
  });

  test('without consent no other server gets the password', async () => {
    const { asked, err, exit } = await play([...flags, '--yes', '--discover', 'no'], {
      tools: { env: password },
    });
    expect([...asked]).toEqual([host('db1')]);
    expect(err).toMatch(/db2\.example\.com:3306 +replica of db1\.example\.com:3306 +not asked/);
    expect(exit).toBe(0);
  });

  test('a delayed replica is never the source, and a second address of a server is not a second server', async () => {
    const probes = {
      [host('db1')]: source,
      [host('db2')]: replica('db2', 3600),
      [host('db1-again')]: source,
    };
    const more = ['--server', 'db1-again.example.com', '--json'];
    const { err } = await play([...flags, ...more, '--yes'], { probes, tools: { env: password } });
    expect(err).toContain('another address of db1.example.com:3306');
    expect(await written('source-dns.yaml')).toMatch(
      /- host: db2\.example\.com .*delayed by 3600 s.*\n.*\n +candidate: never/,
    );
    expect(await written('source-dns.yaml')).not.toContain('db1-again');
  });

  test('the first half, where there is no account yet', async () => {
    const first = await play([...flags, '--yes', '--account-host', '10.0.0.%']);
    expect(first.exit).toBe(4);
    expect(first.err).toContain("GRANT REPLICA MONITOR ON *.* TO 'source_dns'@'10.0.0.%';");
    const made = (await written('mysql.password')).trim();
    expect(await written('grants.sql')).toContain(`IDENTIFIED BY '${made}'`);
    expect(first.err).not.toContain(made);
    const second = await play([...flags, '--yes', '--json'], { passwords: [made] });
    expect(second.exit).toBe(0);
    const told: unknown = JSON.parse(second.out);
    expect(told).toMatchObject({ used: ['mysql.password', 'grants.sql'], left: [] });
    expect(documentShapes.init.parse(told)).toEqual(told);
  });

  test('a zone that is missing is made, and a name that is taken is not taken over unasked', async () => {
    const failure = { code: 'query-refused', message: 'refused' };
    const { exit } = await play(
      [...flags, '--yes', '--zone', 'db.example.com', '--secondary', '192.0.2.54'],
      {
        zone: { kind: 'no-zone', failure },
        tools: { env: password },
      },
    );
    expect(exit).toBe(0);
    expect(await written('db.example.com.db')).toContain('ns2 IN A 192.0.2.54\n');
    expect(await written('named.conf.source-dns-key')).toContain(
      'also-notify { 192.0.2.54 port 53 key transfer.db.example.com; };',
    );
    await rm(join(folder, 'source-dns'), { recursive: true });
    await play([...flags, '--yes'], { zone: { ...foundZone, name: 'taken' }, tools: { env: password } });
    expect(await written('source-dns.yaml')).toContain('# adopt: false');
    await rm(join(folder, 'source-dns'), { recursive: true });
    const taken = { ...foundZone, name: 'taken', keyIsTaken: true } as const;
    await play([...flags, '--yes', '--adopt', 'yes'], { zone: taken, tools: { env: password } });
    expect(await written('source-dns.yaml')).toContain('      adopt: true\n');
    expect(await written('source-dns.key')).toContain('key "source-dns-watcher-1" {');
  });

  test('what cannot be reached ends it with 4, and nothing is written', async () => {
    const failure = { code: 'connection-refused', message: 'refused' };
    const ends = [
      await play([...flags, '--yes'], { probes: {}, tools: { env: password } }),
      await play([...flags, '--yes'], {
        zone: { kind: 'failed', failure, wrong: false },
        tools: { env: password },
      }),
      await play([...flags, '--yes'], {
        tools: { greet: async () => ({ kind: 'failed', why: 'ECONNREFUSED' }) },
      }),
    ];
    expect(ends.map(({ exit }) => exit)).toEqual([4, 4, 4]);
    await nothingWritten();
  });

  test('a working directory that was removed needs an absolute --output', async () => {
    const tools = { env: password, cwd: undefined };
    const lost = await play([...flags, '--yes'], { tools });
    expect(lost.err).toContain('the working directory no longer exists');
    expect(lost.exit).toBe(2);
    expect((await play([...flags, '--yes', '--output', join(folder, 'x')], { tools })).exit).toBe(0);
  });

  test('with --json a failure is an object, too', async () => {
    const { out, exit } = await play([...flags, '--yes', '--json'], { probes: {}, tools: { env: password } });
    expect(exit).toBe(4);
    expect(JSON.parse(out)).toEqual({
      code: 'unreachable',
      detail: 'No server could be asked. Nothing was written.',
    });
  });

  test('a dry run prints every file but no secret, and writes nothing', async () => {
    const { exit, out } = await play([...flags, '--yes', '--dry-run'], { tools: { env: password } });
    expect(exit).toBe(0);
    expect(out).toContain('==> source-dns.yaml (0640)\n');
    expect(out).toContain('==> source-dns.key (0600)\n(a secret, which is not shown)\n');
    expect(out).not.toMatch(/tiger|secret "/);
    const json = await play([...flags, '--yes', '--dry-run', '--json'], { tools: { env: password } });
    expect(documentShapes.init.parse(JSON.parse(json.out))).toEqual(JSON.parse(json.out));
    expect(json.out).not.toContain('tiger');
    await nothingWritten();
  });

  test('an older file of other contents is left: exit code 3', async () => {
    await play([...flags, '--yes'], { tools: { env: password } });
    const before = await written('source-dns.key');
    const { exit, out } = await play([...flags, '--yes', '--cluster', 'other'], { tools: { env: password } });
    expect(exit).toBe(3);
    expect(out).toContain('Left as they are, because they exist: source-dns.yaml, ');
    expect(await written('source-dns.key')).toBe(before);
  });

  test('a second cluster in the same folder is added by hand: its block, and no step for the first', async () => {
    await play([...flags, '--yes'], { tools: { env: password } });
    const two = ['--cluster', 'two', '--replicas-name', 'none', '--name', 'source.two.db.example.com'];
    const more = flags.filter((_, at) => flags[at - (at % 2)] !== '--name');
    const { out } = await play([...more, ...two, '--yes'], { tools: { env: password } });
    expect(out).toContain('Nothing was written to ');
    expect(out).not.toMatch(/scp|sed -i|install -m|enable --now/);
    expect(out).toContain('grant source-dns-key name source.two.db.example.com A AAAA;');
    const block = /^ {2}two:\n(?: {4}.*\n)+/m.exec(out)?.[0] ?? '';
    const file = join(folder, 'source-dns', 'source-dns.yaml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('clusters:\n', `clusters:\n${block}`));
    const result = await loadConfig(file);
    if (result.kind !== 'loaded') throw new Error(JSON.stringify(result.errors));
    expect(result.config.clusters.map(({ settings }) => settings.cluster)).toEqual(['two', 'shop']);
    const again = await play([...more, ...two, '--yes'], { tools: { env: password } });
    expect(again.out).toContain('has a cluster two already');
  });

  test('root gives a folder that a service does not see: the files go to /etc/source-dns', async () => {
    const output = join('/tmp', basename(folder), 'source-dns');
    const { exit, out } = await play([...flags, '--yes', '--dry-run', '--output', output], {
      tools: { env: password, isRoot: true },
    });
    expect(exit).toBe(0);
    expect(out).toContain('--config /etc/source-dns/source-dns.yaml run');
    expect(out).toContain(`cp --no-clobber --preserve=mode ${output}/* /etc/source-dns/`);
    expect(out).toContain(`A service does not see ${output}.`);
  });
});

describe('by questions', () => {
  test('a wrong answer is asked again, with the reason; defaults are taken by Enter', async () => {
    const typed = [
      ...['bad name', 'shop', '', ' db1.example.com ', '', '', 'tiger', 'perhaps', 'y', '', '', 'none'],
      ...['source.shop.db.example.com', 'none', '192.0.2.53', '', ''],
    ];
    const { exit, err, screen, out } = await play([], { typed: typed.join('\r\n') });
    expect(err).toContain('"bad name" is no name');
    expect(err).toContain('There is no default: this needs an answer.');
    expect(err).toContain('"perhaps" is neither yes nor no');
    expect(exit).toBe(0);
    expect(`${screen}${err}${out}`).not.toContain('tiger');
    expect(await written('mysql.password')).toBe('tiger\n');
    expect(await written('source-dns.yaml')).toContain('# For example "replicas:');
  });

  test('another password and another server can be given after a failure', async () => {
    const typed = [
      'shop',
      'db1.example.com',
      '',
      '',
      'wrong',
      'tiger',
      'y',
      'db3.example.com',
      '',
      '',
      '',
      's.x.org',
    ];
    const probes = { [host('db1')]: source, [host('db2')]: replica('db2'), [host('db3')]: replica('db3') };
    const { exit, asked, err } = await play([], { typed: typed.join('\n'), probes, passwords: ['tiger'] });
    expect(asked).toContain(host('db3'));
    expect(err).toContain('type another password');
    // The input ends before the last question.
    expect(exit).toBe(1);
    expect(err).toContain('Nothing was written.');
    await nothingWritten();
  });

  test('Ctrl-C ends it at once, and nothing is written', async () => {
    const { exits } = await play([], { typed: 'shop\ndb1.example\u0003' });
    expect(exits).toEqual([130]);
    await nothingWritten();
  });
});
