/**
 * Two MySQL servers, a nameserver and an application, each on a host of its own: so a test can let the
 * packets between two of them vanish, as a cut network does. Needs root.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { launch, type ServerProcess } from '../../../src/lab/host/processes.ts';
import { provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { provideMysql } from '../../../src/lab/programs/mysql-programs.ts';
import { Mysqld } from '../../../src/lab/servers/mysqld.ts';
import { formatTsigKey, generateTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import { addressOf, Network, removeNamespaces, sweepNamespaces } from '../chaos/network.ts';
import type { Which } from './stand.ts';
import { ledgerStrings } from './written-ledger.ts';

const name = 'source.shop.lab.test';
const mysqlPort = 3306;
const namedReadyMs = 60_000;
const nsupdateMs = 20_000;
const programMs = 110_000;
const hosts = { a: 'db1', b: 'db2', nameserver: 'ns1' } as const;
/** Not that of the chaos runs, which look for what they leave. */
const prefix = 'sdk';
const password = 'not a secret here';

/** What an application of the stand does: each of its writers has 1,000,000 numbers, from `first` on. */
interface Wishes {
  readonly writers: number;
  readonly first: number;
}

/** An application on a host of its own. */
export interface Application {
  /** What it has said so far. */
  readonly lines: readonly string[];
  /** Tells it to end its pool. Resolves when the process has ended by itself. */
  end(): Promise<void>;
}

export class CutStand {
  readonly #network: Network;
  readonly #folder: string;
  readonly #servers: Readonly<Record<Which, Mysqld>>;
  readonly #uuids: Record<Which, string> = { a: '', b: '' };
  readonly #keyText: string;
  #nsupdate = '';
  #epoch = 0;

  private constructor(network: Network, folder: string, servers: Record<Which, Mysqld>, keyText: string) {
    this.#network = network;
    this.#folder = folder;
    this.#servers = servers;
    this.#keyText = keyText;
  }

  static async start(): Promise<CutStand> {
    await sweepNamespaces(prefix);
    const network = new Network(`${prefix}${process.pid}`, undefined);
    await network.make();
    const programs = await provideMysql(() => undefined);
    const folder = await mkdtemp(join(tmpdir(), 'source-dns-cut-'));
    const server = (which: Which) =>
      new Mysqld(programs, {
        folder: join(folder, which),
        address: addressOf(hosts[which]),
        port: mysqlPort,
        serverId: which === 'a' ? 1 : 2,
        initSql: [
          `CREATE USER 'web'@'10.99.%' IDENTIFIED BY '${password}'`,
          "GRANT SELECT, INSERT ON shop.* TO 'web'@'10.99.%'",
        ],
        through: network.through(hosts[which]),
      });
    const key = formatTsigKey(generateTsigKey('update'));
    const stand = new CutStand(network, folder, { a: server('a'), b: server('b') }, key);
    await Promise.all([stand.#startServer('a'), stand.#startServer('b'), stand.#startNamed()]);
    return stand;
  }

  async #startServer(which: Which): Promise<void> {
    const server = this.#servers[which];
    await server.start();
    // Nothing keeps a number from being written twice.
    await server.sql('CREATE DATABASE shop', 'CREATE TABLE shop.orders (n INT, KEY (n))');
    const [row] = await server.sql('SELECT @@server_uuid AS uuid');
    this.#uuids[which] = String(row?.['uuid']);
  }

  async #startNamed(): Promise<void> {
    const programs = await provideBind(() => undefined);
    this.#nsupdate = programs.nsupdate;
    const address = addressOf('ns1');
    const file = (each: string) => join(this.#folder, each);
    const configuration = `options { directory "${this.#folder}"; listen-on port 53 { ${address}; }; listen-on-v6 { none; };
      pid-file none; session-keyfile none; recursion no; dnssec-validation no; notify no; };
      controls { };
      ${this.#keyText}
      zone "lab.test" { type primary; file "lab.test.db"; allow-update { key update; }; };`;
    await writeFile(file('named.conf'), configuration, { mode: 0o600 });
    await writeFile(file('update.key'), this.#keyText, { mode: 0o600 });
    await writeFile(
      file('lab.test.db'),
      `$TTL 60\n@ IN SOA ns1 hostmaster 1 10 2 604800 1\n@ IN NS ns1\nns1 IN A ${address}\n`,
    );
    const named: ServerProcess = launch('named', programs.named, ['-g', '-4', '-c', file('named.conf')], {
      cwd: this.#folder,
      logFile: file('named.log'),
      through: this.#network.through('ns1'),
    });
    await named.awaitLine(/ running$/, namedReadyMs);
  }

  /** The name leads there from now on. */
  async publish(which: Which): Promise<void> {
    this.#epoch += 1;
    const strings = ledgerStrings({
      epoch: this.#epoch,
      server: this.#servers[which],
      uuid: this.#uuids[which],
    });
    const owner = `_source-dns.${name}.`;
    const rdata = strings.map((each) => `"${each}"`).join(' ');
    const input = `server ${addressOf('ns1')} 53\nzone lab.test\nupdate delete ${owner} TXT\nupdate add ${owner} 1 TXT ${rdata}\nsend\n`;
    const [nsenter = '', ...inside] = this.#network.through('control');
    const key = join(this.#folder, 'update.key');
    await execa(nsenter, [...inside, this.#nsupdate, '-k', key], { input, timeout: nsupdateMs });
  }

  /** Packets between the application and this server vanish: both ways, or only those to the application. */
  async cut(which: keyof typeof hosts, ways: 'both' | 'answers'): Promise<void> {
    await this.#network.cut(hosts[which], 'app');
    if (ways === 'both') await this.#network.cut('app', hosts[which]);
  }

  /** Ends the cut, if there is one. */
  async mend(which: keyof typeof hosts): Promise<void> {
    await this.#network.join(hosts[which], 'app');
    await this.#network.join('app', hosts[which]);
  }

  /** The numbers that a server has, ascending; twice what was written twice. */
  async orders(which: Which, from: number, to: number): Promise<readonly number[]> {
    const rows = await this.#servers[which].sql(
      `SELECT n FROM shop.orders WHERE n BETWEEN ${from} AND ${to} ORDER BY n`,
    );
    return rows.map(({ n }) => Number(n));
  }

  /** Starts an application whose pool follows the name. */
  application(wishes: Wishes): Application {
    const options = {
      ...wishes,
      pool: { host: name, port: 1, user: 'web', password, connectionLimit: 10, connectTimeout: 600_000 },
      follow: { nameservers: [addressOf('ns1')], interval: '100ms', acquireTimeout: '10m' },
    };
    const [nsenter = '', ...inside] = this.#network.through('app');
    const file = join(import.meta.dirname, 'writes-through-cuts.mjs');
    const program = execa(nsenter, [...inside, process.execPath, file, JSON.stringify(options)], {
      timeout: programMs,
      buffer: false,
    });
    // Its end is awaited in `end`.
    program.catch(() => undefined);
    const lines: string[] = [];
    let rest = '';
    program.stdout.on('data', (piece: Buffer) => {
      const pieces = (rest + String(piece)).split('\n');
      rest = pieces.pop() ?? '';
      lines.push(...pieces);
    });
    return {
      lines,
      end: async () => {
        program.stdin.end();
        await program;
      },
    };
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.#servers).map((server) => server.kill9()));
    await removeNamespaces(`${prefix}${process.pid}-`);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
