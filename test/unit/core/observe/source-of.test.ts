/** Shows how the source of a MariaDB replica is found, and when a Galera node takes writes. */

import { describe, expect, test } from 'vitest';
import {
  type Channel,
  isWritable,
  type Probe,
  type ServerFacts,
} from '../../../../src/core/model/observation.ts';
import { newServer } from '../../../../src/core/model/state.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { observe } from '../../../../src/core/observe/observe.ts';
import { topologyOf } from '../../../../src/core/observe/topology.ts';
import { address, at, channelFrom, factsOf, replicaOf, seen, stateOf } from '../../../support/given.ts';

/** A MariaDB server with this `server_id`. */
function mariadb(name: string, serverId: number, over: Partial<ServerFacts> = {}): Probe {
  return seen(
    factsOf(name, {
      id: `mariadb:${serverId}@${address(name)}` as ServerId,
      flavour: 'mariadb',
      serverId,
      ...over,
    }),
  );
}

/**
 * A MariaDB replica of the server with this `server_id`; undefined: it has not been connected to its source.
 */
function replicaOfId(
  name: string,
  serverId: number,
  sourceServerId: number | undefined,
  over: Partial<Channel> = {},
): Probe {
  const { sourceId: _none, ...channel } = channelFrom('db9', over);
  return mariadb(name, serverId, {
    readOnly: true,
    channels: [{ ...channel, ...(sourceServerId !== undefined && { sourceServerId }) }],
  });
}

const upstreamOf = (servers: Readonly<Record<string, Probe | undefined>>) =>
  topologyOf(stateOf({ servers }), at(1)).servers.at(-1)?.upstreams[0];
const ourName = 'source.example:3306' as ServerAddress;

describe('the source of a MariaDB replica', () => {
  test('is the member with that server_id, whatever the address says (it may be the name that we publish)', () => {
    const servers = {
      db1: mariadb('db1', 11),
      db2: mariadb('db2', 12),
      db3: replicaOfId('db3', 13, 12, { sourceAddress: ourName }),
    };
    expect(upstreamOf(servers)).toMatchObject({ member: address('db2'), outsider: false });
    const { sourceAddress } = channelFrom('db1');
    expect(upstreamOf({ ...servers, db3: replicaOfId('db3', 13, 12, { sourceAddress }) })).toMatchObject({
      member: address('db2'),
    });
  });

  test('is, of two members with one server_id, the one with that address, or unknown', () => {
    const servers = { db1: mariadb('db1', 11), db2: mariadb('db2', 11) };
    expect(
      upstreamOf({ ...servers, db3: replicaOfId('db3', 13, 11, { sourceAddress: address('db2') }) }),
    ).toMatchObject({
      member: address('db2'),
    });
    const unclear = upstreamOf({ ...servers, db3: replicaOfId('db3', 13, 11, { sourceAddress: ourName }) });
    expect(unclear).toMatchObject({ outsider: false });
    expect(unclear?.member).toBeUndefined();
  });

  test('is an outsider when every member has shown another server_id', () => {
    const stranger = replicaOfId('db3', 13, 99, { sourceAddress: ourName });
    expect(upstreamOf({ db1: mariadb('db1', 11), db3: stranger })).toMatchObject({ outsider: true });
    expect(upstreamOf({ db1: undefined, db3: stranger })).toMatchObject({ outsider: false });
  });

  test('is known by its address while no server_id is known', () => {
    expect(
      upstreamOf({
        db1: mariadb('db1', 11),
        db3: replicaOfId('db3', 13, undefined, { sourceAddress: address('db1') }),
      }),
    ).toMatchObject({
      member: address('db1'),
      outsider: false,
    });
  });

  test('is no MySQL server: MySQL servers do not tell their server_id', () => {
    expect(upstreamOf({ db1: seen(replicaOf('db2', 'db1')), db3: replicaOfId('db3', 13, 1) })).toMatchObject({
      outsider: true,
    });
  });
});

describe('a Galera node takes writes', () => {
  const wsrep = {
    clusterUuid: 'c',
    primaryComponent: true,
    ready: true,
    state: 'synced',
    size: 3,
    index: 0,
    view: 3,
    lastCommitted: 7,
    closed: false,
    desynced: false,
  } as const;

  test.each([
    [{}, true],
    [{ state: 'donor' }, true],
    [{ primaryComponent: false }, false],
    [{ ready: false }, false],
    [{ closed: true }, false],
  ] as const)('%j: %s', (over, writable) => {
    expect(isWritable(factsOf('db1', { wsrep: { ...wsrep, ...over } }))).toBe(writable);
  });

  test('raises a suspicion when its state changes, not when it writes', () => {
    const first = observe(
      newServer({ address: address('db1'), candidate: 'auto' }, at(0).mono),
      seen(factsOf('db1', { wsrep })),
      at(0),
    ).memory;
    const suspiciousAfter = (over: object) =>
      observe(first, seen(factsOf('db1', { wsrep: { ...wsrep, ...over } })), at(1)).suspicious;
    expect([suspiciousAfter({}), suspiciousAfter({ lastCommitted: 8 })]).toEqual([false, false]);
    expect([
      suspiciousAfter({ state: 'donor' }),
      suspiciousAfter({ size: 2, view: 4 }),
      suspiciousAfter({ primaryComponent: false }),
    ]).toEqual([true, true, true]);
  });
});
