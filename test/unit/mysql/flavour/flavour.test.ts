/** How we find out the product and version of a server, and how statements find their spelling. */

import { describe, expect, test } from 'vitest';
import type { Answer, QuerySet, Statement } from '../../../../src/mysql/answer/query-set.ts';
import { atLeast, parseVersion } from '../../../../src/mysql/answer/version.ts';
import {
  type Asked,
  type AskTogether,
  askStatements,
  noHabits,
} from '../../../../src/mysql/connection/ask.ts';
import {
  querySetOf,
  readLightTraits,
  readTraits,
  readUptime,
} from '../../../../src/mysql/flavour/flavour.ts';
import { eachAlone } from '../../../support/ask-alone.ts';
import { server } from '../../../support/recorded.ts';

const variables = (values: Record<string, string>) =>
  Object.entries(values).map(([name, value]) => ({ Variable_name: name, Value: value }));

const nameOf = (values: Record<string, string>): string => {
  const set = querySetOf(server, readTraits(variables(values)));
  return 'kind' in set ? set.failure.code : set.name;
};

/** SELECT gives a number for a switch, and a row for each statement. */
const selected = ({ wsrep_on: on, ...values }: Record<string, string>) => [
  values,
  ...(on === undefined ? [] : [{ wsrep_on: on === 'ON' ? '1' : '0' }]),
];

describe('versions are numbers', () => {
  test('26.1 is later than 8.4, and 10.11 later than 10.5, unlike in a comparison of strings', () => {
    const ascending = [
      '5.6.51',
      '5.7.9',
      '5.7.44',
      '8.0.9',
      '8.0.11',
      '8.0.22',
      '8.4.0',
      '9.7.4',
      '10.5.2',
      '10.5.10',
      '10.11.6',
      '11.8.2',
      '26.1.0',
      '26.10.0',
    ];
    const versions = ascending.map((text) => parseVersion(text)!);
    for (const [i, a] of versions.entries()) {
      for (const [j, b] of versions.entries())
        expect(atLeast(a, b.major, b.minor, b.patch), `${a.text} at least ${b.text}`).toBe(i >= j);
    }
    expect(ascending.toSorted()).not.toEqual(ascending);
  });

  test.each(['', '9', '9.7', 'v9.7.4', '9.7.x', '99999.1.1', '9.7.12345', '-1.0.0'])(
    '%j is no version',
    (text) => {
      expect(parseVersion(text)).toBeUndefined();
    },
  );
});

