/** What refuses writes while read_only is off; the values were tried on real servers (test/real/lab). */

import { describe, expect, test } from 'vitest';
import { isWritable } from '../../../../src/core/model/observation.ts';
import type { Answers } from '../../../../src/mysql/answer/query-set.ts';
import { parseVersion } from '../../../../src/mysql/answer/version.ts';
import { withWsrep } from '../../../../src/mysql/flavour/galera.ts';
import { mariadb } from '../../../../src/mysql/flavour/mariadb.ts';
import { mysql57 } from '../../../../src/mysql/flavour/mysql-5.7.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { changed, factsOf, readAnswers, recording } from '../../../support/recorded.ts';

const flavours = [
  { flavour: 'MySQL 9.7', file: 'mysql-9.7', set: mysql8, transactions: 'transaction_read_only', forced: 1 },
  { flavour: 'MySQL 5.7', file: 'mysql-5.7', set: mysql57, transactions: 'tx_read_only', forced: 1 },
  {
    flavour: 'MariaDB 10.11',
    file: 'mariadb-10.11',
    set: mariadb(parseVersion('10.11.18')!),
    transactions: 'tx_read_only',
    forced: 5,
  },
];

describe.each(flavours)('$flavour', ({ file, set, transactions, forced }) => {
  const open = recording(file).cases['source']!;
  const factsWith = (cells: Record<string, unknown>) => factsOf(set, changed(open, 'server', cells));

  test('is writable while no switch is on', () => {
    expect(factsOf(set, open).switches).toBeUndefined();
    expect(isWritable(factsOf(set, open))).toBe(true);
    expect(isWritable(factsWith({ innodb_force_recovery: String(forced - 1) }))).toBe(true);
  });

  test.each([
    [{ innodb_read_only: '1' }, [{ variable: 'innodb_read_only', value: 'ON' }]],
    [
      { innodb_force_recovery: String(forced) },
      [{ variable: 'innodb_force_recovery', value: String(forced) }],
    ],
    [{ read_only_transactions: '1' }, [{ variable: transactions, value: 'ON' }]],
    [
      { innodb_read_only: '1', innodb_force_recovery: '6' },
      [
        { variable: 'innodb_read_only', value: 'ON' },
        { variable: 'innodb_force_recovery', value: '6' },
      ],
    ],
  ])('refuses writes with %j', (cells, switches) => {
    expect(factsWith(cells)).toMatchObject({ readOnly: false, switches });
    expect(isWritable(factsWith(cells))).toBe(false);
  });

  test.each(['innodb_read_only', 'innodb_force_recovery', 'read_only_transactions'])(
    'without %s the rows are unexpected',
    (column) => {
      expect(readAnswers(set, changed(open, 'server', { [column]: undefined }))).toMatchObject({
        kind: 'failed',
        failure: { code: 'rows-unexpected', message: expect.stringContaining(` ${column} `) },
      });
    },
  );

  test('gives the global values, not those of our session', () => {
    for (const sql of set.statements[0]!.spellings)
      expect(sql).toContain(`@@global.${transactions} AS read_only_transactions`);
  });
});

test('a MariaDB server without InnoDB is asked without the variables of InnoDB', () => {
  const [first, ...others] = mariadb(parseVersion('10.11.18')!).statements[0]!.spellings;
  expect(first).toContain('@@global.innodb_read_only');
  expect(others).toHaveLength(1);
  expect(others[0]).not.toContain('@@global.innodb');
});

describe('a Galera node', () => {
  const set = withWsrep(mariadb(parseVersion('10.11.18')!), 'information_schema');
  const { cases } = recording('galera-10.11');
  const withValues = (values: Record<string, string>): Answers => ({
    ...cases['synced'],
    wsrep: [
      ...cases['synced']!['wsrep']!.filter((row) => !(String(row['name']).toLowerCase() in values)),
      ...Object.entries(values).map(([name, value]) => ({ name, value })),
    ],
  });

  test.each([
    [{}, true],
    [{ wsrep_on: 'OFF' }, false],
    [{ wsrep_reject_queries: 'ALL' }, false],
    [{ wsrep_reject_queries: 'ALL_KILL' }, false],
    [{ pxc_maint_mode: 'MAINTENANCE' }, false],
    [{ pxc_maint_mode: 'SHUTDOWN' }, false],
    [{ wsrep_sst_donor_rejects_queries: 'ON' }, true],
    [{ wsrep_sst_donor_rejects_queries: 'ON', wsrep_local_state: '2' }, false],
    [{ wsrep_local_state: '2' }, true],
    // It refuses statements that it considers unsafe, and takes the others.
    [{ pxc_strict_mode: 'ENFORCING' }, true],
    [{ wsrep_ready: 'OFF' }, false],
  ])('with %j takes writes: %s', (values, open) => {
    expect(isWritable(factsOf(set, withValues(values as Record<string, string>)))).toBe(open);
  });
});
