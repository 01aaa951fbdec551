/** Reads the rows of Aurora MySQL and of RDS Multi-AZ clusters. */

import { describe, expect, test } from 'vitest';
import { isWritable } from '../../../../src/core/model/observation.ts';
import type { QuerySet } from '../../../../src/mysql/answer/query-set.ts';
import { aurora } from '../../../../src/mysql/flavour/aurora.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { withRdsTopology } from '../../../../src/mysql/flavour/rds-cluster.ts';
import { changed, factsOf, readAnswers, recording, server } from '../../../support/recorded.ts';

const failureOf = (set: QuerySet, answers: Parameters<typeof readAnswers>[1]) => {
  const reading = readAnswers(set, answers);
  return reading.kind === 'failed' ? reading.failure : undefined;
};

describe('rows of Aurora MySQL 3 (read, not run)', () => {
  const { origin, cases } = recording('aurora-3');
  const facts = (name: string) => factsOf(aurora, cases[name]!);

  test('of the writer: every member, the writer, and the age of the last sign of life', () => {
    expect(origin).toBe('read');
    expect(facts('writer')).toEqual({
      id: 'aurora:shop-1',
      flavour: 'mysql',
      version: { major: 8, minor: 0, patch: 36, text: '8.0.36' },
      session: 7,
      uptimeSeconds: 60,
      readOnly: false,
      superReadOnly: false,
      offlineMode: false,
      channels: [],
      managed: {
        kind: 'aurora',
        self: 'shop-1',
        members: [
          { name: 'shop-1', writer: true, heardAgoMs: 412 },
          { name: 'shop-2', writer: false, lagSeconds: 0.019, heardAgoMs: 398 },
          { name: 'shop-3', writer: false, lagSeconds: 0.019, heardAgoMs: 86_400_000 },
        ],
      },
    });
  });

  test('of a reader, which is not writable', () => {
    expect(facts('reader')).toMatchObject({
      id: 'aurora:shop-2',
      switches: [{ variable: 'innodb_read_only', value: 'ON' }],
      managed: { self: 'shop-2' },
    });
    expect([facts('writer'), facts('reader')].map(isWritable)).toEqual([true, false]);
  });

  test('of a server that is the writer in the table, but read-only itself', () => {
    expect(isWritable(facts('between-roles'))).toBe(false);
  });

  test.each(['self', 'version', 'innodb_read_only', 'read_only', 'member', 'member_session', 'heard_age_us'])(
    'without %s they are unexpected',
    (column) => {
      expect(failureOf(aurora, changed(cases['writer']!, 'server', { [column]: undefined }))).toMatchObject({
        code: 'rows-unexpected',
        message: expect.stringContaining(` ${column} `),
      });
    },
  );

  test('are unexpected where there are none', () =>
    expect(failureOf(aurora, {})?.code).toBe('rows-unexpected'));
});

describe('rows of an RDS Multi-AZ cluster (read, not run)', () => {
  const { origin, cases } = recording('rds-cluster-8.0');
  const set = withRdsTopology(mysql8);
  const facts = (name: string) => factsOf(set, cases[name]!);

  test('of the writer and of a reader: MySQL shows the channels, the table shows the members', () => {
    expect(origin).toBe('read');
    expect(facts('writer')).toMatchObject({
      readOnly: false,
      channels: [],
      managed: { kind: 'rds-cluster', self: '1871931823' },
    });
    expect(facts('writer').managed?.members[1]).toEqual({
      name: '1871931824',
      address: 'shop-instance-2.abc123.eu-west-1.rds.amazonaws.com:3306',
    });
    expect(facts('reader')).toMatchObject({
      readOnly: true,
      channels: [{ sourceId: facts('writer').id, receiver: 'on' }],
      managed: { self: '1871931824' },
    });
  });

  test('of an RDS server outside of a cluster', () =>
    expect(facts('single-instance')).not.toHaveProperty('managed'));

  test('are unexpected where a column is missing', () => {
    for (const column of ['id', 'endpoint', 'port', 'self']) {
      expect(failureOf(set, changed(cases['writer']!, 'rds', { [column]: null }))?.message).toContain(
        `${server}: the column ${column} `,
      );
    }
  });

  test('need one more privilege', () => {
    expect(set.grants('x').at(-1)).toBe('GRANT SELECT ON mysql.rds_topology TO x;');
    expect(set.grants('x')).toHaveLength(mysql8.grants('x').length + 1);
  });
});
