/** What the doctor says of servers that the lab does not have: each row is one server that is not well. */

import { describe, expect, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { checks } from '../../../src/doctor/checks.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { SeenServer } from '../../../src/doctor/world.ts';
import { classify } from '../../../src/mysql/answer/failures.ts';
import { grantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ServerInspection } from '../../../src/mysql/inspection.ts';
import {
  fenceAccess,
  type Given,
  healthyReport,
  one,
  seen,
  shop,
  two,
  type Wrong,
  wrongIn,
} from '../../support/doctor-world.ts';

const mysqlChecks = checks.filter(({ area }) => area === 'mysql');

const lines = (findings: readonly Finding[]) =>
  findings.map(({ code, subject, verdict, mends }) => ({
    found: `${verdict} ${code} ${subject}`,
    mends: mends.flatMap(({ where, lines: all }) => [where, ...all]),
  }));

const found = async (given: Given) => lines(await wrongIn(mysqlChecks, given));
const withReplica = (wrong: Wrong) => found({ servers: [seen(one), seen(two, wrong)] });

test('nothing is wrong with servers that are well', async () => {
  expect(await found({})).toEqual([]);
});

function refused(server: ServerAddress, error: unknown, errno?: number): Wrong {
  const asker = { server, user: 'source_dns', encrypted: true };
  const problem = classify(asker, error);
  const inspection: ServerInspection = {
    kind: 'refused',
    asker,
    problem,
    ...(errno !== undefined && { errno }),
  };
  return { inspection, probe: problem };
}

const saying = (errno: number, sqlMessage: string): Wrong => refused(two, { errno, sqlMessage }, errno);

describe('a server that lets nobody in', () => {
  test.each([
    [1040, 'Too many connections', ['on db2:3306', 'SET PERSIST max_connections = <number>;']],
    [1129, "Host '10.0.0.5' is blocked", ['on db2:3306', 'TRUNCATE TABLE performance_schema.host_cache;']],
    [
      3159,
      'require_secure_transport',
      ['in /etc/source-dns.yaml, under clusters: shop: mysql', 'tls: required'],
    ],
  ])('error %i: the line is for that server or for us', async (errno, text, mends) => {
    expect(await withReplica(saying(errno, text))).toEqual([
      { found: 'fault login-refused db2:3306', mends },
    ]);
  });

  test.each([
    [
      1524,
      "Plugin 'mysql_native_password' is not loaded",
      "IDENTIFIED WITH caching_sha2_password BY '<password>'",
    ],
    [1862, 'Your password has expired', "IDENTIFIED BY '<password>' PASSWORD EXPIRE NEVER"],
    [1226, "exceeded the 'max_user_connections' resource", 'WITH MAX_USER_CONNECTIONS 0'],
    [3118, 'Account is locked', 'ACCOUNT UNLOCK'],
  ])(
    'error %i: the account as the other member knows it, without a trace in the binary log',
    async (errno, text, change) => {
      expect(await withReplica(saying(errno, text))).toEqual([
        {
          found: 'fault login-refused db2:3306',
          mends: [
            'on db2:3306, in one session: there the account differs from that of the source',
            'SET @closed = @@GLOBAL.super_read_only;',
            'SET GLOBAL super_read_only = OFF;',
            'SET SESSION sql_log_bin = 0;',
            `ALTER USER IF EXISTS 'source_dns'@'10.%' ${change};`,
            'SET SESSION sql_log_bin = 1;',
            'SET GLOBAL super_read_only = @closed;',
          ],
        },
      ]);
    },
  );

  test.each([
    ['2001:db8::5', '2001:db8::5'],
    // The server looked our address up: a host part that is a name would wait for its resolver at each login.
    ['watcher.example.com', '<our IP address>'],
    ['localhost', '<our IP address>'],
  ])(
    'where no server lets us in, the lines have the address that the server saw (%s)',
    async (host, part) => {
      const text = `Access denied for user 'source_dns'@'${host}' (using password: YES)`;
      const wrong = refused(one, { errno: 1045, sqlMessage: text }, 1045);
      const [first] = await found({ servers: [seen(one, wrong)] });
      expect(first?.mends.slice(2, 4)).toEqual([
        'on the source',
        `CREATE USER IF NOT EXISTS 'source_dns'@'${part}' IDENTIFIED BY '<password>';`,
      ]);
    },
  );

  test('access denied: a person looks at the accounts first, and REQUIRE X509 has its line', async () => {
    const [first] = await withReplica(saying(1045, "Access denied for user 'source_dns'@'10.0.0.5'"));
    expect(first?.mends.slice(0, 2)).toEqual([
      expect.stringContaining('on db2:3306, as an administrator: this shows the accounts'),
      "SELECT user, host, plugin, ssl_type, password_expired FROM mysql.user WHERE user IN ('source_dns', '');",
    ]);
    expect(first?.mends.slice(-7)).toEqual([
      expect.stringMatching(/^on db2:3306, .*, only if its ssl_type is X509 or SPECIFIED$/),
      'SET @closed = @@GLOBAL.super_read_only;',
      'SET GLOBAL super_read_only = OFF;',
      'SET SESSION sql_log_bin = 0;',
      "ALTER USER 'source_dns'@'10.%' REQUIRE SSL;",
      'SET SESSION sql_log_bin = 1;',
      'SET GLOBAL super_read_only = @closed;',
    ]);
  });

  test('a locked account whose host part nobody tells', async () => {
    const wrong = refused(one, { errno: 3118, sqlMessage: 'Account is locked' }, 3118);
    expect((await found({ servers: [seen(one, wrong)] }))[0]?.mends).toEqual([
      "on the source (SELECT host FROM mysql.user WHERE user = 'source_dns'; tells <host>)",
      "ALTER USER IF EXISTS 'source_dns'@'<host>' ACCOUNT UNLOCK;",
    ]);
  });

  test('offline_mode: no line opens a server that somebody has closed', async () => {
    expect(await withReplica(saying(3032, 'The server is currently in offline mode'))).toEqual([
      { found: 'fault login-refused db2:3306', mends: [] },
    ]);
  });

  test('a proxy whose server is dead', async () => {
    expect(await withReplica(saying(9001, 'Max connect timeout reached'))).toMatchObject([
      { found: 'fault proxy-answers db2:3306' },
    ]);
  });

  test('a balancer that leads two connections to two servers', async () => {
    const other = '99999999-1111-1111-1111-111111111111';
    expect(await withReplica({ variables: { server_uuid: other } })).toMatchObject([
      { found: 'fault proxy-answers db2:3306' },
    ]);
  });

  test('silence is no fault, but is said', async () => {
    expect(await withReplica(refused(two, { code: 'ECONNREFUSED' }))).toEqual([
      { found: 'unreachable server-unreachable db2:3306', mends: [] },
    ]);
  });

  test('the certificate does not fit', async () => {
    const error = { code: 'HANDSHAKE_SSL_ERROR', message: 'self-signed certificate' };
    expect(await withReplica(refused(two, error))).toMatchObject([{ found: 'fault tls-refused db2:3306' }]);
  });
});

describe('a server that works, and will not always', () => {
  test.each<[string, Wrong, string, readonly string[]]>([
    [
      'the certificate ends soon',
      { status: { ssl_server_not_after: 'Nov 30 00:00:00 2026 GMT' } },
      'warning certificate-expires db2:3306',
      ['on db2:3306', 'ALTER INSTANCE RELOAD TLS;'],
    ],
    [
      'the host part of the account is a name',
      { report: { currentUser: 'source_dns@watcher.example.com' }, variables: { skip_name_resolve: 'OFF' } },
      'warning account-by-name db2:3306',
      [
        'on db2:3306, in one session: there the account differs from that of the source',
        'SET @closed = @@GLOBAL.super_read_only;',
        'SET GLOBAL super_read_only = OFF;',
        'SET SESSION sql_log_bin = 0;',
        "RENAME USER 'source_dns'@'watcher.example.com' TO 'source_dns'@'<our IP address>';",
        'SET SESSION sql_log_bin = 1;',
        'SET GLOBAL super_read_only = @closed;',
      ],
    ],
    [
      'it reports a name of its own',
      { variables: { report_host: 'ip-10-0-0-5.internal' } },
      'warning report-host-strange db2:3306',
      ['in my.cnf of db2:3306, section [mysqld]; then restart it', 'report_host = db2'],
    ],
    [
      'RDS: the parameter group has the settings',
      { traits: { rds: true }, variables: { skip_name_resolve: 'OFF' } },
      'warning name-lookup db2:3306',
      ['in the DB parameter group of db2:3306; then reboot it', 'skip_name_resolve = ON'],
    ],
    [
      'RDS: nobody sets super_read_only, report_host or server_id there',
      {
        traits: { rds: true },
        variables: { super_read_only: 'OFF', read_only: 'OFF', report_host: '' },
      },
      'warning replica-writable db2:3306',
      ['in the DB parameter group of db2:3306', 'read_only = {TrueIfReplica}'],
    ],
    [
      'the Performance Schema is off',
      {
        variables: { performance_schema: 'OFF' },
        facts: { channels: [{ ...seenChannel(), lagSeconds: undefined as never }] },
      },
      'warning lag-unknown db2:3306',
      ['in my.cnf of db2:3306, section [mysqld]; then restart it', 'performance_schema = ON'],
    ],
    [
      'it replicates from nobody',
      { facts: { channels: [] } },
      'fault replicates-from-nobody db2:3306',
      [
        'in a shell on this host: it prints the statements for this server, and when they are right',
        'source-dns advise shop --server db2:3306',
      ],
    ],
  ])('%s', async (_, wrong, code, mends) => {
    expect(await withReplica(wrong)).toEqual([{ found: code, mends }]);
  });

  test('mysql_native_password on every server: the source changes it for all', async () => {
    const report = { login: { plugin: 'mysql_native_password', expires: 'never' } } as const;
    expect(await found({ servers: [seen(one, { report }), seen(two, { report })] })).toEqual(
      [one, two].map((server) => ({
        found: `warning native-password ${server}`,
        mends: [
          'on the source db1:3306',
          "ALTER USER IF EXISTS 'source_dns'@'10.%' IDENTIFIED WITH caching_sha2_password BY '<password>';",
        ],
      })),
    );
  });

  test('MariaDB keeps mysql_native_password, and has no SET PERSIST', async () => {
    const report = { login: { plugin: 'mysql_native_password', expires: 'never' } } as const;
    const variables = { read_only: 'OFF', super_read_only: undefined, gtid_mode: undefined };
    const mariadb = { traits: { mariadb: true }, report, variables } as const;
    expect(await withReplica({ ...mariadb, report: { ...report, grants: [] } })).toEqual([
      {
        found: 'warning replica-writable db2:3306',
        mends: [
          'on db2:3306',
          'SET GLOBAL read_only = ON;',
          'in my.cnf of db2:3306, section [mysqld]',
          'read_only = ON',
        ],
      },
    ]);
  });

  test('default_password_lifetime counts where the account says nothing', async () => {
    const [first] = await withReplica({
      report: { login: { plugin: 'caching_sha2_password', expires: 'default' } },
      variables: { default_password_lifetime: '360' },
    });
    expect(first?.found).toBe('warning password-expires db2:3306');
  });
});

function seenChannel() {
  const { probe } = seen(two);
  if (probe.kind !== 'reachable') throw new Error('it is well');
  return probe.facts.channels[0]!;
}

describe('servers that are one, or look like one', () => {
  const same = (wrong: Wrong['variables'], uptime: string): Wrong => ({
    variables: { server_uuid: '11111111-1111-1111-1111-111111111111', ...wrong },
    facts: { id: '11111111-1111-1111-1111-111111111111' as never, channels: [] },
    status: { uptime },
  });

  test('two addresses of one server: the line takes one away', async () => {
    const open = {
      read_only: 'OFF',
      super_read_only: 'OFF',
      server_id: '1',
      hostname: 'db1',
      report_host: 'db2',
    };
    const all = await withReplica({
      ...same(open, '1001'),
      facts: { ...same(open, '1001').facts, readOnly: false, superReadOnly: false },
    });
    expect(all).toEqual([
      {
        found: 'fault one-server-twice db2:3306',
        mends: ['in /etc/source-dns.yaml, under clusters: shop: servers, remove this line', '- db2:3306'],
      },
    ]);
  });

  test('never proposes to remove auto.cnf of the source', async () => {
    const all = await found({
      servers: [seen(two, { variables: { server_uuid: '11111111-1111-1111-1111-111111111111' } }), seen(one)],
    });
    expect(all.find(({ found: code }) => code.includes('uuid-twice'))).toMatchObject({
      found: 'fault uuid-twice db2:3306',
    });
  });
});

test('a replica that nobody configured, with the line that adds it', async () => {
  const replicas = [
    { address: two, claim: '22222222-1111-1111-1111-111111111111' },
    { address: 'db9:3306', claim: '99999999-1111-1111-1111-111111111111' },
  ] as never;
  const servers = [seen(one, { report: { replicas } }), seen(two)];
  expect(await found({ servers })).toEqual([
    {
      found: 'warning replica-not-configured db9:3306',
      mends: ['in /etc/source-dns.yaml, under clusters: shop: servers', '- db9:3306'],
    },
  ]);
});

test('with discover_within the account may ask for the replicas, and must', async () => {
  const denied = [
    { purpose: 'replicas', privilege: 'REPLICATION SLAVE ON *.*', spellings: ['SHOW REPLICAS'] },
  ] as const;
  const clusters = [shop({ discoverWithin: [] })];
  const servers = [seen(one, { report: { denied } })];
  expect(await found({ clusters, servers })).toEqual([
    {
      found: 'warning grant-useful db1:3306',
      mends: ['on the source db1:3306', "GRANT REPLICATION SLAVE ON *.* TO 'source_dns'@'10.%';"],
    },
  ]);
  const granted = seen(one, {
    report: { grants: ['GRANT REPLICATION SLAVE ON *.* TO `source_dns`@`10.%`'] },
  });
  expect(await found({ clusters, servers: [granted] })).toEqual([]);
  expect(await found({ servers: [granted] })).toMatchObject([{ found: 'warning grant-wide db1:3306' }]);
});

describe('an account that may do more than it needs', () => {
  const grants = grantStatements("'source_dns'@'10.%'");
  const of = (name: string) => `${name} TO \`source_dns\`@\`10.%\``;
  const wideLines = async (report: Wrong['report'], traits: Wrong['traits'] = {}) =>
    (await found({ servers: [seen(one, { report: { ...report }, traits })] })).flatMap(
      ({ found: code, mends }) => (code === 'warning grant-wide db1:3306' ? mends : []),
    );

  test('GRANT OPTION: everything goes, and the needed privileges come back', async () => {
    const all = [
      `${of('GRANT SELECT, INSERT ON *.*')} WITH GRANT OPTION`,
      `${of('GRANT BACKUP_ADMIN,SYSTEM_USER ON *.*')} WITH GRANT OPTION`,
      `${of('GRANT PROXY ON ``@``')} WITH GRANT OPTION`,
    ];
    expect(await wideLines({ grants: all })).toEqual([
      'on the source db1:3306',
      "REVOKE IF EXISTS PROXY ON ``@`` FROM 'source_dns'@'10.%';",
      "REVOKE IF EXISTS ALL PRIVILEGES, GRANT OPTION FROM 'source_dns'@'10.%' IGNORE UNKNOWN USER;",
      ...grants,
    ]);
  });

  test('SYSTEM_USER: the sentence says who may change the account', async () => {
    const servers = [seen(one, { report: { grants: [of('GRANT SYSTEM_USER ON *.*')] } })];
    const [finding] = await wrongIn(mysqlChecks, { servers });
    expect(finding?.sentence).toContain('only a user that has SYSTEM_USER, too, can change it');
  });

  test.each([
    ['PROXY', of("GRANT PROXY ON ''@'%'"), "REVOKE IF EXISTS PROXY ON ''@'%' FROM 'source_dns'@'10.%';"],
    [
      'a procedure',
      of('GRANT EXECUTE ON PROCEDURE `app`.`pay`'),
      "REVOKE IF EXISTS EXECUTE ON PROCEDURE `app`.`pay` FROM 'source_dns'@'10.%';",
    ],
  ])('%s is seen, and only that goes', async (_, grant, line) => {
    expect(await wideLines({ grants: [grant] })).toEqual(['on the source db1:3306', line]);
  });

  const role = of('GRANT `r_app`@`%`');
  test('MySQL: a role brings it, so the role goes', async () => {
    const report = {
      grants: [of('GRANT USAGE ON *.*'), of('GRANT SELECT, INSERT ON `app`.*'), role],
      grantsWithoutRoles: [of('GRANT USAGE ON *.*'), role],
    };
    expect(await wideLines(report)).toEqual([
      'on the source db1:3306',
      ...grants,
      "REVOKE IF EXISTS `r_app`@`%` FROM 'source_dns'@'10.%' IGNORE UNKNOWN USER;",
    ]);
  });

  test('MariaDB: a role brings it, so the role goes', async () => {
    const report = {
      grants: [of('GRANT `r_app`'), of('GRANT REPLICA MONITOR ON *.*'), 'GRANT INSERT ON `app`.* TO `r_app`'],
    };
    const version = { major: 10, minor: 11, patch: 6, text: '10.11.6' };
    expect((await wideLines(report, { mariadb: true, version })).slice(1)).toEqual([
      "GRANT REPLICA MONITOR ON *.* TO 'source_dns'@'10.%';",
      "REVOKE `r_app` FROM 'source_dns'@'10.%';",
    ]);
  });
});

test('fence that ends no connections: an account that closes the source is right there', async () => {
  const withRight = (server: ServerAddress, right: string): SeenServer => ({
    ...seen(server),
    fence: {
      kind: 'seen',
      report: {
        ...healthyReport(server),
        currentUser: 'source_dns_fence@10.%',
        grants: [`GRANT ${right} ON *.* TO \`source_dns_fence\`@\`10.%\``],
      },
    },
  });
  const servers = [withRight(one, 'SYSTEM_VARIABLES_ADMIN'), withRight(two, 'USAGE')];
  expect(await found({ clusters: [{ ...shop(), fence: fenceAccess }], servers })).toEqual([
    {
      found: 'fault fence-grant db2:3306',
      mends: expect.arrayContaining([
        'on db2:3306, in one session: there the account differs from that of the source',
        "GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO 'source_dns_fence'@'10.%';",
      ]),
    },
  ]);
});
