/**
 * A connection of the account that fences to a simulated server. Statements arrive in order, and wait there:
 * in the socket of a server that hangs, and behind a lock. What has arrived is executed, even if its sender
 * has given up.
 */

import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Answer } from '../../../src/mysql/answer/query-set.ts';
import type { FakeServer } from '../../support/fake-mysql.ts';
import type { Life } from './machine.ts';
import type { Host } from './network.ts';
import type { World } from './world-types.ts';

/** What the sender of a fence asked for. */
export interface Asked {
  readonly by: Host;
  readonly server: ServerAddress;
  readonly uuid: string;
  /** World time of its deadline. */
  readonly dueAt: number;
}

export interface Ends {
  readonly world: World;
  readonly life: Life;
  readonly asked: Asked;
  /** The true server at the address. */
  readonly target: ServerAddress;
}

/** The network may delay a message for most of this time. */
const patienceMs = 1000;
/** A lost segment is sent again after so many milliseconds. */
const retransmitMs = 200;
/** How often a statement that waits looks again. */
const lookEveryMs = 50;

const privileges = 'SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, PROCESS';

const errorOf = (errno: number, message: string): Answer => ({
  kind: 'error',
  error: Object.assign(new Error(message), { errno, sqlMessage: message }),
});
const rowsOf = (...rows: Record<string, string | null>[]): Answer => ({ kind: 'rows', rows });
const lost: Answer = {
  kind: 'error',
  error: Object.assign(new Error('the server closed the connection'), { code: 'PROTOCOL_CONNECTION_LOST' }),
};

