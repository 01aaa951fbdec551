/** Faults of real MySQL servers: the doctor finds each one and nothing else, and its lines mend it. */

import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { grantStatements } from '../../../src/mysql/answer/grants.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import {
  type Forwarder,
  finds,
  firstLedger,
  forwarder,
  grantsOf,
  type Patient,
  paste,
  withoutBinaryLog,
  writeConfiguration,
} from './doctor-lab.ts';

const account = "'source_dns'@'127.0.0.%'";
const replicas = [1, 2] as const;

let lab: MysqlServers;
let folder = '';
let patient: Patient;
let all: readonly string[] = [];
let twin: Forwarder | undefined;
const held: Connection[] = [];

const addressOf = (index: number): string => `${lab.servers[index]!.address}:${lab.port}`;
const onlyOn = (index: number, ...statements: string[]) =>
  withoutBinaryLog(lab.servers[index]!, index > 0, statements);
const onSource = (...statements: string[]) => lab.servers[0]!.sql(...statements);
const onReplica = (...statements: string[]) => lab.servers[2]!.sql(...statements);

async function configure(mysql: Readonly<Record<string, string>> = {}, servers = all): Promise<void> {
  await writeConfiguration(folder, { servers, password: lab.password, mysql });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-doctor-'));
  await mkdir(join(folder, 'state'), { mode: 0o750 });
  lab = await startMysqlServers(3, {
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
  });
  all = [0, 1, 2].map(addressOf);
  await onSource(`CREATE USER ${account} IDENTIFIED BY '${lab.password}'`, ...grantStatements(account));
  for (const replica of replicas) await lab.follow(replica, 0);
  await configure();
  patient = {
    file: join(folder, 'source-dns.yaml'),
    password: lab.password,
    servers: lab.servers,
    source: lab.servers[0]!,
    server: (address) => lab.servers[all.indexOf(address)]!,
  };
});

afterAll(async () => {
  await lab?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(livingProcesses()).toEqual([]);
});

interface Case {
  readonly fault: string;
  readonly make: () => Promise<unknown>;
  /** The first server is published. Absent: no server is. */
  readonly isPublished?: true;
  /** `code subject` of each finding. */
  readonly found: () => readonly string[];
  /** After the lines were pasted. */
  readonly after?: () => Promise<unknown>;
}

/** A reload that fails ends TLS (manual 15.1.5). FLUSH PRIVILEGES forgets who logged in before. */
const withoutTls = (index: number) =>
  lab.servers[index]!.sql(
    "SET GLOBAL tls_version = ''",
    'ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR',
    'FLUSH PRIVILEGES',
  );

const grantsOfAccount = () => grantsOf(lab.servers[0]!, account);
const everywhere = (code: string): readonly string[] => all.map((server) => `${code} ${server}`);
const table = 'performance_schema.replication_connection_status';

