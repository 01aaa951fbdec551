/** What the doctor says of the configuration and of this host. */

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { checks } from '../../../src/doctor/checks.ts';
import { daemonCheckWith } from '../../../src/doctor/host/daemon.ts';
import { fenceAccess, type Given, one, seen, shop, two, wrongIn } from '../../support/doctor-world.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-doctor-host-'));
  await chmod(folder, 0o750);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const own = checks.filter(({ area }) => area === 'configuration' || area === 'host');

async function found(given: Given = {}) {
  const all = await wrongIn(own, { ...given, config: { stateDir: folder, ...given.config } });
  return all.map(({ code, subject, verdict, mends }) => ({
    found: `${verdict} ${code} ${subject}`,
    mends: mends.flatMap(({ where, lines }) => [where, ...lines]),
  }));
}

test('nothing is wrong with a host that is well', async () => {
  expect(await found()).toEqual([]);
});

describe('the configuration', () => {
  test('a ledger by an instance outside of the list is named, another one is not', async () => {
    const config = { share: { instances: ['watcher-1', 'watcher-2'], watchers: 2 } };
    expect(await found({ config, ledger: { by: 'watcher-2' } })).toEqual([]);
    expect(await found({ config, ledger: { by: 'watcher-9' } })).toEqual([
      { found: 'warning share-unknown-instance watcher-9', mends: [] },
    ]);
    expect(await found({ ledger: { by: 'watcher-9' } })).toEqual([]);
  });

  test('a warning stays a sentence, and a file that is open gets its chmod', async () => {
    const warnings = [
      'nameservers.ns9: no cluster uses this nameserver',
      "clusters.shop.mysql.password_file: /etc/it's can be read by every user of this host; run chmod 0640 on it",
      '/etc/source-dns.yaml contains a password and can be read by every user of this host; run chmod 0640 on it',
    ];
    expect(await found({ config: { warnings } })).toEqual([
      { found: 'warning config-warning /etc/source-dns.yaml', mends: [] },
      {
        found: "warning file-open /etc/it's",
        mends: ['in a shell on this host', "chmod 0640 '/etc/it'\\''s'"],
      },
      {
        found: 'warning file-open /etc/source-dns.yaml',
        mends: ['in a shell on this host', "chmod 0640 '/etc/source-dns.yaml'"],
      },
    ]);
  });

  test.each(['disabled', 'preferred', 'required'] as const)(
    'tls: %s gives the password away',
    async (tls) => {
      const cluster = shop();
      expect(await found({ clusters: [{ ...cluster, mysql: { ...cluster.mysql, tls } }] })).toEqual([
        {
          found: 'warning tls-unverified shop',
          mends: [
            'in /etc/source-dns.yaml, under clusters: shop: mysql',
            'tls: verify',
            'ca_file: <the certificate of the authority, as PEM>',
          ],
        },
      ]);
    },
  );

  test('tls: preferred gives both passwords away where there is fence', async () => {
    const cluster = { ...shop(), mysql: { ...shop().mysql, tls: 'preferred' as const } };
    const both = /gets the password of the account, and that of the account of fence$/;
    const sentences = async (clusters: NonNullable<Given['clusters']>) =>
      (await wrongIn(own, { clusters, config: { stateDir: folder } })).map(({ sentence }) => sentence);
    expect(await sentences([{ ...cluster, fence: fenceAccess }])).toEqual([expect.stringMatching(both)]);
    expect(await sentences([cluster])).toEqual([expect.not.stringMatching(both)]);
  });

  test('the program of a hook: the line makes it executable, or it has Windows line ends', async () => {
    const hook = (program: string) =>
      ({ kind: 'command', program, args: [], env: new Map(), timeoutMs: 1 }) as const;
    const plain = join(folder, 'plain.sh');
    const windows = join(folder, 'windows.sh');
    await writeFile(plain, '#!/bin/sh\n', { mode: 0o644 });
    await writeFile(windows, '#!/bin/sh\r\n', { mode: 0o755 });
    const hooks = { afterMove: [hook(plain), hook(windows)], onAlarm: [hook(plain), hook('/bin/sh')] };
    const warnings = [`hooks.after_move[0].command: this user may not execute ${plain}`];
    expect(await found({ config: { hooks, warnings } })).toEqual([
      {
        found: `warning hook-not-executable ${plain}`,
        mends: ['in a shell on this host', `chmod +x ${plain}`],
      },
      {
        found: `warning hook-not-executable ${windows}`,
        mends: ['in a shell on this host', `sed -i 's/\\r$//' ${windows}`],
      },
    ]);
  });

  const servers = (...addresses: string[]) =>
    addresses.map((address) => ({ address: address as ServerAddress, candidate: 'auto' as const }));

  test('ports differ, and clients read only addresses', async () => {
    expect(await found({ clusters: [shop({ servers: servers('db1:3306', 'db2:3307') })] })).toEqual([
      {
        found: 'warning ports-differ shop',
        mends: ['in /etc/source-dns.yaml, under clusters: shop: publish: source', 'srv: true'],
      },
    ]);
  });

  test('no server that is never published counts for the ports', async () => {
    const [first, second] = servers('db1:3306', 'bi:3307');
    const clusters = [shop({ servers: [first!, { ...second!, candidate: 'never' }] })];
    expect(await found({ clusters })).toEqual([]);
  });

  test('one server in two clusters is said once', async () => {
    const clusters = [
      shop({ servers: servers('db1:3306') }),
      shop({ cluster: 'crm', servers: servers('db1:3306') }),
    ];
    expect(await found({ clusters })).toMatchObject([{ found: 'warning server-in-two-clusters db1:3306' }]);
  });
});

