/** The prober against servers that refuse, hang, lie, or are no MySQL servers. */

import { describe, expect, test } from 'vitest';
import type { Probe, Unasked } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { lightTraitsQueries, rowsQuery, uptimeQuery } from '../../../src/mysql/flavour/flavour.ts';
import type { Clock } from '../../../src/ports.ts';
import {
  answering,
  clock,
  deadline,
  errorPacket,
  fake,
  packet,
  proberOf,
} from '../../support/false-server.ts';

const failureOf = (probe: Probe | Unasked) => (probe.kind === 'reachable' ? undefined : probe.failure);

describe('a server that refuses before the login', () => {
  test.each([1040, 1042, 1043, 1044, 1045, 1129, 1130, 1203, 1226, 1251, 1275])(
    'with error %i is alive',
    async (errno) => {
      const { address } = await fake((socket) => socket.end(errorPacket(errno, 'No.')));
      expect(await proberOf(address).probe(address, deadline())).toMatchObject({
        kind: 'alive',
        failure: { code: `mysql-${errno}`, message: `${address}: No.` },
      });
    },
  );

  test('is not alive where it says good-bye', async () => {
    const { address } = await fake((socket) => socket.end(errorPacket(1053, 'Server shutdown in progress')));
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'mysql-1053' },
    });
  });

  test.each(['5.6.51', '10.4.34-MariaDB', 'what?'])(
    'an unsupported version (%s) is alive',
    async (version) => {
      const { address, asked } = await answering(() => [{ version }]);
      expect(await proberOf(address).probe(address, deadline())).toMatchObject({
        kind: 'alive',
        failure: {
          code: 'version-unsupported',
          message: `${address}: runs version ${version}, which is not supported`,
          hint: expect.stringContaining('MariaDB 10.5.2'),
        },
      });
      // A server of an unknown version gets no query of a probe.
      expect(asked).toEqual([rowsQuery, ...lightTraitsQueries, uptimeQuery]);
    },
  );
});

describe('a server that answers only some queries', () => {
  test('is alive: MariaDB does not show its replication status while it waits for an applier to stop', async () => {
    const { address } = await answering((sql) => {
      if (sql === lightTraitsQueries[0]) return [{ version: '10.11.18-MariaDB', account: 'source_dns@%' }];
      return sql.startsWith('SHOW ALL') ? undefined : [{ Value: '60' }];
    });
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'alive',
      failure: {
        code: 'deadline',
        message: expect.stringMatching(/^127\.0\.0\.1:\d+: did not answer all queries within 5\d\d ms$/),
      },
    });
  });

  test('is unknown when it answers no query of a probe', async () => {
    const { address } = await answering((sql) => {
      if (sql === lightTraitsQueries[0]) return [{ version: '10.11.18-MariaDB', account: 'source_dns@%' }];
      // Nothing after it either: a server answers in order.
      const isProbe = sql.includes('@@global.server_id') || sql.startsWith('SHOW ALL');
      return isProbe ? undefined : [{ Value: '60' }];
    });
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'deadline', message: expect.stringMatching(/no answer within/) },
    });
  });
});

describe('a listener that', () => {
  test('says nothing runs into the deadline, and loses the connection', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const { address, sockets } = await fake((socket) => socket.on('close', closed).resume());
    const prober = proberOf(address, { connectTimeoutMs: 100 });
    expect(await prober.probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'deadline' },
    });
    await gone;
    expect(await prober.probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'deadline' },
    });
    expect(sockets).toHaveLength(2);
  });

  test('hangs up is unknown', async () => {
    const { address } = await fake((socket) => socket.end());
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'connection-lost' },
    });
  });

  test('resets the connection is unknown', async () => {
    const { address } = await fake((socket) => socket.resetAndDestroy());
    expect(await proberOf(address).probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'connection-lost' },
    });
  });

  test.each([
    'SSH-2.0-OpenSSH_9.2p1\r\n',
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '\u0000'.repeat(9),
    '\n\u0000\u0000\u0000\n9.7.4',
  ])('is no MySQL server is unknown (%j)', async (text) => {
    for (const hangUp of [true, false]) {
      const { address } = await fake((socket) => (hangUp ? socket.end(text) : socket.write(text)));
      expect((await proberOf(address).probe(address, deadline(200))).kind).not.toBe('reachable');
    }
  });

  test('sends random packets gives a failure, never an exception', async () => {
    let state = 99;
    const byte = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 24;
    };
    for (let round = 0; round < 60; round += 1) {
      const body = Buffer.from(Array.from({ length: 1 + (byte() % 120) }, byte));
      if (round % 2 === 0) body[0] = 10;
      const { address } = await fake((socket) => socket.end(packet(0, body)));
      const probe = await proberOf(address).probe(address, deadline(500));
      expect(probe.kind).not.toBe('reachable');
      expect(failureOf(probe)!.message.length).toBeLessThan(300);
    }
  });
});

