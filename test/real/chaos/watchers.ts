/** The instances of source-dns in a chaos world, and their clocks. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askDaemon } from '../../../src/http/client.ts';
import { type DaemonProcess, startDaemon } from '../../../src/lab/stage/daemon-process.ts';
import { type ChaosCluster, type ChaosServer, fenceUser } from './cluster.ts';
import type { Nameservers } from './nameservers.ts';
import { addressOf, type HostName, type Network } from './network.ts';
import type { WatcherNumber } from './plan.ts';

export const zoneName = 'lab.test';
export const sourceName = `source.shop.${zoneName}`;
export const replicasName = `replicas.shop.${zoneName}`;

/**
 * Loaded before source-dns: its wall clock is off by the content of a file, which is read again at SIGUSR2.
 * No other way sets the clock of one process.
 */
const clockModule = (file: string): string =>
  `data:text/javascript,${encodeURIComponent(
    `import { readFileSync } from 'node:fs';
     const now = Date.now.bind(Date);
     let offset = 0;
     const read = () => { try { offset = Number(readFileSync(${JSON.stringify(file)}, 'utf8')); } catch { offset = 0; } };
     read();
     process.on('SIGUSR2', read);
     Date.now = () => now() + offset;`,
  )}`;

/** For a command whose update may have to be sent again. */
const commandMs = 20_000;

/** One instance of source-dns, on a host of its own. */
export class Watcher {
  readonly number: WatcherNumber;
  readonly host: HostName;
  readonly folder: string;
  readonly #program: readonly string[];
  readonly #through: readonly string[];
  #daemon: DaemonProcess | undefined;
  /** The instance was told to end. */
  #ending = false;
  #crashes: string[] = [];

  constructor(number: WatcherNumber, network: Network, folder: string, entry: string) {
    this.number = number;
    this.host = `w${number}`;
    this.folder = join(folder, this.host);
    this.#through = network.through(this.host);
    this.#program = [process.execPath, '--import', clockModule(this.#clockFile), entry];
  }

  get #clockFile(): string {
    return join(this.folder, 'clock');
  }

  /** How often the instance ended without an order, and its last output; the count begins anew. */
  takeCrashes(): readonly string[] {
    const crashes = this.#crashes;
    this.#crashes = [];
    return crashes;
  }

  get running(): boolean {
    return this.#daemon?.process.running === true;
  }

  /** Writes the configuration as a user would, with every default. `fences`: with `fence:`. */
  async configure(cluster: ChaosCluster, { pair }: Nameservers, fences: boolean): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const passwordFile = join(this.folder, 'mysql.password');
    await writeFile(passwordFile, `${cluster.accounts.watcher}\n`, { mode: 0o600 });
    const text = `instance: ${this.host}
state_dir: ${join(this.folder, 'state')}
clusters:
  shop:
    servers: [${cluster.servers.map(({ server }) => `"${server}"`).join(', ')}]
    mysql: { user: source_dns, password_file: ${passwordFile} }
${fences ? `    fence: { user: ${fenceUser}, password_file: ${passwordFile} }\n` : ''}    # A round moves the name more often than any operator does.
    watch: { max_moves: 100, max_moves_window: 1s }
    publish:
      nameserver: ns1
      zone: ${zoneName}.
      source: { name: ${sourceName}., ttl: 1, srv: true }
      replicas: { name: ${replicasName}., ttl: 1 }
nameservers:
  ns1:
    address: ${addressOf('ns1')}
    key_file: ${pair.keyFile}
    verify: ["${addressOf('ns1')}:53", "${addressOf('ns2')}:53"]
`;
    await writeFile(join(this.folder, 'source-dns.yaml'), text);
  }

  /** Starts the instance, unless it runs. `forgets`: its history is gone. */
  async start(forgets = false): Promise<void> {
    if (this.running) return;
    const stateDir = join(this.folder, 'state');
    if (forgets) await rm(stateDir, { recursive: true, force: true });
    await mkdir(stateDir, { recursive: true, mode: 0o750 });
    this.#daemon = await startDaemon(
      this.#program,
      { file: join(this.folder, 'source-dns.yaml'), stateDir },
      this.folder,
      this.#through,
    );
    this.#ending = false;
    const { process } = this.#daemon;
    void process.exited.then(({ code, signal }) => {
      if (!this.#ending)
        this.#crashes.push(
          `${this.host} ended by itself (${signal ?? code}): ${process.log.tail().slice(-2000)}`,
        );
    });
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.#ending = true;
    await this.#daemon?.process.kill();
  }

  async stop(): Promise<void> {
    this.#ending = true;
    await this.#daemon?.stop();
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#daemon?.process.signal(signal);
  }

  /** The clock of the instance is off by so much from now on. */
  async setClock(offsetMs: number): Promise<void> {
    await writeFile(this.#clockFile, `${offsetMs}`);
    this.#daemon?.process.signal('SIGUSR2');
  }

  /** As `source-dns follow --force`: true when the name leads there. */
  async follow({ server }: ChaosServer): Promise<boolean> {
    const result = await askDaemon(join(this.folder, 'state', 'api.sock'), {
      method: 'POST',
      path: '/v1/clusters/shop/follow',
      body: { server, force: true },
      timeoutMs: commandMs,
    });
    return result.kind === 'document';
  }

  /** What the instance says of itself: for the report of a violation, never for a verdict. */
  async says(): Promise<string> {
    if (!this.running) return 'does not run';
    try {
      const { decision, alarms, ledger } = await (this.#daemon as DaemonProcess).snapshot();
      return `${decision.kind} ${decision.reason}: ${decision.sentence} alarms [${alarms.map(({ code }) => code).join(' ')}] was [${(ledger?.was ?? []).join(' ')}]`;
    } catch (error) {
      return String(error).slice(0, 300);
    }
  }
}
