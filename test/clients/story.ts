/** What happens to three servers while applications write. Each chapter begins when a source was lost. */

import { setTimeout as delay } from 'node:timers/promises';
import {
  catchUpFromPeers,
  executed,
  executedOf,
  makeReadOnly,
  makeWritable,
  replicateFrom,
  replicating,
  stopReplicating,
} from '../../src/lab/dba/dba.ts';
import { until } from '../../src/lab/host/until.ts';
import type { Cluster, LabServer } from '../../src/lab/servers/cluster.ts';
import type { TracedStep } from '../bench/harness/trace-steps.ts';
import type { TracedDaemon } from '../bench/harness/traced-daemon.ts';
import type { Application } from './application.ts';
import type { Row } from './judge.ts';

/** Writes, and transactions, of each application in each chapter. */
const enough = 4;
/** From the hang of the source to the promotion. */
const pauseMs = 300;

export const threeServers = {
  product: 'MySQL',
  names: ['A', 'B', 'C'],
  readOnly: (index: number) => index > 0,
  options: () => ['--replica-parallel-workers=1', '--innodb-buffer-pool-size=16M'],
} as const;

const isAnswerOf =
  (server: string) =>
  (step: TracedStep): boolean =>
    step.event === 'observed' && step.server === server;

const asks = ({ effects }: TracedStep, server: string): boolean =>
  effects.some(([kind, asked]) => kind === 'probe' && asked === server);

export class Story {
  /** The UUID of the source in each chapter. */
  readonly sources: string[] = [];
  readonly #cluster: Cluster;
  readonly #servers: readonly [LabServer, LabServer, LabServer];
  readonly #say: (line: string) => void;
  #daemon: TracedDaemon | undefined;
  #applications: readonly Application[] = [];

  constructor(cluster: Cluster, say: (line: string) => void) {
    const [a, b, c] = cluster.all;
    if (b === undefined || c === undefined) throw new Error('the story has three servers');
    this.#cluster = cluster;
    this.#servers = [a, b, c];
    this.#say = say;
  }

  /** B and C replicate from A. In the table, each server writes down what ran on it. */
  async arrange(): Promise<void> {
    const [a, b, c] = this.#servers;
    await a.mysqld.sql(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.writes (n BIGINT AUTO_INCREMENT PRIMARY KEY, id VARCHAR(80), part INT, written_on VARCHAR(36))',
      'CREATE TRIGGER shop.written BEFORE INSERT ON shop.writes FOR EACH ROW SET NEW.written_on = @@server_uuid',
    );
    await this.#follow(a, b, c);
    await replicating([b, c]);
  }

  /** Resolves when the name answers with the first source. */
  async open(daemon: TracedDaemon): Promise<void> {
    this.#daemon = daemon;
    await this.#published(this.#servers[0]);
  }

  /** Resolves when every application has written in every chapter. */
  async tell(applications: readonly Application[]): Promise<void> {
    const [a, b, c] = this.#servers;
    this.#applications = applications;
    await this.#allWrite();

    this.#say('a switchover to B; A lives on as a replica');
    await makeReadOnly(a);
    await executed(b, await executedOf(a));
    await this.#promote(b);
    await this.#follow(b, a, c);
    await this.#nextChapter(b);

    this.#say('B hangs with its connections open, and a promotion of C; then B goes on, and takes writes');
    await replicating([a, c]);
    await b.mysqld.suspend();
    await delay(pauseMs);
    await catchUpFromPeers(c, [a], this.#cluster.accounts);
    await this.#promote(c);
    await this.#follow(c, a);
    await this.#nextChapter(c);
    b.mysqld.resume();
    await this.#allWrite();

    this.#say('kill -9 of C, and a promotion of A');
    await this.#rejoined(a);
    const noticed = await this.#noticing(c, a);
    await c.mysqld.kill9();
    await noticed();
    await this.#promote(a);
    await this.#nextChapter(a);

    this.#say('kill -9 of A; A starts again, and nobody promotes');
    await a.mysqld.kill9();
    await a.mysqld.start();
    await this.#nextChapter(a);
  }

  /** The rows of all servers, by id. A row that was replicated counts once. */
  async rows(): Promise<ReadonlyMap<string, readonly Row[]>> {
    await this.#servers[2].mysqld.start(['--super-read-only=ON', '--skip-replica-start']);
    const rows = new Map<string, Map<string, Row>>();
    for (const { mysqld } of this.#servers) {
      const found = await mysqld.sql('SELECT n, id, part, written_on FROM shop.writes');
      for (const { n, id, part, written_on: writtenOn } of found) {
        const ofId = rows.get(String(id)) ?? new Map<string, Row>();
        ofId.set(`${writtenOn}/${n}`, { id: String(id), part: Number(part), writtenOn: String(writtenOn) });
        rows.set(String(id), ofId);
      }
    }
    return new Map([...rows].map(([id, found]) => [id, [...found.values()]]));
  }

  async #follow(source: LabServer, ...replicas: readonly LabServer[]): Promise<void> {
    await Promise.all(replicas.map((replica) => replicateFrom(replica, source, this.#cluster.accounts)));
  }

  async #promote(server: LabServer): Promise<void> {
    await stopReplicating(server);
    await makeWritable(server);
  }

  /** From here on every application must write to this server. */
  async #nextChapter(source: LabServer): Promise<void> {
    await this.#published(source);
    for (const each of this.#applications) each.turnPage();
    await this.#allWrite();
  }

  async #allWrite(): Promise<void> {
    await Promise.all(this.#applications.map((each) => each.wrote(enough)));
  }

  /** Resolves when every nameserver answers with this server. */
  async #published({ server }: LabServer): Promise<void> {
    let said = '';
    const follows = async () => {
      const { ledger, publications, decision } = await this.#snapshot();
      said = decision.sentence;
      if (ledger?.source !== server || publications[0]?.propagation?.complete !== true) return false;
      this.sources.push(ledger.uuid);
      return true;
    };
    await until(`the name to follow to ${server}`, follows).catch((error: unknown) => {
      throw new Error(`source-dns did not follow to ${server}: ${said}`, { cause: error });
    });
  }

  /**
   * Called before the source is lost. The function that it returns resolves when source-dns has missed the
   * source, and has then found the next source still closed. No replica will follow the next source, so only
   * its promotion can prove it; and a promotion that may have come before the loss proves nothing.
   */
  async #noticing({ server: lost }: LabServer, { server: next }: LabServer): Promise<() => Promise<void>> {
    const steps = () => this.#watching().steps('shop');
    const before = (await steps()).length;
    return () =>
      until(`source-dns to notice the loss of ${lost}`, async () => {
        const since = (await steps()).slice(before);
        const missed = since.findIndex((step) => isAnswerOf(lost)(step) && step.writable === undefined);
        if (missed < 0) return false;
        const asked = since.findIndex((step, index) => index >= missed && asks(step, next));
        return asked >= 0 && since.slice(asked + 1).some(isAnswerOf(next));
      });
  }

  /** Resolves when a former source may be the source again. */
  async #rejoined({ server }: LabServer): Promise<void> {
    await until(`${server} to rejoin`, async () => {
      const { ledger } = await this.#snapshot();
      return ledger?.was.every((former) => !former.endsWith(`@${server}`)) === true;
    });
  }

  async #snapshot() {
    return await this.#watching().snapshot('shop');
  }

  #watching(): TracedDaemon {
    if (this.#daemon === undefined) throw new Error('the story has no daemon yet');
    return this.#daemon;
  }
}