describe('the flavour that a server describes', () => {
  test.each([
    [{ version: '9.7.4-2', version_comment: '(Debian)', basedir: '/usr/' }, 'MySQL 8'],
    [{ version: '26.1.0', version_comment: 'MySQL Community Server - GPL' }, 'MySQL 8'],
    [{ version: '26.10.1' }, 'MySQL 8'],
    [{ version: '8.4.3' }, 'MySQL 8'],
    [{ version: '8.0.11' }, 'MySQL 8'],
    [{ version: '8.0.36-28', version_comment: 'Percona Server (GPL)' }, 'MySQL 8'],
    [{ version: '5.7.44-log' }, 'MySQL 5.7'],
    [{ version: '5.7.9' }, 'MySQL 5.7'],
    [{ version: '5.7.8-rc' }, 'version-unsupported'],
    [{ version: '5.6.51' }, 'version-unsupported'],
    [
      {
        version: '10.11.18-MariaDB-0+deb12u1-log',
        version_comment: 'Debian 12',
        wsrep_on: 'OFF',
        wsrep_provider: 'none',
      },
      'MariaDB',
    ],
    [
      {
        version: '11.8.6-MariaDB-0+deb13u1 from Debian-log',
        version_comment: '-- Please help get to 10k stars',
      },
      'MariaDB',
    ],
    [{ version: '10.5.2-MariaDB' }, 'MariaDB'],
    // A custom name (option `version`) keeps the comment.
    [{ version: '10.6.1-shop', version_comment: 'MariaDB Server' }, 'MariaDB'],
    [{ version: '10.4.34-MariaDB' }, 'version-unsupported'],
    [{ version: '9.9.9-MariaDB' }, 'version-unsupported'],
    [
      { version: '10.11.18-MariaDB', wsrep_on: 'ON', wsrep_provider: '/usr/lib/galera/libgalera_smm.so' },
      'MariaDB with Galera',
    ],
    // MariaDB before 10.1 said ON without a provider.
    [{ version: '10.11.18-MariaDB', wsrep_on: 'ON', wsrep_provider: 'none' }, 'MariaDB'],
    [
      {
        version: '8.0.36-28.1',
        version_comment: 'Percona XtraDB Cluster (GPL)',
        wsrep_on: 'ON',
        wsrep_provider: '/usr/lib/libgalera_smm.so',
      },
      'MySQL 8 with Galera',
    ],
    [{ version: '8.0.36', aurora_version: '3.07.1', basedir: '/rdsdbbin/oscar-8.0/' }, 'Aurora MySQL'],
    [{ version: '8.4.5', basedir: '/rdsdbbin/mysql-8.4.5.R1/' }, 'MySQL 8 on RDS'],
    [{ version: '10.11.8-MariaDB-log', basedir: '/rdsdbbin/mariadb-10.11.8.R1/' }, 'MariaDB'],
    [{ version: '' }, 'rows-unexpected'],
    [{}, 'rows-unexpected'],
    [{ gtid_domain_id: '0', version: '10.11.6', version_comment: 'Debian 12' }, 'MariaDB'],
    [{ gtid_domain_id: '0', version: '8.0.36', version_comment: 'MySQL Community Server' }, 'MariaDB'],
    [{ gtid_domain_id: '0', version: '10.4.34' }, 'version-unsupported'],
  ])('%j: %s', (values, name) => {
    expect(nameOf(values)).toBe(name);
    expect(readLightTraits(selected(values))).toEqual(readTraits(variables(values)));
  });

  test('the failure names the server, and the hint names the supported versions', () => {
    expect(querySetOf(server, readTraits(variables({ version: '5.5.62\u001b[31m' })))).toEqual({
      kind: 'alive',
      failure: {
        code: 'version-unsupported',
        message: 'db1.example.com:3306: runs version 5.5.62 [31m, which is not supported',
        hint: expect.stringMatching(/MySQL 5\.7\.9 .*MariaDB 10\.5\.2 /),
      },
    });
  });

  test('the uptime is read in seconds', () => {
    expect(readUptime([{ Variable_name: 'Uptime', Value: '86400' }])).toBe(86_400);
    for (const rows of [[], [{ Value: null }], [{ Value: 'long' }], [{ Value: 3 }]])
      expect(readUptime(rows)).toBeUndefined();
  });

  test('every query set has constant statements: none ends or begins another', () => {
    const texts = [
      { version: '9.7.4' },
      { version: '5.7.44' },
      { version: '10.11.1-MariaDB', wsrep_on: 'ON', wsrep_provider: 'x' },
      { version: '8.0.1', aurora_version: '3' },
      { version: '8.4.0', basedir: '/rdsdbbin/x' },
    ];
    for (const values of texts) {
      const set = querySetOf(server, readTraits(variables(values))) as QuerySet;
      const asked = set.statements.flatMap(({ spellings }) => spellings);
      const statements = [set.setup(1500.4), set.glance, ...asked];
      for (const sql of statements) expect(sql).toMatch(/^(?:SELECT|SHOW|SET SESSION) [^;]+$/);
      expect(set.setup(1500.4)).toMatch(/max_(?:execution_time = 1501|statement_time = 1\.501),/);
      expect(new Set(set.statements.map(({ name }) => name)).size).toBe(set.statements.length);
      // A glance compares its columns with those of the probe: each says the same in both.
      for (const column of set.glance.replace('SELECT ', '').split(', ')) expect(asked[0]).toContain(column);
      expect(set.glance).toMatch(/@@global.read_only AS read_only/);
    }
  });
});

