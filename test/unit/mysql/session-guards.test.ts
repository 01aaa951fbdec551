/** What a connection gives away: nothing to a server whose certificate is not the right one, and no file of ours to any server. */

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

/** The first packet of a server that can do everything which a client might misuse. */
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

/** A server that greets, speaks TLS with this certificate, and keeps what a client says when it logs in. `host`: how it is configured. */
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
      // The request for TLS is as long as this; what comes behind it is TLS already.
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
  const cases: readonly (readonly [string, boolean, Certificate, string, Certificate])[] = [
    ['the certificate of this address', true, forLoopback, '127.0.0.1', forLoopback],
    ['a certificate for localhost, which an address is not', false, forLocalhost, '127.0.0.1', forLocalhost],
    ['the certificate of another server', false, forAnother, '127.0.0.1', forAnother],
    ['a certificate that has expired', false, expired, '127.0.0.1', expired],
    ['a certificate of another authority', false, forLoopback, '127.0.0.1', forAnother],
    ['the certificate of this name', true, forLocalhost, 'localhost', forLocalhost],
    ['the certificate of the address that the name has', false, forLoopback, 'localhost', forLoopback],
  ];

  test.each(cases)('%s: logs in: %s', async (_, logsIn, certificate, host, { cert }) => {
    const { address, logins } = await tlsServer(certificate, host);
    const probe = await proberOf(address, { tls: 'verify', ca: cert, connectTimeoutMs: 5000 }).probe(
      address,
      deadline(5000),
    );
    expect(logins).toHaveLength(logsIn ? 1 : 0);
    expect(probe).toMatchObject({
      kind: 'alive',
      failure: { code: logsIn ? 'mysql-1045' : expect.stringMatching(/^tls-/) },
    });
  });

  test('trusts no certificate without an authority that is given, or that Node brings', async () => {
    const { address, logins } = await tlsServer(forLoopback);
    await proberOf(address, { tls: 'verify', connectTimeoutMs: 5000 }).probe(address, deadline(5000));
    expect(logins).toEqual([]);
  });
});

describe('a server without TLS, or somebody on the way who says so', () => {
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

describe('a server that asks for a file of ours', () => {
  const access: readonly (readonly [string, Partial<ProberOptions>])[] = [
    ['required', { tls: 'required' }],
    ['preferred', { tls: 'preferred' }],
  ];

  test.each(access)('was told before that there is none (tls: %s)', async (_, options) => {
    const { address, logins } = await tlsServer(forAnother);
    await proberOf(address, { ...options, connectTimeoutMs: 5000 }).probe(address, deadline(5000));
    expect(logins).toHaveLength(1);
    // Header of four bytes, then the client's capabilities (protocol 4.1).
    expect((logins[0]?.readUInt32LE(4) ?? 0) & clientLocalFiles).toBe(0);
    expect((logins[0]?.readUInt32LE(4) ?? 0) & clientSsl).toBe(clientSsl);
  });
});
