/** Reads the replicas and group members that a server reports. */

import { describe, expect, test } from 'vitest';
import type { Answers } from '../../../../src/mysql/answer/query-set.ts';
import { withReplicas } from '../../../../src/mysql/answer/reported-replicas.ts';
import type { Row } from '../../../../src/mysql/answer/row.ts';
import { askStatements, type Habits, noHabits } from '../../../../src/mysql/connection/ask.ts';
import { mariadb } from '../../../../src/mysql/flavour/mariadb.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { eachAlone } from '../../../support/ask-alone.ts';
import { changed, factsOf, recording } from '../../../support/recorded.ts';

const set = withReplicas(mysql8);
const source = recording('mysql-9.7').cases['source']!;
const uuid = '4b82ee15-e681-11f1-8948-02fc00000001';
const replicasIn = (rows: readonly Row[] | undefined) =>
  factsOf(set, rows ? { ...source, replicas: rows } : source).replicas;
const row: Row = {
  Server_Id: '2',
  Host: 'db2.example.com',
  Port: '3306',
  Source_Id: '1',
  Replica_UUID: uuid,
};

describe('the registered replicas', () => {
  test.each<[string, Row, unknown]>([
    ['MySQL 8.0.22 and later', row, uuid],
    [
      'older MySQL',
      {
        Server_id: '2',
        Host: 'db2.example.com',
        Port: '3306',
        Master_id: '1',
        Slave_UUID: uuid.toUpperCase(),
      },
      uuid,
    ],
    ['MariaDB', { Server_id: '2', Host: 'db2.example.com', Port: '3306', Master_id: '1' }, 2],
  ])('are read in the words of %s', (_, said, claim) => {
    expect(replicasIn([said])).toEqual([{ address: 'db2.example.com:3306', claim }]);
  });

  test.each<[string, Row]>([
    ['reports no host, which is the default', { Host: '' }],
    ['reports a port that does not exist', { Port: '65536' }],
    ['reports no port', { Port: null }],
    ['has a UUID that is none', { Replica_UUID: 'x' }],
    ['has no UUID', { Replica_UUID: '' }],
  ])('leave out a replica that %s', (_, cells) => {
    const other = { ...row, Host: 'db3.example.com' };
    expect(replicasIn([{ ...row, ...cells }, other])).toEqual([
      { address: 'db3.example.com:3306', claim: uuid },
    ]);
  });

  test('are none, or not known', () => {
    expect(replicasIn([])).toEqual([]);
    expect(replicasIn(undefined)).toBeUndefined();
    expect(factsOf(mysql8, { ...source, replicas: [row] }).replicas).toBeUndefined();
  });

  test('are spelled as in the configuration: IPv6 in brackets, names without a final dot', () => {
    const hosts = ['2001:DB8::1', 'DB2.Example.com.'].map((Host) => ({ ...row, Host }));
    expect(replicasIn(hosts)?.map(({ address }) => address)).toEqual([
      '[2001:db8::1]:3306',
      'db2.example.com:3306',
    ]);
  });

  test('are bounded', () => {
    expect(replicasIn(Array.from({ length: 1000 }, () => row))).toHaveLength(300);
  });
});

/** Asks a server that gives this answer, or an error with this number. */
async function ask(answer: (sql: string) => Answers[string] | number, habits: Habits) {
  const asked: string[] = [];
  const statements = withReplicas({ ...mysql8, statements: [] });
  const result = await askStatements(
    eachAlone((sql) => {
      asked.push(sql);
      const said = answer(sql) ?? [];
      return typeof said === 'number'
        ? { kind: 'error', error: { errno: said } }
        : { kind: 'rows', rows: said };
    }),
    statements,
    habits,
  );
  return { asked, result };
}

describe('the statement for replicas', () => {
  test('keeps the spelling that the server knows, and then costs one statement', async () => {
    const habits = noHabits();
    const old = (sql: string) => (sql === 'SHOW REPLICAS' ? 1064 : []);
    expect((await ask(old, habits)).asked).toEqual(['SHOW REPLICAS', 'SHOW SLAVE HOSTS']);
    expect((await ask(old, habits)).asked).toEqual(['SHOW SLAVE HOSTS']);
  });

  test.each([1047, 1064, 1227])(
    'that is refused with %d takes nothing else away, and is not asked again on this connection',
    async (errno) => {
      const habits = noHabits();
      expect((await ask(() => errno, habits)).result).toEqual({ kind: 'answers', answers: {} });
      expect((await ask(() => errno, habits)).asked).toEqual([]);
    },
  );

  test('comes after all other statements, also for MariaDB', () => {
    const last = withReplicas(mariadb({ major: 10, minor: 11, patch: 0, text: '10.11.0' })).statements.at(-1);
    expect(last?.spellings).toContain('SHOW SLAVE HOSTS');
  });
});

describe('the members of a group', () => {
  const primary = recording('mysql-9.7').cases['group-primary']!;
  const first = (cells: Row) => factsOf(mysql8, changed(primary, 'group', cells)).group?.members[0];

  test('report their addresses', () => {
    expect(first({ member_host: 'DB1.example.com', member_port: '3307' })?.address).toBe(
      'db1.example.com:3307',
    );
  });

  test.each<[string, Row]>([
    ['rows of before have no such column', { member_host: undefined, member_port: undefined }],
    ['NULL', { member_host: null, member_port: null }],
    ['one that never started', { member_host: '', member_port: '0' }],
  ])('may report no address: %s', (_, cells) => {
    const member = first(cells);
    expect(member?.state).toBe('ONLINE');
    expect(member?.address).toBeUndefined();
  });
});
