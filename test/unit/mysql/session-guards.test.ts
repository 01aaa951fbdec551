/**
 * What a connection protects: the login, from servers with a wrong certificate; our files, from every server.
 */

import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { ProberOptions } from '../../../src/mysql/probe.ts';
import {
  type Certificate,
  expired,
  forAnother,
  forLocalhost,
  forLoopback,
} from '../../support/certificates.ts';
import { deadline, fake, packet, proberOf } from '../../support/false-server.ts';

/** protocol.h of MySQL. */
const clientLocalFiles = 0x80;
const clientSsl = 0x800;
const allCapabilities =
  0x1 | 0x4 | clientLocalFiles | 0x200 | clientSsl | 0x2000 | 0x8000 | 0x2_0000 | 0x8_0000;

/** The greeting of a server with every capability that could be misused. */
function greeting(capabilities: number): Buffer {
  const word = (value: number): Buffer => Buffer.from([value & 255, (value >> 8) & 255]);
  return packet(
    0,
    Buffer.concat([
      Buffer.from([10]),
      Buffer.from('9.7.4\0'),
      Buffer.from([1, 0, 0, 0]),
      Buffer.from('abcdefgh\0'),
      word(capabilities),
      Buffer.from([33]),
      word(2),
      word(capabilities >>> 16),
      Buffer.from([21]),
      Buffer.alloc(10),
      Buffer.from('abcdefghijkl\0caching_sha2_password\0'),
    ]),
  );
}

/** ER_ACCESS_DENIED_ERROR. */
const refused = Buffer.from([0xff, 0x15, 0x04, ...Buffer.from('No.')]);

/**
 * A server that greets, speaks TLS with this certificate, and records the logins. `host`: its configured
 * name.
 */
async function tlsServer(
  certificate: Certificate,
  host = '127.0.0.1',
): Promise<{ address: ServerAddress; logins: Buffer[] }> {
  const logins: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.write(greeting(allCapabilities));
    socket.once('readable', () => {
      // The request for TLS has this length; everything after it is TLS.
      if (socket.read(36) === null) return socket.destroy();
      const secure = new TLSSocket(socket, { isServer: true, ...certificate });
      secure.on('error', () => undefined);
      secure.once('data', (login: Buffer) => {
        logins.push(login);
        secure.end(packet(3, refused));
      });
      return undefined;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `${host}:${(server.address() as { port: number }).port}` as ServerAddress, logins };
}

describe('tls: verify', () => {
  const cases = [
    {
      what: 'the certificate of this address',
      logsIn: true,
      certificate: forLoopback,
      host: '127.0.0.1',
      ca: forLoopback,
    },
    {
      what: 'a certificate for localhost, which an address is not',
      logsIn: false,
      certificate: forLocalhost,
      host: '127.0.0.1',
      ca: forLocalhost,
    },
    {
      what: 'the certificate of another server',
      logsIn: false,
      certificate: forAnother,
      host: '127.0.0.1',
      ca: forAnother,
    },
    {
      what: 'a certificate that has expired',
      logsIn: false,
      certificate: expired,
      host: '127.0.0.1',
      ca: expired,
    },
    {
      what: 'a certificate of another authority',
      logsIn: false,
      certificate: forLoopback,
      host: '127.0.0.1',
      ca: forAnother,
    },
    {
      what: 'the certificate of this name',
      logsIn: true,
      certificate: forLocalhost,
      host: 'localhost',
      ca: forLocalhost,
    },
    {
      what: 'the certificate of the address that the name has',
      logsIn: false,
      certificate: forLoopback,
      host: 'localhost',
      ca: forLoopback,
    },
  ];

  test.each(cases)('$what: logs in: $logsIn', async ({ logsIn, certificate, host, ca }) => {
    const { address, logins } = await tlsServer(certificate, host);
    const probe = await proberOf(address, { tls: 'verify', ca: ca.cert, connectTimeoutMs: 5000 }).probe(
      address,
      deadline(5000),
    );
    expect(logins).toHaveLength(logsIn ? 1 : 0);
    expect(probe).toMatchObject({
      kind: 'alive',
      failure: { code: logsIn ? 'mysql-1045' : expect.stringMatching(/^tls-/) },
    });
  });

  test('trusts only certificates of a given authority, or of the authorities of Node', async () => {
    const { address, logins } = await tlsServer(forLoopback);
    await proberOf(address, { tls: 'verify', connectTimeoutMs: 5000 }).probe(address, deadline(5000));
    expect(logins).toEqual([]);
  });
});

describe('a server without TLS, or an attacker who claims so', () => {
  test.each([
    ['verify', 0],
    ['required', 0],
    ['preferred', 1],
    ['disabled', 1],
  ] as const)('tls: %s', async (tls, logins) => {
    let said = 0;
    const { address } = await fake((socket) => {
      socket.write(greeting(allCapabilities & ~clientSsl));
      socket.on('data', () => {
        said += 1;
        socket.end(packet(2, refused));
      });
    });
    const probe = await proberOf(address, { tls, connectTimeoutMs: 5000 }).probe(address, deadline(5000));
    expect(said).toBe(logins);
    expect(probe).toMatchObject({ failure: { code: logins === 1 ? 'mysql-1045' : 'tls-unsupported' } });
  });
});

describe('a server that asks for a file of this machine', () => {
  const access: readonly (readonly [string, Partial<ProberOptions>])[] = [
    ['required', { tls: 'required' }],
    ['preferred', { tls: 'preferred' }],
  ];

  test.each(access)('knows from the login that we send no files (tls: %s)', async (_, options) => {
    const { address, logins } = await tlsServer(forAnother);
    await proberOf(address, { ...options, connectTimeoutMs: 5000 }).probe(address, deadline(5000));
    expect(logins).toHaveLength(1);
    // Header of four bytes, then the client's capabilities (protocol 4.1).
    expect((logins[0]?.readUInt32LE(4) ?? 0) & clientLocalFiles).toBe(0);
    expect((logins[0]?.readUInt32LE(4) ?? 0) & clientSsl).toBe(clientSsl);
  });
});