describe('the statements of a probe', () => {
  const rows: Extract<Answer, { kind: 'rows' }> = { kind: 'rows', rows: [{ a: '1' }] };
  const error = (errno: number): Answer => ({ kind: 'error', error: { errno } });
  const setOf = (...statements: Statement[]): QuerySet => ({
    name: 'test',
    setup: () => '',
    statements,
    glance: '',
    read: () => ({ kind: 'failed', failure: { code: '', message: '' } }),
    grants: () => [],
  });

  async function ask(
    set: QuerySet,
    answers: Record<string, Answer>,
    habits = noHabits(),
  ): Promise<{ asked: Asked; sent: string[] }> {
    const sent: string[] = [];
    const query = (sql: string): Answer => {
      sent.push(sql);
      return answers[sql] ?? rows;
    };
    return { asked: await askStatements(eachAlone(query), set, habits), sent };
  }

  test.each([1054, 1064, 1146, 1193])(
    'an older spelling is tried after error %i, and remembered',
    async (errno) => {
      const set = setOf({ name: 'a', spellings: ['NEW', 'OLD'] });
      const habits = noHabits();
      expect(await ask(set, { NEW: error(errno) }, habits)).toEqual({
        asked: { kind: 'answers', answers: { a: [{ a: '1' }] } },
        sent: ['NEW', 'OLD'],
      });
      expect((await ask(set, { NEW: error(errno) }, habits)).sent).toEqual(['OLD']);
    },
  );

  test('any other error, and an error of the last spelling, ends the probe', async () => {
    const set = setOf({ name: 'a', spellings: ['NEW', 'OLD'] }, { name: 'b', spellings: ['NEXT'] });
    expect(await ask(set, { NEW: error(1142) })).toEqual({
      asked: { kind: 'error', error: { errno: 1142 } },
      sent: ['NEW', 'NEXT'],
    });
    expect(await ask(set, { NEW: error(1064), OLD: error(1064) })).toEqual({
      asked: { kind: 'error', error: { errno: 1064 } },
      sent: ['NEW', 'NEXT', 'OLD'],
    });
  });

  test('an answer that may be absent is left out, and asked again or skipped', async () => {
    const set = setOf(
      { name: 'a', spellings: ['A'], absentOn: [1227] },
      { name: 'b', spellings: ['B'], absentOn: [1142], onceAbsent: 'skip' },
      { name: 'c', spellings: ['C'], when: (answers) => 'a' in answers },
    );
    const habits = noHabits();
    const answers = { A: error(1227), B: error(1142) };
    expect(await ask(set, answers, habits)).toEqual({
      asked: { kind: 'answers', answers: {} },
      sent: ['A', 'B'],
    });
    expect((await ask(set, answers, habits)).sent).toEqual(['A']);
    expect((await ask(set, {}, habits)).sent).toEqual(['A', 'C']);
  });

  test('statements that surely or probably are needed leave together, and a wrong guess does no harm', async () => {
    const set = setOf(
      { name: 'a', spellings: ['A'] },
      { name: 'b', spellings: ['B'], when: (answers) => answers['a']?.[0]?.['a'] === '1' },
      { name: 'c', spellings: ['C'] },
    );
    const habits = noHabits();
    const trains: string[][] = [];
    let answers: Record<string, Answer> = {};
    const ask: AskTogether = (texts) => {
      trains.push(texts.map(({ sql }) => sql));
      return Promise.resolve(texts.map(({ sql }) => answers[sql] ?? rows));
    };
    const all = { kind: 'answers', answers: { a: rows.rows, b: rows.rows, c: rows.rows } };
    expect(await askStatements(ask, set, habits)).toEqual(all);
    expect(await askStatements(ask, set, habits)).toEqual(all);
    // Not needed any more: its answer is dropped, even an error that nobody expects.
    answers = { A: { kind: 'rows', rows: [{ a: '2' }] }, B: error(1105) };
    expect(await askStatements(ask, set, habits)).toEqual({
      kind: 'answers',
      answers: { a: [{ a: '2' }], c: rows.rows },
    });
    await askStatements(ask, set, habits);
    expect(trains).toEqual([['A', 'C'], ['B'], ['A', 'B', 'C'], ['A', 'B', 'C'], ['A', 'C']]);
  });

  test('statements are asked one by one of what cannot take several', async () => {
    const set = setOf({ name: 'a', spellings: ['A'] }, { name: 'b', spellings: ['B'] });
    const trains: number[] = [];
    const ask: AskTogether = (texts) => {
      trains.push(texts.length);
      return Promise.resolve(texts.map(() => rows));
    };
    await askStatements(ask, set, noHabits(false));
    expect(trains).toEqual([1, 1]);
  });
});
