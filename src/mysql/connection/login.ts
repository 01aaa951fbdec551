/** How one account reaches the servers of a cluster: to watch, to inspect and to fence. */

import type { Clock } from '../../ports.ts';
import type { OpeningGate } from './opening-gate.ts';
import type { Access } from './session.ts';

export interface Login {
  readonly cluster: string;
  readonly user: string;
  readonly password: string;
  /**
   * `preferred`: TLS where the server has it. `required`: always, unchecked. `verify`: with a checked host.
   */
  readonly tls: 'disabled' | 'preferred' | 'required' | 'verify';
  /** PEM, used with `verify`. Absent: the certificate authorities of Node. */
  readonly ca?: Buffer | string;
  /** Without TLS: encrypt the password with a public key that nobody checks. Absent: refuse. */
  readonly allowPublicKeyRetrieval?: boolean;
  /** For the TCP connection, TLS, the login and the setup of the session together. */
  readonly connectTimeoutMs: number;
  /** For all queries of one probe together. */
  readonly queryTimeoutMs: number;
  readonly clock: Clock;
  /** Shared by all connections of a process for the same purpose. Absent: its own. */
  readonly gate?: OpeningGate;
}

export const accessOf = (
  { cluster, user, password, allowPublicKeyRetrieval = false }: Login,
  { tls, lookup }: Pick<Access, 'tls' | 'lookup'>,
): Access => ({ cluster, user, password, tls, allowPublicKeyRetrieval, lookup });