/** The part of a session (src/mysql/connection) that the act of fencing uses. */
export class FencingSession {
  readonly #ends: Ends;
  /** Known after the login. */
  #process: number | undefined;
  readonly #queue: { readonly sql: string; readonly answer: (answer: Answer) => void }[] = [];
  #busy = false;
  #abandoned = false;
  #lockWaitMs = Number.POSITIVE_INFINITY;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  get #server(): FakeServer {
    return this.#ends.world.mysql.server(this.#ends.target);
  }

  /** Resolves after the login, or with the error that prevented it. */
  async open(): Promise<Answer> {
    const [answer] = await this.train([{ sql: 'LOGIN' }]);
    return answer ?? lost;
  }

  beginProbe(): void {}

  /** Never rejects, and may never resolve. */
  train(questions: readonly { readonly sql: string }[]): Promise<readonly Answer[]> {
    const { world, life, asked, target } = this.#ends;
    const { timeline, network } = world;
    return new Promise((resolve) => {
      const answers: Answer[] = [];
      const answer = (answered: Answer): void => {
        answers.push(answered);
        if (answers.length < questions.length) return;
        timeline.after(network.travelMs(patienceMs), () =>
          this.#whenOpen(target, asked.by, () => life.deliver(() => this.#abandoned || resolve(answers))),
        );
      };
      timeline.after(network.travelMs(patienceMs), () =>
        this.#whenOpen(asked.by, target, () => {
          for (const { sql } of questions) this.#queue.push({ sql, answer });
          this.#work();
        }),
      );
    });
  }

  /** What was sent is still on its way. */
  abandon(): void {
    this.#abandoned = true;
  }

  #whenOpen(from: Host, to: Host, arrive: () => void): void {
    const { network, timeline } = this.#ends.world;
    if (network.isOpen(from, to)) arrive();
    else timeline.after(retransmitMs, () => this.#whenOpen(from, to, arrive));
  }

  /** One statement after the other, as the server gets to them. */
  #work(): void {
    const [next] = this.#queue;
    if (this.#busy || next === undefined) return;
    this.#busy = true;
    const ended = (answer: Answer): void => {
      this.#busy = false;
      this.#queue.shift();
      next.answer(answer);
      this.#work();
    };
    const begin = (): void => {
      const { health, process } = this.#server;
      if (health === 'down' || process !== (this.#process ?? process)) ended(lost);
      else if (health === 'hung') this.#ends.world.timeline.after(lookEveryMs, begin);
      else this.#execute(next.sql, ended);
    };
    begin();
  }

  #execute(sql: string, ended: (answer: Answer) => void): void {
    if (sql.startsWith('SET GLOBAL')) this.#close(sql, ended);
    else ended(this.#answer(sql));
  }

  /** Everything but the statement that waits for locks. */
  #answer(sql: string): Answer {
    const { world, target } = this.#ends;
    if (sql === 'LOGIN') {
      this.#process = this.#server.process;
      return this.#server.health === 'refusing' ? errorOf(1040, 'Too many connections') : rowsOf();
    }
    if (sql === 'SHOW GRANTS') return rowsOf({ Grants: `GRANT ${privileges} ON *.* TO \`fence\`@\`%\`` });
    if (sql.startsWith('KILL CONNECTION')) return this.#kill(Number(sql.split(' ').at(-1)));
    if (/AS ours FROM/.test(sql)) return rowsOf({ ours: '1' });
    if (/processlist/i.test(sql))
      return rowsOf(...world.connections.rows(target).map((row) => ({ ...row, id: String(row.id) })));
    if (sql.startsWith('SET SESSION')) {
      const [, seconds] = /lock_wait_timeout = (\d+)/.exec(sql) ?? [];
      if (seconds !== undefined) this.#lockWaitMs = Number(seconds) * 1000;
      return rowsOf();
    }
    const { uuid, superReadOnly } = this.#server;
    const clock = (world.timeline.now / 1000).toFixed(6);
    return rowsOf({ id: uuid, closed: superReadOnly ? '1' : '0', self: '99', clock });
  }

  /** The application whose statement is the blocker is not in the list here: it is killed with the others. */
  #kill(id: number): Answer {
    const { world, target, asked } = this.#ends;
    const row = world.connections.rows(target).find((each) => each.id === id);
    if (row === undefined) return errorOf(1094, `Unknown thread id: ${id}`);
    world.log(`${world.timeline.now} ${target} kills ${row.user} ${row.command}`);
    if (row.command.startsWith('Binlog Dump')) world.judge.breaks('FENCE cuts a reader of the binary log');
    else if (this.#server.uuid !== asked.uuid)
      world.judge.breaks(`FENCE ends a connection at another server than it names at ${asked.server}`);
    else if (row.user !== 'app') world.judge.breaks(`FENCE ends a connection of ${row.user}`);
    world.connections.kill(target, id);
    world.locks.clientsEnded(target);
    return rowsOf();
  }

  /** SET GLOBAL super_read_only: its condition is read when it begins, then it waits for locks. */
  #close(sql: string, ended: (answer: Answer) => void): void {
    const { timeline, locks } = this.#ends.world;
    const { target } = this.#ends;
    const isAllowed = this.#allows(sql);
    const isRefused = isAllowed && locks.refuses(target);
    const givesUpAt = timeline.now + this.#lockWaitMs;
    const look = (): Answer | undefined => {
      const { health, process, readOnly } = this.#server;
      if (!isAllowed) return errorOf(1231, "Variable 'super_read_only' can't be set to the value of '9'");
      if (isRefused) return errorOf(1227, 'Access denied; you need (at least one of) SYSTEM_VARIABLES_ADMIN');
      if (health === 'down' || process !== this.#process) return lost;
      const waits = health === 'hung' || (!readOnly && locks.isHeld(target));
      if (!waits) return this.#lands(sql);
      return timeline.now < givesUpAt ? undefined : errorOf(1205, 'Lock wait timeout exceeded');
    };
    const attempt = (): void => {
      const answer = look();
      if (answer === undefined) timeline.after(lookEveryMs, attempt);
      else ended(answer);
    };
    attempt();
  }

  #lands(sql: string): Answer {
    const { world, target, asked } = this.#ends;
    if (!this.#server.readOnly) {
      world.judge.fenceLands(asked, target);
      world.log(`${world.timeline.now} ${target} is fenced by ${asked.by}`);
    }
    Object.assign(
      this.#server,
      sql.includes('super') ? { readOnly: true, superReadOnly: true } : { readOnly: true },
    );
    return rowsOf();
  }

  /** Whether the conditions in the statement hold, if there are any. */
  #allows(sql: string): boolean {
    const [, uuid] = /server_uuid\) = '([^']+)'/.exec(sql) ?? [];
    const [, before] = /SYSDATE\(6\)\) < ([\d.]+)/.exec(sql) ?? [];
    const isIt = uuid === undefined || uuid === this.#server.uuid;
    return isIt && (before === undefined || this.#ends.world.timeline.now / 1000 < Number(before));
  }
}
