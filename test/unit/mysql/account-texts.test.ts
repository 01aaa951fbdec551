/** SHOW GRANTS and SHOW CREATE USER of real servers: what the doctor makes of them. */

import { describe, expect, test } from 'vitest';
import { readLoginAccount } from '../../../src/mysql/answer/login-account.ts';
import { needsOf } from '../../../src/mysql/answer/needs.ts';
import { grantedRoles, revokeStatements, wideGrants } from '../../../src/mysql/answer/privileges.ts';

const account = "'u'@'10.%'";
const revokes = (line: string, asWell: readonly string[] = []) =>
  revokeStatements(wideGrants([line], asWell), account, false);

describe('privileges', () => {
  test.each([
    'GRANT USAGE ON *.* TO `u`@`10.%`',
    'GRANT SELECT ON `performance_schema`.* TO `u`@`10.%`',
    'GRANT SELECT ON `performance_schema`.`replication_group_members` TO `u`@`10.%`',
    'GRANT SELECT (`HOST`, `PORT`) ON `performance_schema`.`replication_connection_configuration` TO `u`@`10.%`',
    'GRANT SELECT ON `mysql`.`rds_topology` TO `u`@`10.%`',
    'GRANT REPLICATION CLIENT ON *.* TO `u`@`10.%`',
    "GRANT SLAVE MONITOR ON *.* TO `u`@`10.%` IDENTIFIED BY PASSWORD '*0000'",
    'GRANT `watcher`@`%` TO `u`@`10.%`',
    'REVOKE SELECT ON `performance_schema`.* FROM `u`@`10.%`',
  ])('%s is not too much', (line) => {
    expect(revokes(line)).toEqual([]);
  });

  test.each([
    ['GRANT SELECT ON *.* TO `u`@`10.%`', 'REVOKE SELECT ON *.* FROM'],
    [
      'GRANT ALL PRIVILEGES ON *.* TO `u`@`10.%` WITH GRANT OPTION',
      'REVOKE ALL PRIVILEGES, GRANT OPTION ON *.* FROM',
    ],
    ['GRANT USAGE ON *.* TO `u`@`10.%` WITH GRANT OPTION', 'REVOKE GRANT OPTION ON *.* FROM'],
    ['GRANT AUDIT_ADMIN,CLONE_ADMIN ON *.* TO `u`@`10.%`', 'REVOKE AUDIT_ADMIN, CLONE_ADMIN ON *.* FROM'],
    ['GRANT SELECT, INSERT ON `shop`.* TO `u`@`10.%`', 'REVOKE SELECT, INSERT ON `shop`.* FROM'],
    [
      'GRANT SELECT (`a`, `b`), UPDATE ON `shop`.`t` TO `u`@`10.%`',
      'REVOKE SELECT (`a`, `b`), UPDATE ON `shop`.`t` FROM',
    ],
    ['GRANT SELECT ON `mysql`.`user` TO `u`@`10.%`', 'REVOKE SELECT ON `mysql`.`user` FROM'],
    [
      'GRANT SELECT ON `performance_schema_old`.* TO `u`@`10.%`',
      'REVOKE SELECT ON `performance_schema_old`.* FROM',
    ],
    [
      'GRANT REPLICATION SLAVE, PROCESS ON *.* TO `u`@`10.%`',
      'REVOKE REPLICATION SLAVE, PROCESS ON *.* FROM',
    ],
  ])('%s is too much', (line, revoke) => {
    expect(revokes(line)).toEqual([`${revoke} ${account};`]);
  });

  test('a cluster may need more than another', () => {
    const line = 'GRANT REPLICATION SLAVE ON *.* TO `u`@`10.%`';
    expect(revokes(line, ['REPLICATION SLAVE'])).toEqual([]);
  });

  test('roles are told as the server quotes them', () => {
    expect(grantedRoles(['GRANT USAGE ON *.* TO `u`@`%`', 'GRANT `a`@`%`,`b`@`%` TO `u`@`%`'])).toEqual([
      '`a`@`%`',
      '`b`@`%`',
    ]);
  });
});

describe('the account', () => {
  test.each([
    [
      "CREATE USER `u`@`%` IDENTIFIED WITH 'caching_sha2_password' AS <secret> REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK",
      { plugin: 'caching_sha2_password', expires: 'default' },
    ],
    [
      "CREATE USER `u`@`%` IDENTIFIED WITH 'mysql_native_password' AS '*00' PASSWORD EXPIRE INTERVAL 90 DAY",
      { plugin: 'mysql_native_password', expires: 90 },
    ],
    [
      "CREATE USER `u`@`%` IDENTIFIED VIA ed25519 USING 'x' PASSWORD EXPIRE NEVER",
      { plugin: 'ed25519', expires: 'never' },
    ],
    ["CREATE USER `u`@`%` IDENTIFIED BY PASSWORD '*00'", { expires: 'never' }],
    ['', { expires: 'never' }],
  ])('%s', (text, read) => {
    expect(readLoginAccount(text)).toEqual(read);
  });
});

const traits = {
  versionText: '',
  mariadb: false,
  versionByHand: false,
  aurora: false,
  rds: false,
  wsrep: false,
};
const version = (major: number, minor: number, patch: number) => ({ major, minor, patch, text: '' });

describe('what an account needs for a probe', () => {
  const probe = (given: Partial<typeof traits> & { readonly version?: ReturnType<typeof version> }) =>
    needsOf({ ...traits, ...given })
      .filter(({ purpose }) => purpose === 'probe')
      .map(({ privilege }) => privilege);

  test('Aurora: nothing; RDS: one table more', () => {
    expect(probe({ aurora: true })).toEqual([]);
    expect(probe({ rds: true })).toEqual([...probe({}), 'SELECT ON mysql.rds_topology']);
    expect(probe({})).toHaveLength(7);
  });

  test('MariaDB: one privilege, by its version', () => {
    expect(probe({ mariadb: true, version: version(10, 11, 6) })).toEqual(['REPLICA MONITOR ON *.*']);
    expect(probe({ mariadb: true, version: version(10, 5, 8) })).toEqual(['REPLICATION SLAVE ADMIN ON *.*']);
  });
});
