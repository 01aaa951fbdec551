import { join } from 'node:path';
import { findFreePort, withFreePort } from '../host/free-ports.ts';
import { type Accounts, makeAccounts } from './accounts.ts';
import type { Product, ProductName } from './products.ts';
import { isPortTaken, type SqlServer } from './sql-server.ts';

/** One server, with the name that the scenario gives it. */
export interface LabServer {
  readonly name: string;
  readonly mysqld: SqlServer;
  /** `address:port`, as source-dns is configured with it. */
  readonly server: string;
}

/** The servers of a scenario, all on one port. */
export interface Cluster {
  /** The first one is the source at the beginning. */
  readonly all: readonly [LabServer, ...LabServer[]];
  readonly port: number;
  readonly accounts: Accounts;
  /** An orderly shutdown of all. */
  stop(): Promise<void>;
  /** The end of servers whose data nobody wants: a group would take its time to see them off one by one. */
  kill9(): Promise<void>;
}

/** Which servers a scenario has, and what is in their my.cnf. None of them replicates yet. */
export interface ClusterPlan {
  readonly product: ProductName;
  /** The first one is the source at the beginning. */
  readonly names: readonly string[];
  /** Plugins of MySQL without which it cannot be played. */
  readonly plugins?: readonly string[];
  /** They are a group that elects its source by itself. */
  readonly elects?: true;
  /** What each starts with. */
  readonly readOnly: (index: number) => boolean;
  readonly options?: (place: Place) => readonly string[];
}

/** One server's place among all. */
export interface Place {
  readonly index: number;
  /** `address:port` of each server for the communication of a group. */
  readonly groupAddresses: readonly string[];
}

/** Where the servers run, where that is not loopback: hosts that nobody else is on. */
interface Hosts {
  readonly addresses: readonly string[];
  /** A pattern of LIKE for the clients of the servers. */
  readonly clients: string;
  /** See LaunchOptions. */
  through(index: number): readonly string[];
}

interface Ports {
  readonly port: number;
  readonly groupAddresses: readonly string[];
}

const hostPorts = { port: 3306, group: 33_061 };
/** A group wants an address that an interface has, and `lo` has this one: on loopback its members differ by port. */
const groupAddress = '127.0.0.1';

/** Starts all at once. Rejects with a LabError; nothing is left behind then. */
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
