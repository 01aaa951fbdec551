/** What `advise` prints is carried out on real servers: statement by statement, up to a healthy cluster. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Procedure } from '../../../src/core/model/procedure.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { accountName, grantStatements } from '../../../src/mysql/answer/grants.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { notRun } from '../../support/statements.ts';
import { holdsBack } from './advised.ts';
import { Operated } from './carried-out.ts';

const statementsOf = ({ steps }: Procedure): readonly string[] =>
  steps.flatMap(({ statements, commands }) => [...statements, ...commands]);

describe('MySQL with GTIDs', () => {
  let mysql: MysqlServers;
  let operated: Operated;
  const sql = (index: number, ...statements: string[]) => mysql.servers[index]!.sql(...statements);
  const rowsOf = async (index: number): Promise<unknown> =>
    (await sql(index, 'SELECT GROUP_CONCAT(i ORDER BY i) AS n FROM shop.t'))[0]?.['n'];

  /** The replicas have executed all that db1 has: what that is. */
  async function haveExecuted(): Promise<string> {
    const [row] = await sql(0, 'SELECT @@GLOBAL.gtid_executed AS gtids');
    for (const replica of [1, 2])
      await sql(replica, `SELECT WAIT_FOR_EXECUTED_GTID_SET('${row!['gtids']}', 60)`);
    return String(row!['gtids']).replace(/\s/g, '');
  }

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
    // A privilege counts for new connections only.
    await haveExecuted();
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

  test('promote: the source crashed, and the replica holds back what it received, on purpose', async () => {
    await sql(1, 'STOP REPLICA', 'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 3600', 'START REPLICA');
    await sql(0, 'INSERT INTO shop.t VALUES (1)', 'INSERT INTO shop.t VALUES (2)');
    await operated.sees(({ servers }) => holdsBack(servers[1]!, 2));
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

  /** The source commits what no replica receives, crashes, and comes back when another server is the source. */
  async function comeBackWithOwn(row: number): Promise<void> {
    for (const replica of [1, 2]) await sql(replica, 'STOP REPLICA IO_THREAD');
    await sql(0, `INSERT INTO shop.t VALUES (${row})`);
    await operated.sees(({ servers }) => servers[1]!.lacks?.executed?.transactions === 1);
    await mysql.servers[0]!.kill9();
    const [promote] = await operated.procedures({}, 'promote', operated.at(1));
    expect(promote!.why).toContain('AT LEAST 1 transaction of');
    await operated.carryOut(promote!);
    await operated.sees(({ ledger }) => ledger?.source === operated.at(1));
    await mysql.servers[0]!.start();
  }

  async function makeSource(index: number): Promise<void> {
    const [source] = await operated.procedures(
      { aim: 'source', server: operated.at(index) },
      'source',
      operated.at(index),
    );
    await operated.carryOut(source!);
    await operated.isHealthy(operated.at(index), 2);
  }

  test('rejoin: it comes back with a transaction of its own, and keeps it', async () => {
    await comeBackWithOwn(40);
    const [rebuild, keep] = await operated.procedures({}, 'rejoin', operated.at(0));
    expect(rebuild!.why).toContain('has 1 transaction that');
    expect(keep!.why).toContain('The DATA stay different');
    await operated.carryOut(keep!);
    await operated.isHealthy(operated.at(1), 2);
    // As the procedure says: only this server has the row.
    expect([await rowsOf(0), await rowsOf(1), await rowsOf(2)]).toEqual(['1,2,3,40', '1,2,3', '1,2,3']);
    await makeSource(0);
  });

  test('promote: the source is lost while the former source takes writes, which is closed first', async () => {
    await comeBackWithOwn(50);
    await operated.sees(({ servers }) => servers[0]!.role === 'superseded' && servers[0]!.writable === true);
    await mysql.servers[1]!.kill9();
    const refused = await operated.advice(
      {},
      (advice) => advice.kind === 'refused' && advice.reason === 'former-source-writable',
    );
    expect(refused).toMatchObject({ first: { on: operated.at(0) } });
    const { decision } = await operated.sees(({ decision: { reason } }) => reason === 'superseded-source');
    expect(decision.sentence).toContain('`source-dns advise ');
    expect(decision.sentence).not.toContain('--force');
    const [first] = refused.kind === 'refused' && refused.first ? [refused.first] : [];
    await operated.carryOut({ title: '', why: '', preconditions: [], steps: [first!], warnings: [] });
    expect(await operated.procedures({}, 'promote', operated.at(2))).toHaveLength(1);
    // It comes back read-only, as it was configured.
    await mysql.servers[1]!.start();
    const [open] = await operated.procedures({}, 'source', operated.at(1));
    await operated.carryOut(open!);
    // It waits for a minute before it connects again.
    await sql(2, 'STOP REPLICA', 'START REPLICA');
  });

  test('rejoin: it comes back with a transaction of its own, and is rebuilt by CLONE', async () => {
    const [rebuild] = await operated.procedures({}, 'rejoin', operated.at(0));
    await operated.carryOut(rebuild!);
    await operated.isHealthy(operated.at(1), 2);
    expect([await rowsOf(0), await rowsOf(1), await rowsOf(2)]).toEqual(['1,2,3', '1,2,3', '1,2,3']);
    await makeSource(0);
  });

  test('a replica that was stopped by hand has the last copy: it is executed before its source changes', async () => {
    await sql(0, 'CREATE TABLE shop.own (i INT)');
    const executed = await haveExecuted();
    await operated.sees(({ servers }) => servers.every(({ gtidExecuted }) => gtidExecuted === executed));
    await sql(1, 'STOP REPLICA IO_THREAD');
    await sql(2, 'STOP REPLICA SQL_THREAD');
    await sql(0, 'INSERT INTO shop.own VALUES (70)');
    await operated.sees(({ servers }) => holdsBack(servers[2]!, 1));
    await mysql.servers[0]!.kill9();
    // Its receiver tells an error; a person stopped its applier.
    await operated.sees(({ servers }) => servers[2]!.observed.some((each) => each.includes('last error: ')));
    const [best] = await operated.procedures({}, 'promote', operated.at(2));
    expect(best!.warnings.join()).not.toContain('stopped by an error');
    const [promote] = await operated.procedures({ server: operated.at(1) }, 'promote', operated.at(1));
    await operated.carryOut(promote!);
    await operated.sees(({ ledger }) => ledger?.source === operated.at(1));

    const wish = { aim: 'rejoin', server: operated.at(2) } as const;
    const refusal = await operated.advice(wish, ({ kind }) => kind === 'refused');
    expect(refusal).toMatchObject({ reason: 'received-not-executed' });
    const sentence = refusal.kind === 'refused' ? refusal.sentence : '';
    expect(sentence).toContain('has received 1 transaction');
    const [, statements = ''] = /On \S+: (.*) \(must answer 0\)/.exec(sentence) ?? [];
    await sql(2, ...statements.split('; '));
    const [, keep] = await operated.procedures(wish, 'rejoin', operated.at(2));
    await operated.carryOut(keep!);
    expect(await sql(2, 'SELECT i FROM shop.own')).toMatchObject([{ i: 70 }]);

    await mysql.servers[0]!.start();
    const [rejoin] = await operated.procedures({}, 'rejoin', operated.at(0));
    await operated.carryOut(rejoin!);
    await operated.isHealthy(operated.at(1), 2);
    await makeSource(0);
  });

  /** One step at a time, on all servers (manual 19.1.4.3). */
  async function endGtids(): Promise<void> {
    for (const replica of [1, 2]) {
      const [row] = await sql(0, 'SHOW BINARY LOG STATUS');
      await sql(
        replica,
        'STOP REPLICA',
        `CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 0, SOURCE_LOG_FILE = '${row!['File']}', SOURCE_LOG_POS = ${row!['Position']}`,
        'START REPLICA',
      );
    }
    for (const mode of ['ON_PERMISSIVE', 'OFF_PERMISSIVE', 'OFF'])
      for (const index of [0, 1, 2]) await sql(index, `SET GLOBAL gtid_mode = ${mode}`);
    await operated.sees(({ servers }) => servers.every(({ gtidExecuted }) => gtidExecuted === null));
  }

  test('without GTIDs: promote, and rejoin from the place that was written down', async () => {
    await endGtids();
    await sql(1, 'STOP REPLICA SQL_THREAD');
    await sql(0, 'INSERT INTO shop.t VALUES (60)');
    await operated.sees(
      ({ servers: [, db2, db3] }) =>
        db2!.lacks?.executed != null && db2!.lacks.received === null && db3!.lacks?.executed === null,
    );
    await mysql.servers[0]!.kill9();
    const [promote] = await operated.procedures({}, 'promote', operated.at(1));
    const notes = await operated.carryOut(promote!);
    await operated.sees(({ ledger }) => ledger?.source === operated.at(1));
    await sql(1, 'INSERT INTO shop.t VALUES (61)');
    await mysql.servers[0]!.start(['--gtid-mode=OFF']);
    const [rebuild, placed] = await operated.procedures({}, 'rejoin', operated.at(0));
    expect(statementsOf(rebuild!).join()).toContain('CLONE INSTANCE');
    await operated.carryOut(placed!, notes);
    await operated.isHealthy(operated.at(1), 2);
    expect([await rowsOf(0), await rowsOf(1), await rowsOf(2)]).toEqual(Array(3).fill('1,2,3,60,61'));
  });

  test('without GTIDs: source', async () => {
    await makeSource(2);
    await sql(2, 'INSERT INTO shop.t VALUES (62)');
    await operated.isHealthy(operated.at(2), 2);
    expect(await rowsOf(2)).toBe('1,2,3,60,61,62');
  });

  test('remove', async () => {
    const [remove] = await operated.procedures(
      { aim: 'remove', server: operated.at(1) },
      'remove',
      operated.at(1),
    );
    await operated.carryOut(remove!);
    await operated.unconfigure(operated.at(1));
    await operated.isHealthy(operated.at(2), 1);
  });

  test('the tests ran each kind of statement', () => expect(notRun('mysql', operated.ran)).toEqual([]));
});
