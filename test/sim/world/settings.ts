/**
 * The one cluster of the simulated world: its servers, its name, and which key may change what in the zone.
 */

import type { ClusterSettings } from '../../../src/core/model/settings.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import { tsigKey } from '../../../src/dns/message/tsig.ts';
import type { Shape, Weather } from './script.ts';

export const zoneName = 'example.test.' as Fqdn;
export const sourceName = 'db.example.test.' as Fqdn;
export const ledgerOwner = '_source-dns.db.example.test.' as Fqdn;
export const srvName = '_mysql._tcp.db.example.test.' as Fqdn;
export const replicasName = 'replicas.db.example.test.' as Fqdn;
export const grantedNames = [sourceName, ledgerOwner, srvName, replicasName];

/** A world has the first of these servers. */
const allAddresses = ['db1:3306', 'db2:3306', 'db3:3306', 'db4:3306', 'db5:3306'] as ServerAddress[];
export const addressesOf = ({ servers }: Pick<Shape, 'servers'>): readonly ServerAddress[] =>
  allAddresses.slice(0, servers);

/** A world has the first two instances, or all. */
export const instanceNames = ['east', 'west', 'north'] as const;
export type InstanceName = (typeof instanceNames)[number];

const secret = Buffer.from('only the instances and ns1 know it');
export const serverKey = { name: 'source-dns.' as Fqdn, digest: 'sha256', secret } as const;
export const clientKey = tsigKey(serverKey.name, 'hmac-sha256', secret);

/** Where the nameservers are. */
export const nameserverHosts: ReadonlyMap<string, 'ns1' | 'ns2'> = new Map([
  ['198.51.100.1', 'ns1'],
  ['198.51.100.2', 'ns2'],
]);

/** In a cluster of two, weak evidence must last for so many milliseconds. */
export const settleMs = 5000;
/** A replica with a higher lag is not published. */
export const maxLagMs = 10_000;
/** The longest time of one exchange with the nameserver. */
export const exchangeMs = 1000;

/** Of the name. */
export const ttlSeconds = 5;

/** The longest time of one fence. */
export const fenceMs = 5000;

/** The address that clients get for this server. */
export const ipOf = (address: ServerAddress): string => `192.0.2.${allAddresses.indexOf(address) + 1}`;
/** An address without a server. */
export const nowhere = '192.0.2.99';
/** What clients get where the name is an alias. */
export const hostOf = (address: ServerAddress): Fqdn => `${address.split(':')[0]}.` as Fqdn;

/** The settings of one instance. Times are short, so that a simulated minute holds many moves. */
export const settingsOf = (
  instance: InstanceName,
  { fudgeMs, probeTimeoutMs }: Weather,
  shape: Shape,
): ClusterSettings => ({
  cluster: 'shop',
  instance,
  mode: 'active',
  servers: addressesOf(shape).map((address) => ({
    address,
    candidate: 'auto',
    ...(shape.resolves ? {} : { publish: [ipOf(address)] }),
  })),
  watch: {
    ...shape.pace,
    suspectIntervalMs: 400,
    settleMs,
    goneAfterMs: 3_600_000,
    maxMoves: 20,
    maxMovesWindowMs: 60_000,
    probeTimeoutMs,
  },
  publications: [
    {
      nameserver: 'ns1',
      zone: zoneName,
      source: { name: sourceName, ttlSeconds, type: shape.alias ? 'cname' : 'address', srv: true },
      ...(shape.replicas
        ? { replicas: { name: replicasName, ttlSeconds: 5, maxLagMs, whenEmpty: shape.replicas } }
        : {}),
      adopt: false,
      timeoutMs: exchangeMs,
      fudgeMs,
    },
  ],
  ...(shape.fences ? { fence: { timeoutMs: fenceMs, kill: 'clients' } } : {}),
  onNoSource: shape.withdraws ? 'withdraw' : 'keep',
  gtidGuard: shape.guarded ? 'hold' : 'warn',
  allowLoopback: false,
});
