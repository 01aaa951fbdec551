import type { Alarm } from '../../core/model/events.ts';
import { LabError } from '../host/lab-error.ts';
import { until } from '../host/until.ts';
import type { LabServer } from '../servers/cluster.ts';
import { type Answered, type MoveTimes, type Promotion, timesOfMove } from './move-times.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

/** A name that does not follow within this is a failure of the lab; it takes some tens of milliseconds. */
const followMs = 30_000;
/** Rows that the web application must have written through the name before the story goes on. */
const someWrites = 20;

/** A server that has become writable, and the name on its way to it. */
interface Moving extends Promotion {
  readonly answered: Promise<Answered>;
}

/** What the steps of a scenario play on, and what most of them do there. */
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

  /** The server that the name points to, by the answer of the primary nameserver. Throws a LabError where it points to none. */
  get published(): LabServer {
    const { primary, cluster } = this.stage;
    const server = cluster.all.find(({ mysqld }) => mysqld.address === primary.current);
    if (server !== undefined) return server;
    throw new LabError(`the name answers with "${primary.current}", which is not a server of the lab`, {
      hint: 'see source-dns.log',
    });
  }

  /** Says the decision that source-dns has taken now, and resolves with its sentence. */
  async sayDecision(): Promise<string> {
    const { decision } = await this.stage.daemon.snapshot();
    this.narrator.say(`source-dns: ${decision.kind} ${decision.reason}. ${decision.sentence}`);
    return decision.sentence;
  }

  /** Resolves when some more rows were written through the name. */
  async writes(): Promise<void> {
    const { web } = this.stage;
    const wanted = web.acknowledged.length + someWrites;
    await until(
      `the web application to write (its last error: ${web.lastFailure ?? 'none'})`,
      () => web.acknowledged.length >= wanted,
    );
  }

  /** Resolves when both nameservers answer with this server: with the moments (performance.now) since when. */
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

  /** `to` became writable at `promotedAt` (performance.now): from now on the name is on its way. */
  promoted(from: LabServer, to: LabServer, promotedAt: number): void {
    const answered = this.answers(to);
    // Awaited by `theMove`; a step that fails before that must not leave a rejection that nobody handles.
    answered.catch(() => undefined);
    this.#moving = { from, to, promotedAt, answered };
  }

  /** Resolves when the name has followed the promotion; says its times. */
  async theMove(): Promise<MoveTimes> {
    const moving = this.#moving;
    if (moving === undefined) throw new Error('nothing was promoted');
    const times = await timesOfMove(this.stage, moving, await moving.answered);
    const { seenMs, decidedMs, appliedMs, promotedToAnswerMs, propagatedMs } = times;
    this.narrator.say(
      `after the promotion: seen ${seenMs} ms, decided ${decidedMs} ms, applied ${appliedMs} ms, answered by the primary ${promotedToAnswerMs} ms, by the secondary too ${propagatedMs} ms`,
    );
    this.moves.push(times);
    return times;
  }

  /** From now on: whether both nameservers still answer as they do now, and never answered otherwise. */
  watchTheName(): () => boolean {
    const { primary, secondary } = this.stage;
    const changes = () => primary.changes.length + secondary.changes.length;
    const [before, address] = [changes(), primary.current];
    return () => primary.current === address && secondary.current === address && changes() === before;
  }

  /** Resolves with the alarm as soon as source-dns raises it about this server, and counts at least so many transactions. */
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

  /** Resolves when source-dns has raised the alarm about this server since it was published, whether it is over or not. */
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

  /** Resolves when no former source is waited for any more. */
  async rejoined({ name }: LabServer): Promise<void> {
    await until(
      `source-dns to see that ${name} has rejoined`,
      async () => (await this.stage.daemon.snapshot()).ledger?.was.length === 0,
    );
  }

  /** Numbers of the acknowledged rows that a server does not have. */
  async lacking({ mysqld }: LabServer): Promise<readonly number[]> {
    // What is acknowledged while we read cannot be in what we read.
    const acknowledged = [...this.stage.web.acknowledged];
    const rows = await mysqld.sql('SELECT n FROM shop.orders');
    const there = new Set(rows.map((row) => Number(row['n'])));
    return acknowledged.filter((number) => !there.has(number));
  }
}