const cases: readonly Case[] = [
  {
    fault: 'a replica has no TLS, and wants the password itself',
    make: () => withoutTls(2),
    found: () => [`tls-refused ${addressOf(2)}`],
  },
  {
    fault: 'one grant is missing',
    make: () => onSource(`REVOKE SELECT ON ${table} FROM ${account}`),
    found: () => everywhere('grant-missing'),
  },
  {
    fault: 'one grant is missing on a single replica',
    make: () => onlyOn(2, `REVOKE SELECT ON ${table} FROM ${account}`),
    found: () => [`grant-missing ${addressOf(2)}`],
  },
  {
    fault: 'the grants come by a role that is not a default role',
    make: () =>
      onSource(
        'CREATE ROLE watcher',
        'GRANT SELECT ON performance_schema.* TO watcher',
        `GRANT watcher TO ${account}`,
        ...grantStatements(account).map((each) => each.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM ')),
      ),
    found: () => everywhere('role-inactive'),
    after: () => onSource(...grantStatements(account), 'DROP ROLE watcher'),
  },
  {
    fault: 'a partial revoke takes the tables from an account that may read everything',
    make: async () => {
      // A replica without it would fail.
      for (const server of lab.servers) await server.sql('SET GLOBAL partial_revokes = ON');
      await onSource(
        `GRANT SELECT ON *.* TO ${account}`,
        `REVOKE SELECT ON performance_schema.* FROM ${account}`,
        ...grantStatements(account).map((each) => each.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM ')),
      );
    },
    found: () => [...everywhere('grant-missing'), ...everywhere('grant-wide')],
  },
  {
    fault: 'the account may write, and give its rights to others',
    make: () => onSource(`GRANT INSERT, DELETE, SUPER ON *.* TO ${account} WITH GRANT OPTION`),
    found: () => everywhere('grant-wide'),
  },
  {
    fault: 'the account has all privileges',
    make: () =>
      onSource(
        `GRANT ALL ON *.* TO ${account} WITH GRANT OPTION`,
        "CREATE USER 'app'@'%'",
        `GRANT PROXY ON 'app'@'%' TO ${account} WITH GRANT OPTION`,
      ),
    found: () => everywhere('grant-wide'),
    after: async () => {
      expect(await grantsOfAccount()).toEqual(
        ['GRANT USAGE ON *.*', ...grantStatements('').map((line) => line.replace(/ TO .*$/, ''))].toSorted(),
      );
      await onSource("DROP USER 'app'@'%'");
    },
  },
  {
    fault: 'a default role lets the account write, and it may run a procedure',
    make: () =>
      onSource(
        'CREATE DATABASE app',
        'CREATE PROCEDURE app.pay() SELECT 1',
        'CREATE ROLE r_app',
        'GRANT INSERT ON app.* TO r_app',
        `GRANT r_app TO ${account}`,
        `SET DEFAULT ROLE r_app TO ${account}`,
        `GRANT EXECUTE ON PROCEDURE app.pay TO ${account}`,
      ),
    found: () => everywhere('grant-wide'),
    after: () => onSource('DROP ROLE r_app', 'DROP DATABASE app'),
  },
  {
    fault: 'the account is locked on one replica',
    make: () => onlyOn(2, `ALTER USER ${account} ACCOUNT LOCK`),
    found: () => [`login-refused ${addressOf(2)}`],
  },
  {
    fault: 'the password of the account has expired on one replica',
    make: () => onlyOn(2, `ALTER USER ${account} PASSWORD EXPIRE`),
    found: () => [`login-refused ${addressOf(2)}`],
  },
  {
    fault: 'another password on one replica',
    make: () => onlyOn(2, `ALTER USER ${account} IDENTIFIED BY 'another'`),
    found: () => [`login-refused ${addressOf(2)}`],
  },
  {
    fault: 'the account wants a client certificate',
    make: () => onSource(`ALTER USER ${account} REQUIRE X509`),
    found: () => everywhere('login-refused'),
    after: async () => {
      await onSource("DROP USER 'source_dns'@'127.0.0.1'");
      await finds(patient, []);
      await onSource(`ALTER USER ${account} REQUIRE NONE`);
    },
  },
  {
    fault: 'an anonymous account comes before the account',
    make: () => onSource("CREATE USER ''@'127.0.0.1' IDENTIFIED BY 'another'"),
    found: () => everywhere('login-refused'),
    after: () => onSource("DROP USER ''@'127.0.0.1', 'source_dns'@'127.0.0.1'"),
  },
  {
    fault: 'the login uses an anonymous account that has the same password',
    make: () =>
      onSource(
        `CREATE USER ''@'127.0.0.1' IDENTIFIED BY '${lab.password}'`,
        ...grantStatements("''@'127.0.0.1'"),
      ),
    found: () => everywhere('account-anonymous'),
  },
  {
    fault: 'the password will expire',
    make: () => onSource(`ALTER USER ${account} PASSWORD EXPIRE INTERVAL 90 DAY`),
    found: () => everywhere('password-expires'),
  },
  {
    fault: 'a replica has no TLS',
    make: async () => {
      await withoutTls(2);
      await configure({ allow_public_key_retrieval: 'true' });
    },
    found: () => [`config-warning ${patient.file}`, `tls-absent ${addressOf(2)}`],
    after: () => configure(),
  },
  {
    fault: 'the servers want TLS, and the configuration has none',
    make: async () => {
      await onSource('SET GLOBAL require_secure_transport = ON');
      await configure({ tls: 'disabled', allow_public_key_retrieval: 'true' });
    },
    found: () => [`config-warning ${patient.file}`, `login-refused ${addressOf(0)}`],
    after: async () => {
      await onSource('SET GLOBAL require_secure_transport = OFF');
      await configure();
    },
  },
  {
    fault: 'a replica is stopped',
    make: () => onReplica('STOP REPLICA'),
    found: () => [`replica-stopped ${addressOf(2)}`],
  },
  {
    fault: 'the account of replication needs TLS, and the replica does without',
    make: async () => {
      await onReplica(
        'STOP REPLICA',
        'CHANGE REPLICATION SOURCE TO SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 0',
      );
      // The source forgets who logged in before: now it wants the password itself.
      await onSource('FLUSH PRIVILEGES');
      await onReplica('START REPLICA');
    },
    found: () => [`replica-fails ${addressOf(2)}`],
  },
  {
    fault: 'the published source has a stopped channel',
    make: () =>
      onSource(
        `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${lab.servers[2]!.address}', SOURCE_PORT = ${lab.port}`,
      ),
    isPublished: true,
    found: () => [`source-channel ${addressOf(0)}`],
  },
  {
    fault: 'the published source is read-only',
    make: () => onSource('SET GLOBAL super_read_only = ON'),
    isPublished: true,
    found: () => [`source-read-only ${addressOf(0)}`],
  },
  {
    fault: 'a candidate is late on purpose',
    make: () =>
      onReplica('STOP REPLICA', 'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3600', 'START REPLICA'),
    found: () => [`replica-delayed ${addressOf(2)}`],
  },
  {
    fault: 'the source sends no heartbeat',
    make: () =>
      onReplica('STOP REPLICA', 'CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD = 0', 'START REPLICA'),
    found: () => [`heartbeat-off ${addressOf(2)}`],
  },
  {
    fault: 'a replica lets administrators write',
    make: () => onReplica('SET GLOBAL super_read_only = OFF'),
    found: () => [`super-read-only-off ${addressOf(2)}`],
  },
  {
    fault: 'a replica takes writes',
    make: () => onReplica('SET GLOBAL read_only = OFF'),
    found: () => [`replica-writable ${addressOf(2)}`],
  },
  {
    fault: 'a replica is read-only by hand',
    make: () =>
      onReplica(
        'RESET PERSIST IF EXISTS super_read_only',
        'SET GLOBAL super_read_only = OFF',
        'SET GLOBAL super_read_only = ON',
      ),
    found: () => [`read-only-not-kept ${addressOf(2)}`],
  },
  {
    fault: 'two replicas have one server_id',
    make: () => onReplica('SET GLOBAL server_id = 2'),
    found: () => [`server-id-twice ${addressOf(2)}`],
  },
  {
    fault: 'nearly all connections are in use',
    make: async () => {
      // With the connections of two replicas and of the doctor.
      for (let count = 0; count < 7; count += 1) await lab.connect(0);
      await onSource('SET GLOBAL max_connections = 11');
    },
    found: () => [`connections-scarce ${addressOf(0)}`],
  },
  {
    fault: 'all connections are in use',
    make: async () => {
      // This connection counts, too. An administrator gets one more.
      const [row] = await onSource("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
      await onSource(`SET GLOBAL max_connections = ${Number(row?.['Value']) - 1}`);
    },
    found: () => [`login-refused ${addressOf(0)}`],
  },
  {
    fault: 'the account may have one connection on a replica, and that is taken',
    make: async () => {
      await onlyOn(2, `ALTER USER ${account} WITH MAX_USER_CONNECTIONS 1`);
      held.push(await lab.connect(2, 'source_dns'));
    },
    found: () => [`login-refused ${addressOf(2)}`],
    after: async () => {
      for (const connection of held.splice(0)) connection.destroy();
    },
  },
  {
    fault: 'the cluster has no GTIDs',
    make: async () => {
      for (const index of replicas)
        await lab.servers[index]!.sql(
          'STOP REPLICA',
          'CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0',
          'START REPLICA',
        );
      for (const mode of ['ON_PERMISSIVE', 'OFF_PERMISSIVE', 'OFF'])
        for (const server of lab.servers) await server.sql(`SET GLOBAL gtid_mode = ${mode}`);
    },
    found: () => [...everywhere('grant-useful'), ...everywhere('gtid-off')],
    after: async () => {
      await onSource(`REVOKE REPLICATION CLIENT ON *.* FROM ${account}`);
      for (const index of replicas) await lab.follow(index, 0);
    },
  },
  {
    fault: 'a server is on the way to GTIDs',
    make: () => onReplica('SET GLOBAL gtid_mode = ON_PERMISSIVE'),
    found: () => [`grant-useful ${addressOf(2)}`, `gtid-off ${addressOf(2)}`],
  },
  {
    fault: 'a replica hides its name, looks ours up, and keeps no binary log',
    make: async () => {
      await lab.servers[2]!.restart([
        '--report-host=',
        '--skip-name-resolve=OFF',
        '--log-replica-updates=OFF',
        '--performance-schema=OFF',
      ]);
    },
    found: () =>
      ['binlog-off', 'name-lookup', 'report-host-missing'].map((code) => `${code} ${addressOf(2)}`),
  },
  {
    fault: 'a replica was copied with its auto.cnf',
    make: async () => {
      const [from, to] = replicas.map((index) => join(lab.servers[index]!.folder, 'data', 'auto.cnf'));
      await lab.servers[2]!.stop();
      await copyFile(from!, to!);
      await lab.servers[2]!.start();
    },
    // The source serves only one of the two.
    found: () => [`replica-fails ${addressOf(1)}`, `uuid-twice ${addressOf(2)}`],
    after: () => lab.servers[1]!.sql('START REPLICA'),
  },
  {
    fault: 'two addresses lead to one server',
    make: async () => {
      twin = await forwarder(lab.servers[2]!.address, lab.port);
      await configure({}, [...all, twin.address]);
    },
    found: () => [`one-server-twice ${twin?.address}`],
    after: () => twin!.close(),
  },
  {
    fault: 'a replica is not configured, and the account may ask for it',
    make: async () => {
      await onSource(`GRANT REPLICATION SLAVE ON *.* TO ${account}`);
      await configure({}, all.slice(0, 2));
    },
    found: () => [
      ...all.slice(0, 2).map((server) => `grant-wide ${server}`),
      `replica-not-configured ${addressOf(2)}`,
    ],
  },
  {
    fault: 'the password file can be read by every user',
    make: () => chmod(join(folder, 'mysql.password'), 0o644),
    found: () => [`file-open ${join(folder, 'mysql.password')}`],
  },
  {
    fault: 'every user may write to the state directory',
    make: () => chmod(join(folder, 'state'), 0o777),
    found: () => [`state-dir-open ${join(folder, 'state')}`],
  },
  {
    fault: 'there is no state directory',
    make: () => rm(join(folder, 'state'), { recursive: true }),
    found: () => [`state-dir-missing ${join(folder, 'state')}`],
  },
];

describe('the doctor', () => {
  test('sees a filter, and a channel that begins at a place', async () => {
    await onSource(`GRANT SELECT ON performance_schema.replication_applier_filters TO ${account}`);
    const change = (position: number, filter: string) =>
      onReplica(
        'STOP REPLICA',
        `CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = ${position}`,
        `CHANGE REPLICATION FILTER REPLICATE_IGNORE_DB = (${filter})`,
        'START REPLICA',
      );
    await change(0, 'scratch');
    await finds(patient, [`auto-position-off ${addressOf(2)}`, `replica-filtered ${addressOf(2)}`]);
    await change(1, '');
    await finds(patient, []);
    await onSource(`REVOKE SELECT ON performance_schema.replication_applier_filters FROM ${account}`);
  });

  test.each(cases)('finds it, and its lines mend it: $fault', async ({ make, isPublished, found, after }) => {
    await make();
    const ledger = isPublished && firstLedger(addressOf(0));
    await paste(patient, await finds({ ...patient, ledger }, found()));
    await after?.();
    await finds(patient, []);
  });

  test('a server that ends each statement after 1 ms for others does not end ours', async () => {
    await onReplica('SET GLOBAL max_execution_time = 1');
    await finds(patient, []);
    await onReplica('SET GLOBAL max_execution_time = DEFAULT');
  });
});
