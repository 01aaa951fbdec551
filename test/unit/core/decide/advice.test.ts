/** Shows the statement that makes a server a replica, for each product and version. */

import { describe, expect, test } from 'vitest';
import { following, starting } from '../../../../src/core/decide/advice.ts';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { address, channelFrom, factsOf } from '../../../support/given.ts';

describe('the statement that makes a server a replica fits its product and version', () => {
  const version = (major: number, minor: number, patch: number) => ({
    version: { major, minor, patch, text: '' },
  });
  const mariadb = (minor: number, current: string) => {
    const set = (text: string) => parseMariadbGtids(text)!;
    const positions = { replica: set('0-1-10'), current: set(current) };
    return factsOf('db2', { flavour: 'mariadb', ...version(10, minor, 2), positions });
  };
  test.each([
    [
      'MySQL',
      factsOf('db2'),
      '',
      "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_PORT = 3306, SOURCE_AUTO_POSITION = 1; START REPLICA",
    ],
    [
      'to a channel with a name',
      factsOf('db2'),
      "o'x",
      "STOP REPLICA FOR CHANNEL 'o''x'; CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_PORT = 3306, SOURCE_AUTO_POSITION = 1 FOR CHANNEL 'o''x'; START REPLICA FOR CHANNEL 'o''x'",
    ],
    [
      'MySQL 8.0.22',
      factsOf('db2', version(8, 0, 22)),
      '',
      "STOP REPLICA; CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_PORT = 3306, MASTER_AUTO_POSITION = 1; START REPLICA",
    ],
    [
      'MySQL 5.7',
      factsOf('db2', version(5, 7, 44)),
      '',
      "STOP SLAVE; CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_PORT = 3306, MASTER_AUTO_POSITION = 1; START SLAVE",
    ],
    [
      'MariaDB',
      mariadb(11, '0-1-10'),
      'c1',
      "STOP REPLICA 'c1'; CHANGE MASTER 'c1' TO MASTER_HOST = 'db1', MASTER_PORT = 3306, MASTER_USE_GTID = slave_pos; START REPLICA 'c1'",
    ],
    [
      'MariaDB that has written',
      mariadb(11, '0-2-12'),
      '',
      "STOP REPLICA; CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_PORT = 3306, MASTER_USE_GTID = slave_pos, MASTER_DEMOTE_TO_SLAVE = 1; START REPLICA",
    ],
    [
      'MariaDB 10.4 that has written',
      mariadb(4, '0-2-12'),
      '',
      "STOP SLAVE; CHANGE MASTER TO MASTER_HOST = 'db1', MASTER_PORT = 3306, MASTER_USE_GTID = current_pos; START SLAVE",
    ],
  ])('%s', (_, server, channel, statement) =>
    expect(following(server, address('db1'), channel)).toBe(statement),
  );

  test('the statement names the new channel beside a channel from another cluster: without a name it would mean that one', () => {
    const crm = channelFrom('db9', { name: 'crm' });
    expect(following(factsOf('db2', { channels: [crm] }), address('db1'))).toMatch(
      /= 1 FOR CHANNEL ''; START REPLICA FOR CHANNEL ''$/,
    );
    expect(starting(factsOf('db2', { channels: [channelFrom('db1')] }), '')).toBe('START REPLICA');
  });

  test('the statement tells the account to a server that has no channel', () => {
    expect(following(factsOf('db2'), '[2001:db8::1]:3307' as ServerAddress)).toBe(
      "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '2001:db8::1', SOURCE_PORT = 3307, SOURCE_USER = 'USER', SOURCE_PASSWORD = 'PASSWORD', SOURCE_SSL = 1, SOURCE_AUTO_POSITION = 1; START REPLICA",
    );
  });
});
