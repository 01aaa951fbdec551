/** The encryption of our connections. */

import type { WallMs } from '../../core/model/units.ts';
import type { Check } from '../check.ts';
import { type Found, warning } from '../found.ts';
import { type Answering, onServer, serverCheck, tlsOn } from './cluster-view.ts';

/** Days before the end of a certificate at which the doctor begins to warn. */
const certificateDays = 14;
const dayMs = 86_400_000;

export const encryptionCheck: Check = serverCheck(
  { name: 'encryption', codes: ['tls-absent', 'certificate-expires'], ok: 'the connection is as configured' },
  (server, view) =>
    view.cluster.mysql.tls === 'disabled' ? [] : [...absent(server), ...certificate(server, view.wall)],
);

function absent(server: Answering): readonly Found[] {
  if (server.report.encrypted) return [];
  return [
    warning(
      'tls-absent',
      'the server has no TLS, so source-dns asks it without ("tls: preferred")',
      tlsOn(server),
    ),
  ];
}

function certificate(server: Answering, wall: WallMs): readonly Found[] {
  const until = Date.parse(server.report.status.get('ssl_server_not_after') ?? '');
  if (!Number.isFinite(until) || until - wall > certificateDays * dayMs) return [];
  return [
    warning(
      'certificate-expires',
      `the certificate of the server is valid until ${new Date(until).toISOString()}; put a new one in its place`,
      onServer(server.address, [server.report.traits.mariadb ? 'FLUSH SSL;' : 'ALTER INSTANCE RELOAD TLS;']),
    ),
  ];
}
