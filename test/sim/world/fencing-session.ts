/**
 * A connection of the account that fences to a simulated server. Statements arrive in order, and wait there: in
 * the socket of a server that hangs, and behind a lock. What has arrived is executed, even if its sender has
 * given up.
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

/** A lost segment is sent again after so many milliseconds. */
const retransmitMs = 200;
/** How often a statement that waits looks again. */
const lookEveryMs = 50;

const errorOf = (errno: number, message: string): Answer => ({
  kind: 'error',
  error: Object.assign(new Error(message), { errno, sqlMessage: message }),
});
const rowsOf = (...rows: Record<string, string | null>[]): Answer => ({ kind: 'rows', rows });
const lost: Answer = {
  kind: 'error',
  error: Object.assign(new Error('the server closed the connection'), { code: 'PROTOCOL_CONNECTION_LOST' }),
};

export class FencingSession {
  readonly #ends: Ends;
  readonly #process: number;
  readonly #queue: { readonly sql: string; readonly answer: (answer: Answer) => void }[] = [];
  #busy = false;
  #destroyed = false;
  #lockWaitMs = Number.POSITIVE_INFINITY;
  /** The session's variables that hold a time of the server. */
  readonly #times = new Map<string, number>();

  constructor(ends: Ends) {
    this.#ends = ends;
    this.#process = this.#server.process;
  }

  get #server(): FakeServer {
    return this.#ends.world.mysql.server(this.#ends.target);
  }

  /** Resolves after the login, or with the error that prevented it. */
  open(): Promise<Answer> {
    return this.query('LOGIN');
  }

  /** Never rejects, and may never resolve. */
  query(sql: string): Promise<Answer> {
    return new Promise((resolve) => {
      const { world, life } = this.#ends;
      const answer = (answered: Answer): void => {
        world.timeline.after(world.network.travelMs(1000), () =>
          this.#whenOpen(this.#ends.target, this.#ends.asked.by, () =>
            life.deliver(() => this.#destroyed || resolve(answered)),
          ),
        );
      };
      const arrives = (): void => {
        this.#queue.push({ sql, answer });
        this.#work();
      };
      world.timeline.after(world.network.travelMs(1000), () =>
        this.#whenOpen(this.#ends.asked.by, this.#ends.target, arrives),
      );
    });
  }

  /** What was sent is still on its way. */
  destroy(): void {
    this.#destroyed = true;
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
      if (health === 'down' || process !== this.#process) ended(lost);
      else if (health === 'hung') this.#ends.world.timeline.after(lookEveryMs, begin);
      else this.#execute(next.sql, ended);
    };
    begin();
  }

  #execute(sql: string, ended: (answer: Answer) => void): void {
    if (/^SET GLOBAL (super_)?read_only/i.test(sql)) this.#close(sql, ended);
    else ended(this.#answer(sql));
  }

  /** Everything but the statement that waits for locks. */
  #answer(sql: string): Answer {
    const { world, target } = this.#ends;
    if (sql === 'LOGIN')
      return this.#server.health === 'refusing' ? errorOf(1040, 'Too many connections') : rowsOf();
    const kill = /^KILL (?:CONNECTION )?(\d+)/i.exec(sql);
    if (kill) return this.#kill(Number(kill[1]));
    if (/processlist/i.test(sql))
      return rowsOf(
        ...world.connections
          .rows(target)
          .map(({ id, user, host, command }) => ({ id: String(id), user, host, command })),
      );
    if (/^SET /i.test(sql)) {
      const wait = /lock_wait_timeout = (\d+)/i.exec(sql);
      if (wait) this.#lockWaitMs = Number(wait[1]) * 1000;
      const time = /@(\w+) = SYSDATE\(6\) \+ INTERVAL (\d+) MICROSECOND/i.exec(sql);
      if (time) this.#times.set(time[1] as string, world.timeline.now + Number(time[2]) / 1000);
      return rowsOf();
    }
    const { uuid, superReadOnly } = this.#server;
    return rowsOf({ server_uuid: uuid, super_read_only: superReadOnly ? '1' : '0' });
  }

  /** The application whose statement is the blocker is not in the list here: it is killed with the others. */
  #kill(id: number): Answer {
    const { world, target } = this.#ends;
    const row = world.connections.rows(target).find((each) => each.id === id);
    if (row === undefined) return errorOf(1094, `Unknown thread id: ${id}`);
    world.log(`${world.timeline.now} ${target} kills ${row.user} ${row.command}`);
    if (row.command.startsWith('Binlog Dump')) world.judge.breaks('FENCE cuts a reader of the binary log');
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
      const { health, process, superReadOnly } = this.#server;
      if (!isAllowed) return errorOf(1231, "Variable 'super_read_only' can't be set to the value of '9'");
      if (isRefused) return errorOf(1227, 'Access denied; you need (at least one of) SYSTEM_VARIABLES_ADMIN');
      if (health === 'down' || process !== this.#process) return lost;
      const waits = health === 'hung' || (!superReadOnly && locks.isHeld(target));
      if (!waits) return this.#lands();
      return timeline.now < givesUpAt ? undefined : errorOf(1205, 'Lock wait timeout exceeded');
    };
    const attempt = (): void => {
      const answer = look();
      if (answer === undefined) timeline.after(lookEveryMs, attempt);
      else ended(answer);
    };
    attempt();
  }

  #lands(): Answer {
    const { world, target, asked } = this.#ends;
    if (!this.#server.superReadOnly) {
      world.judge.fenceLands(asked, target);
      world.log(`${world.timeline.now} ${target} is fenced by ${asked.by}`);
    }
    Object.assign(this.#server, { readOnly: true, superReadOnly: true });
    return rowsOf();
  }

  /** Whether the conditions of the statement hold, if it has any. */
  #allows(sql: string): boolean {
    const uuid = /@@server_uuid = '([^']+)'/i.exec(sql);
    const time = /SYSDATE\(6\) < @(\w+)/i.exec(sql);
    const isIt = uuid === null || uuid[1] === this.#server.uuid;
    return (
      isIt && (time === null || this.#ends.world.timeline.now < (this.#times.get(time[1] as string) ?? 0))
    );
  }
}
