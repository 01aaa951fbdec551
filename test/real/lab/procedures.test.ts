/** What `advise` prints is carried out on real servers, statement by statement, and each time the cluster is well. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Procedure } from '../../../src/core/model/procedure.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { Operated } from './carried-out.ts';
import { until } from './probing.ts';

const statementsOf = ({ steps }: Procedure): readonly string[] =>
  steps.flatMap(({ statements, commands }) => [...statements, ...commands]);

describe('MySQL with GTIDs', () => {
  let mysql: MysqlServers;
  let operated: Operated;
  const sql = (index: number, ...statements: string[]) => mysql.servers[index]!.sql(...statements);
  const rowsOf = async (index: number): Promise<unknown> =>
    (await sql(index, 'SELECT GROUP_CONCAT(i ORDER BY i) AS n FROM shop.t'))[0]?.['n'];

  beforeAll(async () => {
    mysql = await startMysqlServers(3, {
      readOnly: (index) => (index === 0 ? 'off' : 'super-read-only'),
      options: () => ['--plugin-load-add=mysql_clone.so'],
      replicate: true,
    });
    const account = accountName('source_dns', '127.0.0.%');
    await sql(
      0,
      `CREATE USER ${account} IDENTIFIED BY '${mysql.password}'`,
      ...grantStatements(account),
      `GRANT REPLICATION CLIENT ON *.* TO ${account}`,
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (i INT PRIMARY KEY)',
    );
    operated = await Operated.start(mysql, { watcher: 'source_dns', replication: 'admin' });
    await operated.isHealthy(operated.at(0), 2);
  });

  afterAll(async () => {
    await operated?.stop();
    await mysql?.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('a healthy cluster needs nothing', async () => {
    expect(await operated.advice({}, () => true)).toMatchObject({ kind: 'nothing' });
    expect(await operated.advice({ aim: 'promote' }, () => true)).toMatchObject({
      kind: 'refused',
      reason: 'source-alive',
    });
  });

  test('promote: the source crashed, and the replica has not executed all that it received', async () => {
    await sql(1, 'STOP REPLICA SQL_THREAD');
    await sql(0, 'INSERT INTO shop.t VALUES (1)', 'INSERT INTO shop.t VALUES (2)');
    await operated.sees(({ servers }) =>
      servers[1]!.observed.some((words) => words.includes('has also received')),
    );
    await mysql.servers[0]!.kill9();
    const [promote] = await operated.procedures({ server: operated.at(1) }, 'promote', operated.at(1));
    await operated.carryOut(promote!);
    await operated.sees(({ ledger }) => ledger?.source === operated.at(1));
    expect([await rowsOf(1), await rowsOf(2)]).toEqual(['1,2', '1,2']);
  });

  test('rejoin: it comes back without transactions of its own', async () => {
    await mysql.servers[0]!.start();
    const [rejoin] = await operated.procedures({}, 'rejoin', operated.at(0));
    await operated.carryOut(rejoin!);
    await operated.isHealthy(operated.at(1), 2);
  });

  test('source: it becomes the source again', async () => {
    const [source] = await operated.procedures(
      { aim: 'source', server: operated.at(0) },
      'source',
      operated.at(0),
    );
    await sql(1, 'INSERT INTO shop.t VALUES (3)');
    await operated.carryOut(source!);
    await operated.isHealthy(operated.at(0), 2);
    expect(await rowsOf(0)).toBe('1,2,3');
  });
});
