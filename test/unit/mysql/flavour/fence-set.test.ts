/** How each flavour is fenced, and which ones are not. */

import { describe, expect, test } from 'vitest';
import {
  type FenceSet,
  fenceAccountStatements,
  fencePrivileges,
  fenceSetOf,
} from '../../../../src/mysql/flavour/fence-set.ts';
import { readTraits } from '../../../../src/mysql/flavour/flavour.ts';

const setOf = (variables: Readonly<Record<string, string>>) =>
  fenceSetOf(
    readTraits(Object.entries(variables).map(([name, value]) => ({ Variable_name: name, Value: value }))),
  );

function fenceable(variables: Readonly<Record<string, string>>): FenceSet {
  const set = setOf(variables);
  if (typeof set === 'string') throw new Error(set);
  return set;
}

const mysql = (version: string) => ({ version, version_comment: 'MySQL Community Server - GPL' });
const mariadb = (version: string) => ({ version, gtid_domain_id: '0' });

test.each([
  ['5.7.44-log', ['SUPER', 'PROCESS']],
  ['8.0.36', ['SYSTEM_VARIABLES_ADMIN', 'CONNECTION_ADMIN', 'PROCESS']],
  ['26.1.0', ['SYSTEM_VARIABLES_ADMIN', 'CONNECTION_ADMIN', 'PROCESS']],
])('MySQL %s', (version, privileges) => {
  const set = fenceable(mysql(version));
  expect(fencePrivileges(set)).toEqual(privileges);
  // One variable a statement: each of them may wait for two locks.
  expect(set.close("a'b", 12.5)).toEqual(
    ['read_only', 'super_read_only'].map(
      (name) =>
        `SET GLOBAL ${name} = IF(LOWER(@@global.server_uuid) = 'a''b' AND UNIX_TIMESTAMP(SYSDATE(6)) < 12.500000, 1, 9)`,
    ),
  );
});

test.each([
  ['10.5.9-MariaDB', ['READ_ONLY ADMIN', 'SUPER']],
  ['10.11.6-MariaDB', ['READ_ONLY ADMIN']],
  ['11.8.9-MariaDB', ['READ_ONLY ADMIN']],
])('MariaDB %s', (version, close) => {
  const set = fenceable(mariadb(version));
  expect(set.privileges.close).toEqual(close);
  expect(set.close('3', 12.5)).toEqual([
    "SET GLOBAL read_only = IF(@@global.server_id = '3' AND UNIX_TIMESTAMP(SYSDATE(6)) < 12.500000, 1, 9)",
  ]);
  expect(fenceAccountStatements("'f'@'%'", set)).toEqual([
    "CREATE USER 'f'@'%' IDENTIFIED BY '<password>';",
    "GRANT READ_ONLY ADMIN, CONNECTION ADMIN, PROCESS ON *.* TO 'f'@'%';",
  ]);
});

describe('is not fenced', () => {
  const provider = '/usr/lib/libgalera_smm.so';
  test.each([
    ['Aurora', { ...mysql('8.0.28'), aurora_version: '3.04.0' }],
    ['RDS', { ...mysql('8.0.36'), basedir: '/rdsdbbin/mysql-8.0.36/' }],
    ['RDS', { ...mariadb('10.11.6-MariaDB'), basedir: '/rdsdbbin/mariadb-10.11.6/' }],
    ['Galera', { ...mysql('8.0.36'), wsrep_on: 'ON', wsrep_provider: provider }],
    ['Galera', { ...mariadb('10.11.6-MariaDB'), wsrep_on: 'ON', wsrep_provider: provider }],
  ])('%s: %j', (product, variables) => {
    expect(setOf(variables)).toMatch(new RegExp(`^is an? ${product}|^is ${product}`));
  });
});
