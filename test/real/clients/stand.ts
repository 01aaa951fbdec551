/**
 * What the following pool is tried on: two MySQL servers that know nothing of each other, a nameserver, and
 * ledgers that the tests write. Each test has a name of its own.
 */

import { randomBytes } from 'node:crypto';
import type { Ledger } from '../../../src/core/model/ledger.ts';
import type { Fqdn, MonoMs } from '../../../src/core/model/units.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import type { DnsClient } from '../../../src/dns/client/dns-client.ts';
import type { Mysqld } from '../../../src/lab/servers/mysqld.ts';
import { type MysqlServers, startMysqlServers } from '../../support/servers/mysql-fixture.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { openClient, verifyAt } from '../contract/open-client.ts';
import { ledgerStrings } from './written-ledger.ts';

export type Which = 'a' | 'b';

/** What a ledger says; the rest is always the same. */
export interface Written {
  readonly epoch: number;
  readonly source: Which;
  /** Default: its own. */
  readonly uuid?: string;
  readonly form?: Partial<Ledger['form']>;
}

const updateMs = 20_000;
/** `example.com` is the zone of the name in a certificate. */
const zones = ['lab.test', 'example.com'] as const;
const zoneText = (zone: string): string =>
  `zone "${zone}" { type primary; file "@folder@/${zone}.db"; update-policy { grant one zonesub ANY; }; };`;

export class Stand {
  readonly mysql: MysqlServers;
  readonly named: NamedFixture;
  readonly password = randomBytes(12).toString('hex');
  readonly #client: DnsClient;
  readonly #uuids: Readonly<Record<Which, string>>;

  private constructor(
    mysql: MysqlServers,
    named: NamedFixture,
    client: DnsClient,
    uuids: Record<Which, string>,
  ) {
    this.mysql = mysql;
    this.named = named;
    this.#client = client;
    this.#uuids = uuids;
  }

  /** `options`: of mysqld. */
  static async start(options: (index: number) => readonly string[] = () => []): Promise<Stand> {
    const named = await startNamed(zones.map(zoneText).join('\n'), { zones });
    const mysql = await startMysqlServers(2, { options });
    const client = await openClient(named.named, {
      keyText: named.keyText(named.keys.one),
      verify: [verifyAt(named.named)],
    });
    const [a = '', b = ''] = await Promise.all(
      mysql.servers.map(async (server) =>
        String((await server.sql('SELECT @@server_uuid AS uuid'))[0]?.['uuid']),
      ),
    );
    const stand = new Stand(mysql, named, client, { a, b });
    for (const server of mysql.servers)
      await server.sql(
        'CREATE DATABASE shop',
        'CREATE TABLE shop.orders (n INT, KEY (n))',
        `CREATE USER 'web'@'127.0.0.%' IDENTIFIED BY '${stand.password}'`,
        "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO 'web'@'127.0.0.%'",
        "GRANT FILE ON *.* TO 'web'@'127.0.0.%'",
      );
    return stand;
  }

  server(which: Which): Mysqld {
    return this.mysql.servers[which === 'a' ? 0 : 1] as Mysqld;
  }

  uuid(which: Which): string {
    return this.#uuids[which];
  }

  get nameserver(): string {
    const { address, port } = this.named.named;
    return `${address}:${port}`;
  }

  /** Writes the ledger of this name anew. */
  async publish(name: string, { epoch, source, uuid, form }: Written): Promise<void> {
    const strings = ledgerStrings({
      epoch,
      server: this.server(source),
      uuid: uuid ?? this.uuid(source),
      form,
    });
    await this.write(name, strings);
  }

  /** Writes any text in the place of a ledger. */
  async write(name: string, strings: readonly string[]): Promise<void> {
    const owner = `_source-dns.${name}.` as Fqdn;
    const zone = `${zones.find((each) => name.endsWith(each))}.` as Fqdn;
    const deadline = (systemClock.mono() + updateMs) as MonoMs;
    const outcome = await this.#client.update({
      plan: {
        zone,
        prerequisites: [],
        changes: [
          { kind: 'delete-rrset', name: owner, type: 'TXT' },
          { kind: 'add-rrset', rrset: { name: owner, type: 'TXT', ttlSeconds: 1, rdata: [strings] } },
        ],
      },
      notAfter: deadline,
      deadline,
    });
    if (outcome.kind !== 'applied') throw new Error(outcome.failure.message);
  }

  /** The orders that a server has, ascending; twice what was written twice. */
  async orders(which: Which, from: number, to: number): Promise<readonly number[]> {
    const rows = await this.server(which).sql(
      `SELECT n FROM shop.orders WHERE n BETWEEN ${from} AND ${to} ORDER BY n`,
    );
    return rows.map(({ n }) => Number(n));
  }

  /** The connections of applications, but for those that sleep in a statement: they notice their end late. */
  async connected(which: Which): Promise<number> {
    const awake = "user = 'web' AND COALESCE(state, '') <> 'User sleep'";
    const sql = `SELECT COUNT(*) AS count FROM performance_schema.processlist WHERE ${awake}`;
    return Number((await this.server(which).sql(sql))[0]?.['count']);
  }

  async stop(): Promise<void> {
    await this.#client.close();
    await this.mysql.stop();
    await this.named.stop();
  }
}
