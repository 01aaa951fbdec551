/** Shows what is wrong in a list of asynchronous connection failover. */

import { describe, expect, test } from 'vitest';
import { failoverListAlarm } from '../../../../src/core/alarm/failover-list-alarm.ts';
import { memberAt } from '../../../../src/core/decide/spelled-servers.ts';
import type { Channel, FailoverSource } from '../../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import {
  address,
  channelFrom,
  factsOf,
  fqdn,
  given,
  ledgerOf,
  publicationSettings,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

const listed = (name: string, weight: number, managed?: string): FailoverSource => ({
  address: (name.includes(':') ? name : `${name}:3306`) as ServerAddress,
  weight,
  ...(managed === undefined ? {} : { managed }),
});

/** db2 was published after db1, which has not rejoined. db3 replicates from db2 with this list. */
function alarmsOf(failoverSources: readonly FailoverSource[], over: Partial<Channel> = {}) {
  const situation = given({
    servers: {
      db1: silent,
      db2: seen(factsOf('db2')),
      db3: seen(
        replicaOf('db2', 'db3', {
          channels: [channelFrom('db2', { autoFailover: true, failoverSources, ...over })],
        }),
      ),
    },
    ledger: ledgerOf('db2', { was: [{ uuid: uuid('db1'), address: address('db1') }] }),
    settings: {
      publications: [
        publicationSettings({
          source: { name: fqdn('source.example.'), ttlSeconds: 5, type: 'address', srv: false },
        }),
      ],
    },
  });
  return failoverListAlarm(situation, situation.members[2]!);
}

describe('the alarm about a failover list', () => {
  test('is silent about members that are not superseded, in any spelling, and about the name that we publish', () => {
    expect(alarmsOf([])).toEqual([]);
    expect(
      alarmsOf([
        listed('db2', 60),
        listed('db3', 50),
        listed('db2.example.com', 50),
        listed('192.0.2.2', 50),
      ]),
    ).toEqual([]);
    expect(alarmsOf([listed('source.example', 60)])).toEqual([]);
  });

  test('names and counts a former source, by each of its names', () => {
    for (const name of ['db1', 'db1.example.com', '192.0.2.1'])
      expect(alarmsOf([listed(name, 60)])).toMatchObject([
        { code: 'failover-list', subject: 'db3:3306', count: 1 },
      ]);
  });

  test('says that the replica leaves its source for a former source with a higher weight', () => {
    const [alarm] = alarmsOf([listed('db1', 80), listed('db2', 60)]);
    expect(alarm!.sentence).toBe(
      "db3:3306 may switch to db1:3306 by itself (default channel, weight 80), a former source that has not rejoined. It does so as soon as db1:3306 answers: its present source has only weight 60. Until it has rejoined, remove it from the list: SELECT asynchronous_connection_failover_delete_source('', 'db1', 3306, '');",
    );
    expect(alarmsOf([listed('db1', 60), listed('db2', 60)])[0]!.sentence).not.toContain('as soon as');
    expect(alarmsOf([listed('db1', 80)])[0]!.sentence).not.toContain('as soon as');
  });

  test('is silent about a former source that a managed group put on the list', () =>
    expect(alarmsOf([listed('db1', 80, 'g')])).toEqual([]));

  test('names a server that is not configured, also a configured host with another port', () => {
    expect(alarmsOf([listed('db9', 60)])).toMatchObject([
      { count: 0, sentence: expect.stringContaining("'db9', 3306") },
    ]);
    expect(alarmsOf([listed('db2:3307', 60)])).toMatchObject([{ count: 0 }]);
    expect(alarmsOf([listed('db9', 60, 'g')])[0]!.sentence).toContain(
      'Add it to the servers: the group g put it there.',
    );
  });

  test('quotes the names of channels and hosts', () => {
    expect(alarmsOf([listed('db9', 60)], { name: "o'clock\\" })[0]!.sentence).toContain(
      "delete_source('o''clock\\\\', 'db9'",
    );
  });

  test('is silent about the lists of the source itself: another cluster owns them', () => {
    const channels = [channelFrom('db9', { autoFailover: true, failoverSources: [listed('db8', 50)] })];
    const situation = given({
      servers: { db1: seen(factsOf('db1', { channels })), db2: seen(replicaOf('db1', 'db2')) },
      ledger: ledgerOf('db1'),
    });
    expect(failoverListAlarm(situation, situation.members[0]!)).toEqual([]);
  });
});

test('an address is a member when a channel shows the identity of that member there', () => {
  const alias = 'primary.internal:3306' as ServerAddress;
  const servers = {
    db1: seen(factsOf('db1')),
    db2: seen(replicaOf('db1', 'db2', { channels: [channelFrom('db1', { sourceAddress: alias })] })),
  };
  const situation = given({ servers, ledger: ledgerOf('db1') });
  expect(memberAt(situation, alias)?.address).toBe('db1:3306');
  expect(memberAt(situation, 'other.internal:3306' as ServerAddress)).toBeUndefined();
});