describe('the prober', () => {
  test('gives the password to no other server', async () => {
    const { address, sockets } = await fake((socket) => socket.end());
    const prober = proberOf('127.0.0.1:1' as ServerAddress);
    expect(await prober.probe(address, deadline())).toMatchObject({
      kind: 'unknown',
      failure: { code: 'not-a-server' },
    });
    expect(sockets).toEqual([]);
  });

  test('asks a server within its scopes on demand, and closes the connection on release', async () => {
    const { address, sockets } = await fake(() => undefined);
    const loopback = { kind: 'network', address: { family: 4, bytes: [127, 0, 0, 0] }, bits: 8 } as const;
    const prober = proberOf('127.0.0.1:1' as ServerAddress, { discoverWithin: [loopback] });
    for (const outside of ['db4.lan:3306', '10.1.2.3:3306', '[::1]:3306'] as ServerAddress[])
      expect(failureOf(await prober.probe(outside, deadline()))?.code).toBe('not-a-server');
    expect(sockets).toEqual([]);
    const lost: ServerAddress[] = [];
    prober.onConnectionLost((server) => lost.push(server));
    const probing = prober.probe(address, deadline());
    while (sockets.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const ended = new Promise((resolve) => sockets[0]?.once('close', resolve));
    prober.release(address);
    await ended;
    expect(failureOf(await probing)?.code).toBe('closed');
    // A configured server is not released.
    prober.release('127.0.0.1:1' as ServerAddress);
    expect(failureOf(await prober.probe('127.0.0.1:1' as ServerAddress, deadline()))?.code).not.toBe(
      'closed',
    );
    // The server may be discovered again.
    void prober.probe(address, deadline());
    while (sockets.length === 1) await new Promise((resolve) => setImmediate(resolve));
    await prober.close();
    expect(failureOf(await prober.probe(address, deadline()))?.code).toBe('closed');
    expect(lost).toEqual([]);
  });

  test.each([
    ['configured', 1],
    ['discovered', 0],
  ])('asks a %s server %d times for its replicas', async (which, times) => {
    const { address, asked } = await answering((sql) => {
      if (sql === lightTraitsQueries[0]) return [{ version: '10.11.18-MariaDB', account: 'source_dns@%' }];
      return [{ Value: '60' }];
    });
    const loopback = { kind: 'network', address: { family: 4, bytes: [127, 0, 0, 0] }, bits: 8 } as const;
    const servers = [{ address: which === 'configured' ? address : ('127.0.0.1:1' as ServerAddress) }];
    await proberOf(address, { servers, discoverWithin: [loopback] }).probe(address, deadline());
    expect(asked.filter((sql) => sql === 'SHOW REPLICAS' || sql === 'SHOW SLAVE HOSTS')).toHaveLength(times);
    await proberOf(address, { servers: [{ address }] }).probe(address, deadline());
    expect(asked.filter((sql) => sql === 'SHOW REPLICAS' || sql === 'SHOW SLAVE HOSTS')).toHaveLength(times);
  });

  test('says that it is closed', async () => {
    const { address } = await fake(() => undefined);
    const prober = proberOf(address);
    const probing = prober.probe(address, deadline());
    await prober.close();
    expect(failureOf(await probing)?.code).toBe('closed');
    expect(failureOf(await prober.probe(address, deadline()))?.code).toBe('closed');
  });

  test('resolves names by the deadline', async () => {
    const prober = proberOf('127.0.0.1:1' as ServerAddress);
    expect(await prober.resolve('10.1.2.3:3306' as ServerAddress, deadline())).toEqual({
      kind: 'addresses',
      addresses: ['10.1.2.3'],
    });
    expect(await prober.resolve('[2001:db8::1]:3306' as ServerAddress, deadline())).toEqual({
      kind: 'addresses',
      addresses: ['2001:db8::1'],
    });
    const local = await prober.resolve('localhost:3306' as ServerAddress, deadline());
    expect(local).toMatchObject({ kind: 'addresses', addresses: expect.arrayContaining(['127.0.0.1']) });
    const late: Clock = {
      ...clock,
      after: (_, callback) => {
        callback();
        return () => undefined;
      },
    };
    const impatient = proberOf('127.0.0.1:1' as ServerAddress, { clock: late });
    expect(await impatient.resolve('localhost:3306' as ServerAddress, deadline())).toMatchObject({
      kind: 'failed',
      failure: { code: 'deadline' },
    });
  });
});
