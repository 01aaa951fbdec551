/** The servers of a scenario. */

import { join } from 'node:path';
import { findFreePort, withFreePort } from '../host/free-ports.ts';
import { type Accounts, makeAccounts } from './accounts.ts';
import type { Product, ProductName } from './products.ts';
import { isPortTaken, type SqlServer } from './sql-server.ts';

export interface LabServer {
  readonly name: string;
  readonly mysqld: SqlServer;
  /** `address:port`, as in the configuration of source-dns. */
  readonly server: string;
}

/** All use one port. */
export interface Cluster {
  /** The first server is the source at the beginning. */
  readonly all: readonly [LabServer, ...LabServer[]];
  readonly port: number;
  readonly accounts: Accounts;
  /** An orderly shutdown. */
  stop(): Promise<void>;
  /** For servers without valuable data: a group would take long to dissolve in order. */
  kill9(): Promise<void>;
}

/** The servers of a scenario, and their my.cnf. None of them replicates yet. */
export interface ClusterPlan {
  readonly product: ProductName;
  /** The first server is the source at the beginning. */
  readonly names: readonly string[];
  /** Plugins of MySQL that the scenario needs. */
  readonly plugins?: readonly string[];
  /** The servers are a group that elects its source. */
  readonly elects?: true;
  /** What each server starts with. */
  readonly readOnly: (index: number) => boolean;
  readonly options?: (place: Place) => readonly string[];
}

export interface Place {
  readonly index: number;
  /** `address:port` of each server, for group communication. */
  readonly groupAddresses: readonly string[];
}

/** Hosts for the servers, instead of loopback. */
interface Hosts {
  readonly addresses: readonly string[];
  /** A LIKE pattern of the clients of the servers. */
  readonly clients: string;
  /** See LaunchOptions. */
  through(index: number): readonly string[];
}

interface Ports {
  readonly port: number;
  readonly groupAddresses: readonly string[];
}

const hostPorts = { port: 3306, group: 33_061 };
/** A group needs an address of an interface, and `lo` has this one: its members differ by port. */
const groupAddress = '127.0.0.1';

/** Starts all servers at once. Rejects with a LabError, and then leaves nothing behind. */
export async function startCluster(
  plan: ClusterPlan,
  product: Product,
  folder: string,
  hosts?: Hosts,
): Promise<Cluster> {
  const accounts = makeAccounts();
  const addresses = hosts?.addresses ?? plan.names.map((_, index) => `127.0.0.${11 + index}`);
  const start = async ({ port, groupAddresses }: Ports): Promise<LabServer[]> => {
    const servers = plan.names.map((name, index): LabServer => {
      const address = addresses[index] ?? '';
      const mysqld = product.server({
        folder: join(folder, name.toLowerCase().replace(' ', '-')),
        address,
        port,
        serverId: index + 1,
        readOnly: plan.readOnly(index),
        initSql: product.accountSql(accounts, hosts?.clients),
        options: plan.options?.({ index, groupAddresses }) ?? [],
        through: hosts?.through(index) ?? [],
      });
      return { name, mysqld, server: `${address}:${port}` };
    });
    const started = await Promise.allSettled(servers.map(({ mysqld }) => mysqld.start()));
    const failed = started.find((result) => result.status === 'rejected');
    if (failed === undefined) return servers;
    await Promise.all(servers.map(({ mysqld }) => mysqld.kill9()));
    throw failed.reason;
  };
  const onHosts = {
    port: hostPorts.port,
    groupAddresses: addresses.map((address) => `${address}:${hostPorts.group}`),
  };
  const all =
    hosts === undefined
      ? await withFreePort(() => findPorts(addresses), start, { isTaken: isPortTaken })
      : await start(onHosts);
  const [first, ...others] = all;
  if (first === undefined) throw new Error('a cluster of no servers');
  return {
    all: [first, ...others],
    port: first.mysqld.port,
    accounts,
    stop: async () => {
      await Promise.all(all.map(({ mysqld }) => mysqld.stop()));
    },
    kill9: async () => {
      await Promise.all(all.map(({ mysqld }) => mysqld.kill9()));
    },
  };
}

async function findPorts(addresses: readonly string[]): Promise<Ports> {
  const port = await findFreePort(addresses);
  const taken = [port];
  for (const _ of addresses) taken.push(await findFreePort([groupAddress], { butNot: taken }));
  return { port, groupAddresses: taken.slice(1).map((each) => `${groupAddress}:${each}`) };
}
