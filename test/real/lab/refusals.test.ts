/** Real servers refuse the prober, and the statement of the hint repairs it. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookedOnce, type Probe } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { accountName, grantStatements, mariadbGrantStatements } from '../../../src/mysql/answer/grants.ts';
import type { ProberOptions } from '../../../src/mysql/probe.ts';
import { startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { deadline, proberFor } from './probing.ts';

const password = 'geheim-0815';

async function probeOnce(
  server: SqlServer,
  user: string,
  options: Partial<ProberOptions> = {},
): Promise<Probe> {
  const address = `${server.address}:${server.port}` as ServerAddress;
  const prober = proberFor([address], password, { user, queryTimeoutMs: 2000, ...options });
  try {
    return lookedOnce(await prober.probe(address, deadline()));
  } finally {
    await prober.close();
  }
}

interface Refused {
  readonly errno: number;
  /** Creates the account; `?` stands for its name. */
  readonly made: readonly string[];
  /** The number of earlier probes. */
  readonly asked?: number;
  readonly password?: string;
}

/** Creates the account, is refused, does what the hint says, and is let in. */
async function mended(
  server: SqlServer,
  grants: (account: string) => readonly string[],
  refused: Refused,
): Promise<void> {
  const user = `u${refused.errno}_${refused.made.join().length}`;
  const account = accountName(user);
  const [create = '', ...others] = refused.made.map((statement) => statement.replaceAll('?', account));
  await server.sql(create, ...grants(account).map((grant) => grant.replace(/;$/, '')), ...others);
  for (let turn = 0; turn < (refused.asked ?? 0); turn += 1)
    await probeOnce(server, user, refused.password === undefined ? {} : { password: refused.password });
  const answer = await probeOnce(server, user);
  expect(answer).toMatchObject({ kind: 'alive', failure: { code: `mysql-${refused.errno}` } });
  const hint = answer.kind === 'reachable' ? '' : (answer.failure.hint ?? '');
  const statements = hint.match(/(?:ALTER USER|FLUSH) [^;]+;/g) ?? [];
  const statement =
    statements.find((each) => !(each.includes('caching_sha2') && server.program === 'mariadbd')) ?? '';
  await server.sql(statement.replace('<password>', password).replace(/;$/, ''));
  const again = await probeOnce(server, user);
  expect(again, hint).toMatchObject({ kind: 'reachable' });
}

describe('MySQL 9.7', () => {
  let server: SqlServer;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const started = await startMysqlServers(1);
    server = started.servers[0]!;
    stop = started.stop;
  });

  afterAll(async () => {
    await stop?.();
    expect(livingProcesses()).toEqual([]);
  });

  const create = `CREATE USER ? IDENTIFIED BY '${password}'`;

  test.each<Refused>([
    {
      errno: 1524,
      made: [
        create,
        "UPDATE mysql.user SET plugin = 'mysql_native_password', authentication_string = '*0D3CED9BEC10A777AEC23CCC353A8C08A633045E' WHERE CONCAT(QUOTE(User), '@', QUOTE(Host)) = \"?\"",
        'FLUSH PRIVILEGES',
      ],
    },
    { errno: 1226, made: [`${create} WITH MAX_QUERIES_PER_HOUR 2`] },
    { errno: 1226, made: [`${create} WITH MAX_CONNECTIONS_PER_HOUR 1`], asked: 1 },
    { errno: 3118, made: [`${create} ACCOUNT LOCK`] },
    {
      errno: 3955,
      made: [`${create} FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 1`],
      asked: 1,
      password: 'wrong',
    },
    { errno: 1862, made: [`${create} PASSWORD EXPIRE`] },
  ])('$errno, $made', (refused) => mended(server, grantStatements, refused));

  test('an account that needs TLS refuses a connection without it', async () => {
    const account = accountName('tls_only');
    await server.sql(
      `CREATE USER ${account} IDENTIFIED BY '${password}' REQUIRE SSL`,
      ...grantStatements(account),
    );
    expect(
      await probeOnce(server, 'tls_only', { tls: 'disabled', allowPublicKeyRetrieval: true }),
    ).toMatchObject({
      kind: 'alive',
      failure: { code: 'mysql-1045', hint: expect.stringContaining('set tls: required') },
    });
    expect(await probeOnce(server, 'tls_only', { tls: 'required' })).toMatchObject({ kind: 'reachable' });
  });

  test('global limits for clients do not cut what we read', async () => {
    const account = accountName('limited');
    await server.sql(`CREATE USER ${account} IDENTIFIED BY '${password}'`, ...grantStatements(account));
    await server.sql('SET GLOBAL sql_select_limit = 1', 'SET GLOBAL max_join_size = 1');
    expect(await probeOnce(server, 'limited')).toMatchObject({ kind: 'reachable' });
    await server.sql('SET GLOBAL sql_select_limit = DEFAULT', 'SET GLOBAL max_join_size = DEFAULT');
  });

  test('init_connect fails', async () => {
    await server.sql("SET GLOBAL init_connect = 'SELECT nonsense'");
    expect(await probeOnce(server, 'limited')).toMatchObject({
      kind: 'alive',
      failure: { code: 'mysql-1184', hint: expect.stringContaining('init_connect') },
    });
    await server.sql("SET GLOBAL init_connect = ''");
  });
});

describe.each(['10.11', '11.8'] as const)('MariaDB %s', (series) => {
  let server: SqlServer;
  let user: string;
  let ours: string;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const started = await startMariadbServers(series, 1);
    [server, user, ours, stop] = [started.servers[0]!, started.user, started.password, started.stop];
  });

  afterAll(async () => {
    await stop?.();
    expect(livingProcesses()).toEqual([]);
  });

  const create = `CREATE USER ? IDENTIFIED BY '${password}'`;

  test.each<Refused>([
    { errno: 4151, made: [`${create} ACCOUNT LOCK`] },
    { errno: 1820, made: [`${create} PASSWORD EXPIRE`] },
    { errno: 1226, made: [`${create} WITH MAX_QUERIES_PER_HOUR 2`] },
    { errno: 1226, made: [`${create} WITH MAX_CONNECTIONS_PER_HOUR 1`], asked: 1 },
    { errno: 4150, made: [create, 'SET GLOBAL max_password_errors = 1'], asked: 2, password: 'wrong' },
  ])('$errno, $made', (refused) => mended(server, (account) => mariadbGrantStatements(account), refused));

  test.each(['10.11.6', '8.0.36-log'])(
    'a server that calls itself %s is probed as MariaDB, and limits for clients do not cut what we read',
    async (version) => {
      await server.restart([`--version=${version}`]);
      await server.sql('SET GLOBAL sql_select_limit = 1', 'SET GLOBAL max_join_size = 1');
      expect(await probeOnce(server, user, { password: ours })).toMatchObject({
        kind: 'reachable',
        facts: { flavour: 'mariadb', version: { text: version } },
      });
    },
  );
});
