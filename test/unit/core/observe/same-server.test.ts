/** Shows when two addresses are one server, and when two servers only look like one. */

import { describe, expect, test } from 'vitest';
import { isSuperseded } from '../../../../src/core/decide/situation.ts';
import { decide } from '../../../../src/core/decide/table.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import type { MonoMs, ServerId } from '../../../../src/core/model/units.ts';
import { missingOf } from '../../../../src/core/report/missing.ts';
import {
  address,
  at,
  factsOf,
  type Given,
  given,
  ledgerOf,
  replicaOf,
  seen,
  uuid,
} from '../../../support/given.ts';

const home = address('host1');
const one = (over: Partial<ServerFacts> = {}) => seen(factsOf('db1', { home, ...over }));
const others = (servers: Given['servers'], over: Partial<Given> = {}) =>
  Object.fromEntries(
    given({ servers, ...over }).topology.servers.map((server) => [
      server.address.replace(':3306', ''),
      server.sameAs ?? server.duplicate,
    ]),
  );

describe('two addresses with one UUID', () => {
  test('are one server: the same process at the same host and port', () => {
    expect(others({ db1: one(), vip: one({ uptimeSeconds: 1002 }) })).toEqual({
      db1: false,
      vip: address('db1'),
    });
  });

  test('are one server, counted by the address that the ledger names', () => {
    expect(others({ vip: one(), db1: one() }, { ledger: ledgerOf('db1') })).toEqual({
      vip: address('db1'),
      db1: false,
    });
  });

  test('are not counted by an address that leads to another server now', () => {
    const ledger = ledgerOf('db1', { source: address('vip') });
    const moved = seen(factsOf('db2', { home: address('host2') }));
    expect(others({ db2: moved, vip: moved, db1: one() }, { ledger })).toEqual({
      db2: false,
      vip: address('db2'),
      db1: false,
    });
  });

  test('are one server, counted by its own name where both names have one address', () => {
    const peer = '192.0.2.3';
    for (const host of ['host1', 'host1.example.org'])
      expect(others({ db1: one({ peer }), [host]: one({ peer }) })).toEqual({
        db1: address(host),
        [host]: false,
      });
    expect(others({ vip: one({ peer: '192.0.2.9' }), host1: one({ peer }) })).toEqual({
      vip: false,
      host1: address('vip'),
    });
    // Both names are its own: the first one counts.
    const [first, second] = ['host1.example.org', 'host1'];
    expect(others({ [first]: one({ peer }), [second]: one({ peer }) })).toEqual({
      [first]: false,
      [second]: address(first),
    });
    expect(others({ db1: one({ peer }), host12: one({ peer }) })).toEqual({
      db1: false,
      host12: address('db1'),
    });
  });

  test('are two servers on two hosts, or on two ports: a copied data folder', () => {
    for (const elsewhere of [address('host2'), 'host1:3307' as const])
      expect(others({ db1: one(), db2: one({ home: elsewhere as typeof home }) })).toEqual({
        db1: true,
        db2: true,
      });
  });

  test('are two servers where both processes were seen after the later one began: a cloned machine', () => {
    expect(others({ db1: one(), db2: one({ uptimeSeconds: 500 }) })).toEqual({ db1: true, db2: true });
  });

  test('are one server where the older answer is from before its restart', () => {
    const before = {
      facts: factsOf('db1', { home, uptimeSeconds: 1000 }),
      factsAt: at(-6000).mono as MonoMs,
    };
    expect(others({ db1: one({ uptimeSeconds: 1 }), vip: undefined }, { memory: { vip: before } })).toEqual({
      db1: false,
      vip: address('db1'),
    });
  });

  test('are two servers where no server says where it runs', () => {
    expect(others({ db1: seen(factsOf('db1')), db2: seen(factsOf('db1')) })).toEqual({
      db1: true,
      db2: true,
    });
  });
});

describe('two addresses of MariaDB, which has no UUID', () => {
  const mariadb = (name: string) =>
    seen(
      factsOf(name, { flavour: 'mariadb', id: `mariadb:1@${address(name)}` as ServerId, serverId: 1, home }),
    );

  test('are one server by server_id, host and port; it is also superseded by its other address', () => {
    const was = [{ uuid: `mariadb:1@${address('vip')}` as ServerId, address: address('vip') }];
    const situation = given({
      servers: { db1: mariadb('db1'), vip: mariadb('vip'), db2: seen(factsOf('db2')) },
      ledger: ledgerOf('db2', { was }),
    });
    expect(situation.members.map((member) => member.address)).toEqual([address('db1'), address('db2')]);
    expect(isSuperseded(situation, situation.members[0]!)).toBe(true);
  });
});

test('are published as the only source, and no alarm says to remove auto.cnf', () => {
  const situation = given({ servers: { db1: one(), vip: one(), db2: seen(replicaOf('db1', 'db2')) } });
  expect(decide(situation)).toMatchObject({ reason: 'first-source', source: address('db1') });
  expect(situation.topology.followersOf(address('db1')).map(({ id }) => id)).toEqual([uuid('db2')]);
  const missing = situation.topology.servers.flatMap((server) => missingOf(situation, server)).join('; ');
  expect(missing).toContain(`it is the server ${address('db1')}, and is counted under that address`);
  expect(missing).not.toContain('auto.cnf');
});
