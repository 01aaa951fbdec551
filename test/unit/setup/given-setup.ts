/** A set-up to vary. */

import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import { filesOf } from '../../../src/setup/all-files.ts';
import type { NewFile } from '../../../src/setup/new-files.ts';
import type { Setup } from '../../../src/setup/setup.ts';
import { textOfFile } from '../../support/checkout.ts';

export const given = (over: Partial<Setup> = {}): Setup => ({
  cluster: 'shop',
  mode: 'observe',
  servers: [
    { address: 'db1.example.com:3306' as ServerAddress, candidate: 'auto', note: 'source' },
    { address: '[2001:db8::2]:3307' as ServerAddress, candidate: 'never', note: 'a replica' },
  ],
  mysql: { user: 'source_dns', hosts: '10.0.0.%', tls: 'preferred', caFile: undefined, product: 'mysql' },
  names: {
    source: 'source.shop.db.example.com.' as Fqdn,
    replicas: 'replicas.shop.db.example.com.' as Fqdn,
  },
  nameserver: { host: '192.0.2.53', port: 53 },
  zone: {
    name: 'db.example.com.' as Fqdn,
    exists: true,
    verify: [
      { host: '192.0.2.53', port: 53 },
      { host: '2001:db8::54', port: 53 },
    ],
  },
  adopt: false,
  key: { name: 'source-dns-key', file: undefined },
  places: {
    installed: '/etc/source-dns',
    stateDir: '/var/lib/source-dns',
    bindFolder: '/var/lib/bind',
    program: '/usr/bin/source-dns',
  },
  allowLoopback: false,
  ...over,
});

export const secrets = {
  password: 'pass$&word',
  key: 'c2VjcmV0LXNlY3JldC1zZWNyZXQ=',
  transferKey: 'dHJhbnNmZXI=',
};
export const unit = textOfFile('systemd/source-dns.service');

export const files = (setup: Setup): readonly NewFile[] => filesOf(setup, secrets, unit);
export const textOf = (setup: Setup, name: string): string =>
  files(setup).find((file) => file.name === name)?.text ?? '';
