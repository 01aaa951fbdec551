/** What all files of a set-up are made from: the answers, and what was found. Types only. */

import type { Fqdn, ServerAddress } from '../core/model/units.ts';

export interface Setup {
  readonly cluster: string;
  readonly mode: 'observe' | 'active';
  readonly servers: readonly SetupServer[];
  readonly mysql: SetupAccount;
  readonly names: { readonly source: Fqdn; readonly replicas: Fqdn | undefined };
  readonly nameserver: SetupNameserver;
  readonly zone: SetupZone;
  /** Take over the name, which exists without a ledger. */
  readonly adopt: boolean;
  readonly key: SetupKey;
  readonly places: SetupPlaces;
  readonly allowLoopback: boolean;
}

export interface SetupServer {
  readonly address: ServerAddress;
  readonly candidate: 'auto' | 'never';
  /** For a comment: what was found there. */
  readonly note: string;
}

export interface SetupAccount {
  readonly user: string;
  /** The host part of the account: a LIKE pattern of the addresses of source-dns. */
  readonly hosts: string;
  readonly tls: 'disabled' | 'preferred' | 'required' | 'verify';
  readonly caFile: string | undefined;
  /** Which GRANT statements fit. */
  readonly product: 'mysql' | 'mariadb';
}

export interface SetupNameserver {
  /** IP address or host name, without brackets. */
  readonly host: string;
  readonly port: number;
}

interface SetupZone {
  readonly name: Fqdn;
  /** The nameserver answers for it. */
  readonly exists: boolean;
  /** Every authoritative nameserver, the primary server first. Empty: none could be found. */
  readonly verify: readonly SetupNameserver[];
}

export interface SetupKey {
  /** Without the last dot. */
  readonly name: string;
  /** Absolute path of an existing file; undefined: the one in the output folder. */
  readonly file: string | undefined;
}

interface SetupPlaces {
  /** Where the files are at last, absolute: `/etc/source-dns`. */
  readonly installed: string;
  readonly stateDir: string;
  /** A folder of the nameserver that named can write to: keys and zone. */
  readonly bindFolder: string;
  /** What the unit starts. */
  readonly program: string;
}
