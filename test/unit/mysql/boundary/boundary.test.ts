/** Packets at the wrong moment: each one costs one probe, and nothing else. */

import { describe, expect, test } from 'vitest';
import { deadline, falseMysqld, proberOf } from '../../../support/false-server.ts';
import { answer, at, expectSilence, failureOf, healthy, probeOf } from '../../../support/mended.ts';
import * as wire from '../../../support/wire.ts';

expectSilence();

const plainGreeting = wire.packet(0, wire.greeting({ tls: false }));
const tlsGreeting = wire.packet(0, wire.greeting({ tls: true }));
const cutError = Buffer.of(1, 0, 0, 0, 0xff);

describe('the boundary refuses before the login', () => {
  test.each<[string, Buffer]>([
    ['an error without a number', cutError],
    ['an error of three bytes (go-sql-driver 1535)', Buffer.of(3, 0, 0, 0, 0xff, 0x15, 4)],
    ['an empty packet', Buffer.of(0, 0, 0, 0)],
    ['16 MB that never come', Buffer.of(0xff, 0xff, 0xff, 0, 10)],
    ['a greeting of protocol 9', wire.packet(0, Buffer.from('\u0009' + '9.7.4\0'))],
    ['a greeting that ends after its version', wire.packet(0, Buffer.from('\n9.7.4\0'))],
    [
      'a greeting of a version before 4.1',
      wire.packet(0, wire.greeting({ tls: false, capabilities: 0x8_0000 })),
    ],
    ['a greeting with number 7', wire.packet(7, wire.greeting({ tls: false }))],
    ['a greeting and an OK', Buffer.concat([plainGreeting, wire.packet(1, wire.ok)])],
  ])('%s', async (_, bytes) => {
    const { probe } = await probeOf(at('greeting', () => bytes));
    expect(probe.kind).not.toBe('reachable');
    expect(failureOf(probe)?.message.length).toBeLessThan(300);
  });

  // Amazon RDS and proxies use any number (node-mysql2 528).
  test('the boundary reads an error with any packet number', async () => {
    const { probe } = await probeOf(
      at('greeting', () => wire.packet(1, wire.error(1040, 'Too many connections'))),
    );
    expect(failureOf(probe)).toMatchObject({ kind: 'alive', code: 'mysql-1040' });
  });

  // An attacker on the way can send this before the greeting: it counts only after it (MariaDB CONC-648).
  test('a server keeps its name when an error before the greeting says "offline mode"', async () => {
    const { probe } = await probeOf(
      at('greeting', () => wire.packet(0, wire.error(3032, 'The server is currently in offline mode'))),
    );
    expect(failureOf(probe)).toMatchObject({ kind: 'alive', code: 'mysql-3032' });
    expect(probe).not.toHaveProperty('servesNobody');
  });
});

describe('plain bytes after the greeting of a server with TLS (as in CVE-2021-23222)', () => {
  const verifying = { tls: 'verify' } as const;

  test.each<[string, Buffer]>([
    ['an OK', wire.packet(1, wire.ok)],
    ['an OK with the right number', wire.packet(2, wire.ok)],
    ['an error that was cut off', cutError],
    ['an error', wire.packet(2, wire.error(1045, 'Access denied'))],
    ['half a packet', Buffer.of(7, 0, 0, 2, 0)],
  ])('%s: the boundary refuses, and sends nothing', async (_, bytes) => {
    for (const options of [verifying, { tls: 'required' } as const]) {
      const script = at('greeting', () => Buffer.concat([tlsGreeting, bytes]), { ...healthy, tls: true });
      const server = await falseMysqld(script);
      const probe = await proberOf(server.address, options).probe(server.address, deadline());
      expect(failureOf(probe)).toMatchObject({
        kind: 'unknown',
        code: 'protocol-broken',
        message: expect.stringContaining('before TLS is up'),
      });
    }
  });
});

describe('without a query', () => {
  test.each<[string, Buffer]>([
    ['an error that was cut off', cutError],
    ['an error of two bytes', Buffer.of(2, 0, 0, 0, 0xff, 1)],
    ['an OK', wire.packet(0, wire.ok)],
    [
      'the result of the next question',
      Buffer.concat(wire.result([{ a: 'b' }]).map((payload, index) => wire.packet(index + 1, payload))),
    ],
    ['the head of a packet of 16 MB', Buffer.of(0xff, 0xff, 0xff, 0)],
    ['the beginning of an OK', Buffer.of(7, 0, 0, 1, 0)],
    [
      'a good-bye of MySQL (4031)',
      wire.packet(0, wire.error(4031, 'The client was disconnected by the server because of inactivity.')),
    ],
    ['a good-bye of MariaDB (1927)', wire.packet(0, wire.error(1927, 'Connection was killed'))],
  ])('%s: the connection ends, and the next probe opens a new one', async (_, bytes) => {
    for (const tls of [false, true]) {
      const server = await falseMysqld({ ...healthy, tls });
      const prober = proberOf(server.address, { tls: tls ? 'required' : 'disabled' });
      expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'reachable' });
      const lost = new Promise((resolve) => prober.onConnectionLost(resolve));
      server.connections[0]?.write(bytes);
      await lost;
      expect(await prober.probe(server.address, deadline())).toMatchObject({ kind: 'reachable' });
      expect(server.connections).toHaveLength(2);
    }
  });

  // go-sql-driver 1393: the good-bye crosses our query, and has number 0.
  test('a good-bye that crosses the query ends the connection, and is no answer', async () => {
    const { probe } = await probeOf(
      answer((connection) =>
        connection.write(
          wire.packet(
            0,
            wire.error(4031, 'The client was disconnected by the server because of inactivity.'),
          ),
        ),
      ),
    );
    expect(failureOf(probe)).toMatchObject({ kind: 'alive', code: 'mysql-4031' });
  });
});
