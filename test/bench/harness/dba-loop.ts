/**
 * What DBAs run without source-dns: once a second `mysql -e 'select @@read_only'` on each server, and
 * `nsupdate` when another server is writable.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { type ProgramSet, type Progress, provideSet } from '../../../src/lab/programs/programs.ts';
import type { BindPair } from '../../../src/lab/servers/bind.ts';
import type { ReplicaPair } from './replica-pair.ts';

/** Its name must not begin as that of the set of mysqld: the cache is searched by prefix. */
const clientSet: ProgramSet = {
  name: 'client-of-mysql',
  main: 'mysql-client-core',
  wish: {
    packages: ['mysql-client-core'],
    suites: ['sid', 'trixie'],
    needed: (name) => /^z?lib/.test(name) && !/^lib(perl|gdbm|db5|c-gconv)|-common$/.test(name),
  },
  programs: ['usr/bin/mysql'],
  keep: ['usr/bin/mysql', 'usr/lib', 'usr/share/mysql'],
};

/** The path of the program `mysql`, from the cache or from Debian. */
export async function provideMysqlClient(progress: Progress): Promise<string> {
  return (await provideSet(clientSet, progress)).program('mysql');
}

interface DbaTools {
  readonly mysql: string;
  readonly nsupdate: string;
}

const everyMs = 1000;

export class DbaLoop {
  readonly #tools: DbaTools;
  readonly #pair: ReplicaPair;
  readonly #bind: BindPair;
  /** The name that it keeps. */
  readonly name: string;
  #published: string | undefined;
  #running = true;
  #loop: Promise<void> = Promise.resolve();

  private constructor(tools: DbaTools, pair: ReplicaPair, bind: BindPair) {
    this.#tools = tools;
    this.#pair = pair;
    this.#bind = bind;
    this.name = `source.${dbaCluster(pair.name)}.${bind.zone}`;
  }

  /** Resolves when the name is published; then looks again in a second. */
  static async start(tools: DbaTools, pair: ReplicaPair, bind: BindPair): Promise<DbaLoop> {
    const loop = new DbaLoop(tools, pair, bind);
    await loop.#look();
    loop.#loop = loop.#run();
    return loop;
  }

  /** Ends after the current look. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      await delay(everyMs);
      if (this.#running) await this.#look();
    }
  }

  async #look(): Promise<void> {
    for (const { mysqld } of this.#pair.cluster.all) {
      const { stdout, exitCode } = await execa(
        this.#tools.mysql,
        [
          '--no-defaults',
          '-N',
          '-u',
          'root',
          '-S',
          mysqld.socketPath,
          '--connect-timeout=1',
          '-e',
          'select @@read_only',
        ],
        { reject: false },
      );
      if (exitCode === 0 && stdout === '0' && mysqld.address !== this.#published)
        await this.#publish(mysqld.address);
    }
  }

  async #publish(address: string): Promise<void> {
    const { primary, zone, keyFile } = this.#bind;
    const name = `${this.name}.`;
    const input = [
      `server ${primary.address} ${primary.port}`,
      `zone ${zone}.`,
      `update delete ${name} A`,
      `update add ${name} 1 A ${address}`,
      'send',
      '',
    ].join('\n');
    await execa(this.#tools.nsupdate, ['-k', keyFile], { input });
    this.#published = address;
  }
}

/** Its name is that of such a cluster: the key must be allowed to change it. */
export const dbaCluster = (pair: string): string => `dba-${pair}`;
