/** A server that we accepted lets us come back sooner. One that we refused leaves nothing. */

import { connect, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { encrypt, type Tls, tlsOf } from '../../../../src/mysql/connection/tls.ts';
import { type Certificate, forAnother, forLoopback } from '../../../support/certificates.ts';

/** It greets each client, and ends: then the client has read the session, too. */
async function serverWith(
  certificate: Certificate,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<ServerAddress> {
  const server = createServer({ ...certificate, maxVersion }, (socket) => {
    socket.on('error', () => undefined);
    socket.end('hello');
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}` as ServerAddress;
}

/** Whether the session of an earlier connection was used; or why there is no TLS. */
async function visit(server: ServerAddress, tls: Tls): Promise<boolean | Error> {
  const socket: Socket = connect(Number(server.split(':')[1]), '127.0.0.1');
  const [error, isReused] = await new Promise<[Error | undefined, boolean]>((resolve) => {
    const stream: TLSSocket = encrypt(socket, server, tls, (reason) => {
      if (reason !== undefined) resolve([reason, false]);
    });
    stream.on('error', () => undefined).resume();
    stream.once('secureConnect', () => {
      const isReused = stream.isSessionReused();
      stream.once('end', () => resolve([undefined, isReused]));
    });
  });
  socket.destroy();
  return error ?? isReused;
}

test('the second connection to a server goes on with the session of the first one', async () => {
  const tls = tlsOf({ tls: 'verify', ca: forLoopback.cert }) as Tls;
  const server = await serverWith(forLoopback);
  expect([await visit(server, tls), await visit(server, tls)]).toEqual([false, true]);
});

// In TLS 1.2 the session comes before we know whether the certificate is for this host.
test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'with %s, a server with the certificate of another one is refused each time',
  async (version) => {
    const tls = tlsOf({ tls: 'verify', ca: forAnother.cert }) as Tls;
    const server = await serverWith(forAnother, version);
    for (let times = 0; times < 2; times += 1)
      expect(await visit(server, tls)).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(tls.sessions.has(server)).toBe(false);
  },
);

test('all clusters with the same options share one context, and checked ones none with unchecked ones', () => {
  const ca = forLoopback.cert;
  expect(tlsOf({ tls: 'required' })).toBe(tlsOf({ tls: 'preferred' }));
  expect(tlsOf({ tls: 'verify', ca })).toBe(tlsOf({ tls: 'verify', ca: Buffer.from(ca) }));
  const all = [tlsOf({ tls: 'required' }), tlsOf({ tls: 'verify' }), tlsOf({ tls: 'verify', ca })];
  expect(new Set(all).size).toBe(3);
  expect(tlsOf({ tls: 'disabled' })).toBeUndefined();
});