describe('this host', () => {
  test.each<[string, Given, string, readonly string[]]>([
    ['Node.js is old', { around: { nodeVersion: '18.20.1' } }, 'fault node-old Node.js', []],
    [
      'few files may be open',
      { around: { openFiles: async () => 100 } },
      'warning open-files-few ulimit -n',
      [
        'in the unit of systemd, section [Service] (systemctl edit source-dns); then restart it',
        'LimitNOFILE=8192',
      ],
    ],
    [
      'the clock is at its beginning',
      { wall: 0 },
      'warning clock-wrong this host',
      ['in a shell on this host', 'timedatectl set-ntp true'],
    ],
    [
      'the clock differs from all servers',
      { servers: [one, two].map((each) => seen(each, { report: { clockAheadSeconds: 60 } })) },
      'warning clock-wrong this host',
      ['in a shell on this host', 'timedatectl set-ntp true'],
    ],
    [
      'the clock of one server differs',
      { servers: [seen(one), seen(two, { report: { clockAheadSeconds: -30 } })] },
      'warning clock-wrong db2:3306',
      ['in a shell on the host of db2:3306', 'timedatectl set-ntp true'],
    ],
    [
      'the name of a server is unknown',
      {
        servers: [
          seen(one, { resolution: { kind: 'failed', failure: { code: 'host-not-found', message: 'none' } } }),
        ],
      },
      'fault name-unknown db1:3306',
      ['in /etc/hosts of this host, or in the DNS', '<its IP address> db1'],
    ],
    [
      'the resolver is silent',
      {
        servers: [seen(one, { resolution: { kind: 'failed', failure: { code: 'deadline', message: '' } } })],
      },
      'unreachable resolver-silent db1:3306',
      [],
    ],
    [
      'Debian calls this host 127.0.1.1',
      { servers: [seen(one, { resolution: { kind: 'addresses', addresses: ['127.0.1.1'] } })] },
      'fault name-loopback db1:3306',
      ['in /etc/hosts of this host, or in the DNS', '<its IP address> db1'],
    ],
    [
      'a name has two addresses of one family',
      { servers: [seen(one, { resolution: { kind: 'addresses', addresses: ['192.0.2.1', '192.0.2.2'] } })] },
      'warning name-ambiguous db1:3306',
      [
        'in the configuration, under clusters: shop: servers, instead of db1:3306',
        '- { host: db1, port: 3306, publish: 192.0.2.1 }',
      ],
    ],
  ])('%s', async (_, given, code, mends) => {
    expect(await found(given)).toEqual([{ found: code, mends }]);
  });

  test('an address of each family is no doubt', async () => {
    const resolution = { kind: 'addresses', addresses: ['192.0.2.1', '2001:db8::1'] } as const;
    expect(await found({ servers: [seen(one, { resolution })] })).toEqual([]);
  });

  test('the state directory is a file, is missing, is open to all', async () => {
    const file = join(folder, 'file');
    const open = join(folder, 'open');
    await writeFile(file, '');
    await mkdir(open);
    await chmod(open, 0o777);
    expect(await found({ config: { stateDir: file } })).toEqual([
      {
        found: `fault state-dir-unusable ${file}`,
        mends: ['in /etc/source-dns.yaml', 'state_dir: /var/lib/source-dns'],
      },
    ]);
    const missing = join(folder, 'missing');
    expect(await found({ config: { stateDir: missing } })).toEqual([
      {
        found: `warning state-dir-missing ${missing}`,
        mends: ['in a shell on this host', `install -d -m 0750 '${missing}'`],
      },
    ]);
    expect(await found({ config: { stateDir: open } })).toMatchObject([
      { found: `fault state-dir-open ${open}` },
    ]);
    await chmod(open, 0o1777);
    expect(await found({ config: { stateDir: open } })).toMatchObject([
      { found: `warning state-dir-shared ${open}` },
    ]);
  });
});

