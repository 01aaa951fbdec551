/** The account of fence on real servers: the doctor finds what it lacks, and its lines mend it. */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import { grantStatements } from '../../../src/mysql/answer/grants.ts';
import { startMariadbServers } from '../../support/servers/mariadb-fixture.ts';
import { startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { finds, type Patient, paste, withoutBinaryLog, writeConfiguration } from './doctor-lab.ts';

const watcher = "'source_dns'@'127.0.0.%'";
const account = "'source_dns_fence'@'127.0.0.%'";

interface Started {
  readonly servers: readonly SqlServer[];
  readonly password: string;
  stop(): Promise<void>;
}

async function mysql(): Promise<Started> {
  const lab = await startMysqlServers(2, {
    readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
  });
  await lab.servers[0]!.sql(
    `CREATE USER ${watcher} IDENTIFIED BY '${lab.password}'`,
    ...grantStatements(watcher),
  );
  await lab.follow(1, 0);
  return lab;
}

async function mariadb(): Promise<Started> {
  const lab = await startMariadbServers('10.11', 2, { readOnly: (index) => index > 0 });
  await lab.follow(1, 0);
  return lab;
}

describe.each([
  ['MySQL', mysql, ['SYSTEM_VARIABLES_ADMIN', 'CONNECTION_ADMIN', 'PROCESS']],
  ['MariaDB', mariadb, ['READ_ONLY ADMIN', 'CONNECTION ADMIN', 'PROCESS']],
] as const)('on %s', (product, start, privileges) => {
  let lab: Started;
  let folder = '';
  let patient: Patient;
  let all: readonly string[] = [];

  const everywhere = (code: string) => all.map((server) => `${code} ${server}`);
  const configure = async (fence: string | undefined) => {
    const file = await writeConfiguration(folder, {
      servers: all,
      password: lab.password,
      // Debian's MariaDB has no certificate.
      mysql: product === 'MySQL' ? {} : { tls: 'disabled' },
    });
    if (fence === undefined) return;
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('    allow_loopback: true\n', `$&    fence: ${fence}\n`));
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sd-doctor-'));
    await mkdir(join(folder, 'state'), { mode: 0o750 });
    lab = await start();
    const [first] = lab.servers;
    all = lab.servers.map(({ address, port }) => `${address}:${port}`);
    patient = {
      file: join(folder, 'source-dns.yaml'),
      password: lab.password,
      servers: lab.servers,
      source: first!,
      server: (address) => lab.servers[all.indexOf(address)]!,
    };
  });

  afterAll(async () => {
    await lab?.stop();
    await rm(folder, { recursive: true, force: true });
    expect(livingProcesses()).toEqual([]);
  });

  test('the account does not exist, lacks each privilege, and is wrong on the replica only: what is printed mends it', async () => {
    await configure(undefined);
    await finds({ file: patient.file }, []);
    await configure(`{ user: source_dns_fence, password_file: ${join(folder, 'mysql.password')} }`);
    await paste(patient, await finds({ file: patient.file }, everywhere('fence-login')));
    await finds({ file: patient.file }, []);
    for (const privilege of privileges) {
      await patient.source.sql(`REVOKE ${privilege} ON *.* FROM ${account}`);
      await paste(patient, await finds({ file: patient.file }, everywhere('fence-grant')));
      await finds({ file: patient.file }, []);
    }
    await withoutBinaryLog(lab.servers[1]!, product === 'MySQL', [`REVOKE PROCESS ON *.* FROM ${account}`]);
    await paste(patient, await finds({ file: patient.file }, [`fence-grant ${all[1]}`]));
    await finds({ file: patient.file }, []);
    // Nothing was tried out.
    expect(await patient.source.sql('SELECT @@global.read_only AS closed')).toEqual([{ closed: 0 }]);
  });
});
