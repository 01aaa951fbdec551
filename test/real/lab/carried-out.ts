/** A person who does what `advise` prints, statement by statement, beside the service that watches. */

import { expect } from 'vitest';
import type { Advice, Check, Procedure, Step, Wish } from '../../../src/core/model/procedure.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { ServerSnapshot, Snapshot } from '../../../src/core/report/snapshot-types.ts';
import { systemRandom } from '../../../src/daemon/clock.ts';
import { type ClusterRuntime, createClusterRuntime } from '../../../src/daemon/runtime.ts';
import type { SqlServer } from '../../../src/lab/servers/sql-server.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { settings as settingsWith } from '../../support/fakes.ts';
import { nameserver, smallWorld } from '../../support/small-world.ts';
import { clock, proberFor, until } from './probing.ts';

interface Servers {
  readonly servers: readonly SqlServer[];
  readonly port: number;
  readonly password: string;
}

/** What a person writes in the place of USER. */
interface Accounts {
  /** Of source-dns. */
  readonly watcher: string;
  readonly replication: string;
}

type Row = Readonly<Record<string, unknown>>;

const settingsOf = (servers: readonly ServerAddress[]) => {
  const { watch } = settingsWith();
  return settingsWith({
    servers: servers.map((address) => ({ address, candidate: 'auto' as const })),
    watch: {
      ...watch,
      intervalMs: 100,
      suspectIntervalMs: 50,
      freshForMs: 2000,
      settleMs: 300,
      maxMoves: 100,
    },
    allowLoopback: true,
  });
};

/** Real servers, the service with a zone in memory, and the person. */
export class Operated {
  readonly addresses: readonly ServerAddress[];
  /** Every statement that was run, checks included. */
  readonly ran = new Set<string>();
  readonly #lab: Servers;
  readonly #accounts: Accounts;
  readonly #runtime: ClusterRuntime;
  readonly #prober: ServerProber;
  readonly #bugs: unknown[] = [];

  static async start(lab: Servers, accounts: Accounts): Promise<Operated> {
    const made = await smallWorld().maker.zoneClient(nameserver(), () => {});
    if (made.kind === 'failed') throw new Error(made.failure.message);
    const addresses = lab.servers.map(({ address }) => `${address}:${lab.port}` as ServerAddress);
    const prober = proberFor(addresses, lab.password, { user: accounts.watcher });
    return new Operated({ lab, accounts, addresses, prober, zone: made.client });
  }

