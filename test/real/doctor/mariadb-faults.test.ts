/** The same on MariaDB, which words its privileges and its settings in another way. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { type MariadbServers, startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { finds, type Patient, paste, writeConfiguration } from './doctor-lab.ts';

let lab: MariadbServers;
let folder = '';
let patient: Patient;
let all: readonly string[] = [];
let account = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-doctor-'));
  await mkdir(join(folder, 'state'), { mode: 0o750 });
  lab = await startMariadbServers('10.11', 2, { readOnly: (index) => index > 0 });
  all = lab.servers.map(({ address }) => `${address}:${lab.port}`);
  await lab.follow(1, 0);
  const [row] = await lab.servers[0]!.sql(`SELECT host AS host FROM mysql.user WHERE user = '${lab.user}'`);
  account = `'${lab.user}'@'${row?.['host']}'`;
  patient = {
    file: await writeConfiguration(folder, { servers: all, password: lab.password }),
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

const everywhere = (code: string) => all.map((server) => `${code} ${server}`);
const onSource = (...statements: string[]) => lab.servers[0]!.sql(...statements);
const onReplica = (...statements: string[]) => lab.servers[1]!.sql(...statements);

const statusOf = 'REPLICA MONITOR ON *.*';

/** MariaDB 10.11 has no TLS before somebody gives it a certificate. */
const wanted = (...more: readonly string[]) => [...everywhere('tls-absent'), ...more];
const notTls = (code: string) => code !== 'tls-absent';

test.each([
  {
    fault: 'the privilege is missing',
    make: () => onSource(`REVOKE ${statusOf} FROM ${account}`),
    found: () => everywhere('grant-missing'),
  },
  {
    fault: 'the account may do everything',
    make: () => onSource(`GRANT ALL ON *.* TO ${account}`),
    found: () => everywhere('grant-wide'),
  },
  {
    fault: 'a default role lets the account write, and it may be another user',
    make: () =>
      onSource(
        'CREATE ROLE r_app',
        'GRANT INSERT ON app.* TO r_app',
        `GRANT r_app TO ${account}`,
        `SET DEFAULT ROLE r_app FOR ${account}`,
        `GRANT PROXY ON 'app'@'%' TO ${account} WITH GRANT OPTION`,
      ),
    found: () => everywhere('grant-wide'),
  },
  {
    fault: 'the account is locked on the replica',
    make: () => onReplica('SET SESSION sql_log_bin = 0', `ALTER USER ${account} ACCOUNT LOCK`),
    found: () => [`login-refused ${all[1]}`],
  },
  {
    fault: 'the replica is stopped',
    make: () => onReplica('STOP REPLICA'),
    found: () => [`replica-stopped ${all[1]}`],
  },
  {
    fault: 'the replica takes writes',
    make: () => onReplica('SET GLOBAL read_only = OFF'),
    found: () => [`replica-writable ${all[1]}`],
    // Set by hand: the line for my.cnf counts from the next start on.
    left: () => [`read-only-not-kept ${all[1]}`],
  },
])('MariaDB: the doctor finds it, and its lines mend it: $fault', async ({ make, found, left }) => {
  await finds(patient, wanted());
  await make();
  const findings = await finds(
    patient,
    everywhere('tls-absent')
      .filter((one) => !found().some((two) => two === one.replace('tls-absent', 'login-refused')))
      .concat(found()),
  );
  await paste(
    patient,
    findings.filter(({ code }) => notTls(code)),
  );
  await finds(patient, wanted(...(left?.() ?? [])));
});

test('MariaDB: the doctor sees a filter', async () => {
  const filter = (databases: string) =>
    onReplica('STOP REPLICA', `SET GLOBAL replicate_ignore_db = '${databases}'`, 'START REPLICA');
  await filter('scratch');
  await finds(patient, wanted(`replica-filtered ${all[1]}`, `read-only-not-kept ${all[1]}`));
  await filter('');
});

test('MariaDB: a server that ends each statement of others after 1 ms does not end ours', async () => {
  const findings = () => finds(patient, wanted(`read-only-not-kept ${all[1]}`));
  await findings();
  await onReplica('SET GLOBAL max_statement_time = 0.001');
  await findings();
});