describe('the daemon', () => {
  test('nobody watches', async () => {
    expect(await found({ daemon: { kind: 'no-daemon' } })).toMatchObject([
      { found: `warning daemon-absent ${folder}` },
    ]);
  });

  const elsewhere = (body: unknown) =>
    wrongIn([daemonCheckWith(async () => ({ kind: 'document', body }))], {
      config: { stateDir: folder },
      daemon: { kind: 'no-daemon' },
      around: { unixSockets },
    });
  const theirs = (name: string, address: string) => ({
    clusters: [{ cluster: 'shop', publications: [{ name }], servers: [{ server: address }], alarms: [] }],
  });
  const ours = shop().settings.publications[0]!.source.name;
  const unixSockets = async () =>
    [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '0000: 00000002 00000000 00010000 0001 01 100 /var/lib/source-dns/.1a2b3c4',
      '0000: 00000002 00000000 00010000 0001 01 101 /run/dbus/system_bus_socket',
      '0000: 00000003 00000000 00000000 0001 03 102',
    ].join('\n');

  test('our daemon has another state directory: the line has it', async () => {
    expect(await elsewhere(theirs(ours, one))).toMatchObject([
      {
        code: 'daemon-elsewhere',
        mends: [{ where: 'in /etc/source-dns.yaml', lines: ['state_dir: /var/lib/source-dns'] }],
      },
    ]);
  });

  test.each([
    ['another name', theirs('source.lab.example.', one)],
    ['other servers', theirs(ours, 'db9:3306')],
    ['no clusters', { clusters: [] }],
    ['no answer that we know', null],
  ])('the daemon of a stranger is not ours: %s', async (_, body) => {
    expect(await elsewhere(body)).toMatchObject([{ code: 'daemon-absent' }]);
  });

  test('a daemon of another version, with an old password, and with too much to do', async () => {
    const warnings = [
      // The check of the document says it.
      { code: 'config-warning', message: 'nameservers.ns9: no cluster uses this nameserver' },
      { code: 'file-changed', message: '/etc/pw has changed since source-dns read it' },
      { code: 'overloaded', message: 'since 2026-11-22T11:30:00Z this process has more to do than it can' },
    ];
    const body = { clusters: [], daemon: { version: '0.9.0', pid: 42, warnings } };
    expect(await found({ daemon: { kind: 'document', body } })).toEqual([
      {
        found: `warning daemon-other-version ${folder}`,
        mends: ['in a shell on this host', 'systemctl restart source-dns'],
      },
      { found: `warning reload-needed ${folder}`, mends: ['in a shell on this host', 'kill -HUP 42'] },
      {
        found: `warning overloaded ${folder}`,
        mends: ['in /etc/source-dns.yaml', expect.stringMatching(/^share: /)],
      },
    ]);
  });

  test.each([
    { kind: 'failed', failure: { code: 'daemon-forbidden', message: 'this user may not' } },
    { kind: 'problem', problem: { status: 503, code: 'starting', title: '', detail: '' } },
  ] as const)('a daemon that cannot be asked ($kind)', async (daemon) => {
    expect(await found({ daemon })).toMatchObject([{ found: `warning daemon-silent ${folder}` }]);
  });
});