  private constructor({
    lab,
    accounts,
    addresses,
    prober,
    zone,
  }: {
    lab: Servers;
    accounts: Accounts;
    addresses: readonly ServerAddress[];
    prober: ServerProber;
    zone: Parameters<typeof createClusterRuntime>[0]['zoneClients'] extends ReadonlyMap<string, infer Client>
      ? Client
      : never;
  }) {
    this.#lab = lab;
    this.#accounts = accounts;
    this.addresses = addresses;
    this.#prober = prober;
    this.#runtime = createClusterRuntime({
      settings: settingsOf(addresses),
      remembered: [],
      prober,
      zoneClients: new Map([['ns1', zone]]),
      clock,
      random: systemRandom,
      onRecord: () => {},
      onBug: (error) => this.#bugs.push(error),
    });
    this.#runtime.start();
  }

  async stop(): Promise<void> {
    await this.#runtime.stop();
    await this.#prober.close();
    expect(this.#bugs).toEqual([]);
  }

  /** The address of a server by its index. */
  at(index: number): ServerAddress {
    return this.addresses[index]!;
  }

  sees(wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    return until(() => this.#runtime.snapshot(), wanted);
  }

  /** The configuration without this server. */
  async unconfigure(server: ServerAddress): Promise<void> {
    await this.#runtime.reconfigure(settingsOf(this.addresses.filter((address) => address !== server)));
  }

  /** The name answers with this server, these replicate, and no former source is left. */
  async isHealthy(source: ServerAddress, replicas: number): Promise<void> {
    const roles = ({ servers }: Snapshot, role: ServerSnapshot['role']) =>
      servers.filter((server) => server.role === role).map(({ server }) => server);
    const seen = await this.sees(
      (snapshot) =>
        snapshot.decision.reason === 'steady' &&
        snapshot.ledger?.was.length === 0 &&
        roles(snapshot, 'source').join() === source &&
        roles(snapshot, 'replica').length === replicas &&
        snapshot.servers.every(({ alarms }) => alarms.length === 0),
    );
    expect(seen.ledger?.source).toBe(source);
  }

  /** Asks again until the advice is as wanted. */
  advice(wish: Wish, wanted: (advice: Advice) => boolean): Promise<Advice> {
    return until(() => this.#runtime.advice(wish), wanted);
  }

  /** The procedures of that aim for that server. */
  async procedures(wish: Wish, aim: Wish['aim'], server: ServerAddress): Promise<readonly Procedure[]> {
    const advice = await this.advice(
      wish,
      (given) => given.kind === 'procedures' && given.aim === aim && given.server === server,
    );
    return advice.kind === 'procedures' ? advice.procedures : [];
  }

  /** Runs each statement and each check in its order. `known`: what the person wrote down earlier. */
  async carryOut(
    { steps }: Procedure,
    known: ReadonlyMap<string, string> = new Map(),
  ): Promise<Map<string, string>> {
    const notes = new Map(known);
    for (const step of steps) if (step.on !== null) await this.#run(step, notes);
    return notes;
  }

  async #run(step: Step, notes: Map<string, string>): Promise<void> {
    const server = this.#lab.servers[this.addresses.indexOf(step.on!)]!;
    const connection = await server.connect();
    try {
      for (const statement of step.statements) {
        const [rows] = await connection.query(this.#filled(statement, notes)).catch((error: unknown) => {
          // CLONE ends a server without a supervisor.
          if (!statement.startsWith('CLONE') || (error as { errno?: number }).errno !== 3707)
            throw new Error(`${step.on}: ${statement}`, { cause: error });
          return [[]];
        });
        this.ran.add(statement);
        if (statement.startsWith('CLONE')) await server.restart(['--super-read-only=ON']);
        for (const { column, placeholder } of Array.isArray(rows) ? step.keep : [])
          notes.set(placeholder, String((rows as Row[])[0]?.[column]));
      }
    } finally {
      connection.destroy();
    }
    for (const check of step.verify) await this.#verify(server, check, notes);
  }

  async #verify(server: SqlServer, { statement, expect: expected }: Check, notes: Map<string, string>) {
    this.ran.add(statement);
    const filled = this.#filled(statement, notes);
    const answer = () => server.sql(filled);
    await until(answer, (rows) => answersAs(rows, expected)).catch((error: unknown) => {
      throw new Error(`${filled} must answer ${expected}`, { cause: error });
    });
  }

  #filled(statement: string, notes: ReadonlyMap<string, string>): string {
    let text = statement
      .replaceAll("'USER'", `'${this.#accounts.replication}'`)
      .replaceAll("'PASSWORD'", `'${this.#lab.password}'`);
    for (const [placeholder, value] of notes)
      text = text.replaceAll(new RegExp(`(?<![A-Z_])${placeholder}(?![A-Z_])`, 'g'), value);
    return text;
  }
}

/** As documented for `Check.expect`. */
function answersAs(rows: readonly Row[], expected: string): boolean {
  if (expected === 'Empty set') return rows.length === 0;
  const [row] = rows;
  if (row === undefined || rows.length > 1) return false;
  if (!/^\w+: /.test(expected)) return Object.values(row).join(', ') === expected;
  return expected.split(/, (?=\w+: )/).every((part) => {
    const [column = ''] = part.split(': ');
    return String(row[column]) === part.slice(column.length + 2);
  });
}
