/** The one cluster of the simulated world: four servers, one name at one nameserver. */

import type { ClusterSettings } from '../../src/core/settings.ts';
import type { Fqdn, ServerAddress } from '../../src/core/units.ts';
import type { Weather } from './script.ts';

export const zoneName = 'example.test.' as Fqdn;
export const sourceName = 'db.example.test.' as Fqdn;
export const ledgerOwner = '_source-dns.db.example.test.' as Fqdn;
export const addresses = ['db1:3306', 'db2:3306', 'db3:3306', 'db4:3306'] as ServerAddress[];
export const instanceNames = ['east', 'west'] as const;
export type InstanceName = (typeof instanceNames)[number];

/** An observation counts for so long. */
export const freshForMs = 2500;

/** What clients get for that server. */
export const ipOf = (address: ServerAddress): string => `192.0.2.${addresses.indexOf(address) + 1}`;

/** The settings of one instance. Short times: a simulated minute shall hold many moves. */
export const settingsOf = (instance: InstanceName, { fudgeMs, probeTimeoutMs }: Weather): ClusterSettings => ({
  cluster: 'shop',
  instance,
  mode: 'active',
  servers: addresses.map((address) => ({ address, publish: [ipOf(address)], candidate: 'auto' })),
  watch: {
    intervalMs: 1000,
    suspectIntervalMs: 400,
    freshForMs,
    settleMs: 5000,
    goneAfterMs: 3_600_000,
    maxMoves: 20,
    maxMovesWindowMs: 60_000,
    probeTimeoutMs,
  },
  publications: [
    {
      nameserver: 'ns1',
      zone: zoneName,
      source: { name: sourceName, ttlSeconds: 5, type: 'address', srv: true },
      adopt: false,
      timeoutMs: 1000,
      fudgeMs,
    },
  ],
  onNoSource: 'keep',
  gtidGuard: 'warn',
  allowLoopback: false,
});
