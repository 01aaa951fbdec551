/** What the steps of a scenario play on, and what most of them do there. */

import type { Alarm } from '../../core/model/events.ts';
import { LabError } from '../host/lab-error.ts';
import { until } from '../host/until.ts';
import type { LabServer } from '../servers/cluster.ts';
import { type Answered, type MoveTimes, type Promotion, timesOfMove, type Written } from './move-times.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

/** The name follows within some tens of milliseconds; after this time the lab has failed. */
const followMs = 30_000;
/** `writes` waits for this many more rows through the name. */
const someWrites = 20;

/** A promotion, and the answers that follow it. */
interface Moving extends Promotion {
  readonly answered: Promise<Answered>;
  /** The last row that was acknowledged before the promotion. */
  readonly lastRow: number;
}

export class Scene {
  readonly stage: Stage;
  readonly narrator: Narrator;
  /** Every move so far. */
  readonly moves: MoveTimes[] = [];
  #moving: Moving | undefined;

  constructor(stage: Stage, narrator: Narrator) {
    this.stage = stage;
    this.narrator = narrator;
  }

  get all(): readonly [LabServer, ...LabServer[]] {
    return this.stage.cluster.all;
  }

  /** The server in the answer of the primary nameserver. Throws a LabError if there is none. */
  get published(): LabServer {
    const { primary, cluster } = this.stage;
    const server = cluster.all.find(({ mysqld }) => mysqld.address === primary.current);
    if (server !== undefined) return server;
    throw new LabError(`the name answers with "${primary.current}", which is not a server of the lab`, {
      hint: 'see source-dns.log',
    });
  }

  /** Tells the current decision of source-dns, and resolves with its sentence. */
  async sayDecision(): Promise<string> {
    const { decision } = await this.stage.daemon.snapshot();
    this.narrator.say(`source-dns: ${decision.kind} ${decision.reason}. ${decision.sentence}`);
    return decision.sentence;
  }

  /** Resolves when some more rows are written through the name. */
  async writes(): Promise<void> {
    const { web } = this.stage;
    const wanted = web.acknowledged.length + someWrites;
    await until(
      `the web application to write (its last error: ${web.lastFailure ?? 'none'})`,
      () => web.acknowledged.length >= wanted,
    );
  }

  /** Resolves when both nameservers answer with this server. */
  async answers({ mysqld: { address } }: LabServer): Promise<Answered> {
    const { primary, secondary } = this.stage;
    const [onPrimary, onSecondary] = await Promise.all([
      primary.answers(address, followMs),
      secondary.answers(address, followMs),
    ]);
    return { primary: onPrimary, secondary: onSecondary };
  }

  /** Resolves when source-dns has seen that the server does not answer. */
  async unseen({ name, server }: LabServer): Promise<void> {
    await until(`source-dns to see that ${name} does not answer`, async () => {
      const { servers } = await this.stage.daemon.snapshot();
      return servers.find((each) => each.server === server)?.contact === 'unknown';
    });
  }

  /** `to` became writable at `promotedAt` (performance.now): from now on the name should follow. */
  promoted(from: LabServer, to: LabServer, promotedAt: number): void {
    const answered = this.answers(to);
    // `theMove` awaits this; if a step fails before, the rejection must not stay unhandled.
    answered.catch(() => undefined);
    const lastRow = this.stage.web.acknowledged.at(-1) ?? 0;
    this.#moving = { from, to, promotedAt, answered, lastRow };
  }

  /** Resolves when the name has followed the promotion; tells its times. */
  async theMove(): Promise<MoveTimes> {
    const moving = this.#moving;
    if (moving === undefined) throw new Error('nothing was promoted');
    const answered = await moving.answered;
    const times = await timesOfMove(this.stage, moving, answered, await this.#written(moving));
    const { seenMs, decidedMs, appliedMs, promotedToAnswerMs, propagatedMs, writtenMs } = times;
    this.narrator.say(
      `after the promotion: seen ${seenMs} ms, decided ${decidedMs} ms, applied ${appliedMs} ms, answered by the primary ${promotedToAnswerMs} ms, by the secondary too ${propagatedMs} ms, written by the web application ${writtenMs} ms`,
    );
    this.moves.push(times);
    return times;
  }

  /** Resolves when the web application has a write on the new source. */
  async #written({ to, lastRow }: Moving): Promise<Written> {
    const { web } = this.stage;
    const sql = `SELECT n FROM shop.orders WHERE server_id = @@server_id AND n > ${lastRow} ORDER BY n LIMIT 100`;
    let index = -1;
    await until(
      `the web application to write to ${to.name} (its last error: ${web.lastFailure ?? 'none'})`,
      async () => {
        const there = new Set((await to.mysqld.sql(sql)).map((row) => Number(row['n'])));
        index = web.acknowledged.findIndex((number) => there.has(number));
        return index >= 0;
      },
    );
    // Each row is acknowledged or has failed, and they are numbered in this order.
    const [before = 0, first = 0] = [web.acknowledged[index - 1], web.acknowledged[index]];
    return { at: web.acknowledgedAt[index] ?? 0, failed: first - before - 1 };
  }

  /** The returned function says whether both nameservers have given the same answer ever since. */
  watchTheName(): () => boolean {
    const { primary, secondary } = this.stage;
    const changes = () => primary.changes.length + secondary.changes.length;
    const [before, address] = [changes(), primary.current];
    return () => primary.current === address && secondary.current === address && changes() === before;
  }

  /** Resolves with the alarm about this server, when it counts at least so many transactions. */
  async alarm(code: Alarm['code'], { name, server }: LabServer, atLeast: number): Promise<Alarm> {
    let found: Alarm | undefined;
    await until(`the alarm ${code} about ${name}`, async () => {
      const { alarms } = await this.stage.daemon.snapshot();
      found = alarms.find(
        (alarm) => alarm.code === code && alarm.subject === server && (alarm.count ?? 0) >= atLeast,
      );
      return found !== undefined;
    });
    if (found === undefined) throw new LabError(`no alarm ${code}`, { hint: 'see source-dns.log' });
    this.narrator.say(`source-dns: ${found.sentence}`);
    return found;
  }

  /** Resolves when the history has the alarm about this server, even if it is over. */
  async alarmRaised(code: Alarm['code'], { name, server }: LabServer): Promise<void> {
    let found: Alarm | undefined;
    await until(`the history to have the alarm ${code} about ${name}`, async () => {
      for (const entry of await this.stage.daemon.history())
        if (
          entry.kind === 'alarm' &&
          entry.raised &&
          entry.alarm.code === code &&
          entry.alarm.subject === server
        )
          found = entry.alarm;
      return found !== undefined;
    });
    if (found !== undefined) this.narrator.say(`source-dns: ${found.sentence}`);
  }

  /** Resolves when the ledger names no former source. */
  async rejoined({ name }: LabServer): Promise<void> {
    await until(
      `source-dns to see that ${name} has rejoined`,
      async () => (await this.stage.daemon.snapshot()).ledger?.was.length === 0,
    );
  }

  /** The numbers of acknowledged rows that a server does not have. */
  async lacking({ mysqld }: LabServer): Promise<readonly number[]> {
    // Copied first: rows that are acknowledged while we read do not count.
    const acknowledged = [...this.stage.web.acknowledged];
    const rows = await mysqld.sql('SELECT n FROM shop.orders');
    const there = new Set(rows.map((row) => Number(row['n'])));
    return acknowledged.filter((number) => !there.has(number));
  }
}
