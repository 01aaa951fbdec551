/** The act of fencing, over one session that is logged in. See docs/decisions/043. */

import type { FenceResult } from '../../core/model/fence.ts';
import type { Failure } from '../../core/model/observation.ts';
import type { MonoMs, ServerAddress, ServerId } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { aliveProblem, classify } from '../answer/failures.ts';
import { accountOfCurrentUser } from '../answer/grants.ts';
import { mariadbServerId } from '../answer/identity.ts';
import { lacksOf } from '../answer/privileges.ts';
import { type Answer, errnoOf } from '../answer/query-set.ts';
import { type Row, RowReader, rowsUnexpected } from '../answer/row.ts';
import type { Opened } from '../connection/opening.ts';
import { closeBoundMs, type FenceSet, fenceGrant } from '../flavour/fence-set.ts';
import {
  blockerOf,
  type Connection,
  pageQuery,
  pageRows,
  readConnection,
  sortConnections,
} from './clients.ts';

export interface FenceOrder {
  readonly server: ServerAddress;
  readonly uuid: ServerId;
  /** It must be closed already, and only the connections of its clients end. */
  readonly finishes: boolean;
  readonly deadline: MonoMs;
  readonly clock: Clock;
  readonly kill: 'clients' | 'none';
  /** Accounts whose connections are left, our own two among them. */
  readonly spare: readonly string[];
}

/** How often the server is told to close, while statements of others do not let it. */
const mostTries = 3;
/** A statement leaves only while so much time is left: it takes effect before our deadline, or never. */
const closeNeedsMs = closeBoundMs + 200;
/** So many KILL statements are out at once. */
const batch = 100;
/** More connections than any server has: 100 pages. */
const mostPages = 100;

/** ER_LOCK_WAIT_TIMEOUT; MariaDB: ER_STATEMENT_TIMEOUT. */
const waited: ReadonlySet<unknown> = new Set([1205, 1969]);
/** ER_WRONG_VALUE_FOR_VAR: it is another server, or too late. */
const guardSaidNo = 1231;
/** ER_NO_SUCH_THREAD: it has gone. */
const noSuchThread = 1094;
/** ER_KILL_DENIED_ERROR: an account with SYSTEM_USER. */
const killDenied = 1095;
/** ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const accessDenied = 1227;

interface Look {
  readonly id: ServerId;
  readonly closed: boolean;
  /** The number of our connection. */
  readonly self: string;
  /** The server's clock in seconds, and ours when the answer was there. */
  readonly clock: number;
  readonly heardAt: MonoMs;
  /** The identity as the server itself compares it. */
  readonly own: string;
}

/** One act. Its methods give the end of the act where something prevents the next step. */
export class FenceAct {
  readonly #opened: Opened;
  readonly #set: FenceSet;
  readonly #order: FenceOrder;
  #table: string;
  #grants: readonly string[] | undefined;
  /** By number: a connection that rolls back is listed, and ended, again. */
  readonly #killed = new Set<string>();
  /** How often the server gave up waiting for others. */
  #waits = 0;

  constructor(opened: Opened, set: FenceSet, order: FenceOrder) {
    this.#opened = opened;
    this.#set = set;
    this.#order = order;
    this.#table = set.processlists[0];
  }

  /** Never rejects, and may never resolve: the caller has a deadline. */
  async run(): Promise<FenceResult> {
    const look = await this.#look();
    if ('kind' in look) return look;
    if (look.id !== this.#order.uuid) return { kind: 'not-it', uuid: look.id };
    const { finishes } = this.#order;
    if (finishes && !look.closed)
      return this.#unknown('opened-again', 'was read-only, and takes writes again: somebody opened it');
    if (!finishes) {
      if (look.closed) return { kind: 'already' };
      const prevented = await this.#close(look);
      if (prevented !== undefined) return prevented;
    }
    const left = await this.#killClients(look.self);
    if (typeof left !== 'number') return left;
    return await this.#lookBack(left);
  }

  /** Everything that must be known before, in one round trip. */
  async #look(): Promise<Look | FenceResult> {
    const { setup, look, processlists } = this.#set;
    const [first, second] = processlists;
    const [prepared, seen, grants, listed] = await this.#ask([
      setup,
      look,
      'SHOW GRANTS',
      ...(second === undefined ? [] : [`SELECT COUNT(*) AS ours FROM ${first} WHERE ID = CONNECTION_ID()`]),
    ]);
    const heardAt = this.#order.clock.mono();
    if (prepared?.kind !== 'rows') return this.#failed(prepared);
    if (seen?.kind !== 'rows') return this.#failed(seen);
    if (grants?.kind === 'rows') this.#grants = grants.rows.map((row) => String(Object.values(row)[0]));
    // Without the Performance Schema, and before 8.0.22, it has no rows or is not there.
    if (second !== undefined && !(listed?.kind === 'rows' && listed.rows[0]?.['ours'] === '1'))
      this.#table = second;
    return this.#readLook(seen.rows[0] ?? {}, heardAt);
  }

  #readLook(row: Row, heardAt: MonoMs): Look | FenceResult {
    const { server } = this.#order;
    const reader = new RowReader(row);
    const own = reader.text('id');
    const look = {
      id: this.#opened.traits.mariadb ? mariadbServerId(Number(own), server) : (own as ServerId),
      closed: reader.flag('closed'),
      self: reader.text('self'),
      clock: reader.number('clock'),
      heardAt,
      own,
    };
    return reader.oddColumn === undefined
      ? look
      : { kind: 'refused', failure: rowsUnexpected(server, reader.oddColumn) };
  }

  /** Undefined: no client writes any more. */
  async #close(look: Look): Promise<FenceResult | undefined> {
    const lastMoment = (this.#order.deadline - closeNeedsMs) as MonoMs;
    const before = look.clock + (lastMoment - look.heardAt) / 1000;
    for (const statement of this.#set.close(look.own, before)) {
      const prevented = await this.#carryOut(statement, lastMoment, look.self);
      if (prevented !== undefined) return prevented;
    }
    return undefined;
  }

  /** Tries again after the connections of clients are ended: the statement may wait for one of theirs. */
  async #carryOut(statement: string, lastMoment: MonoMs, self: string): Promise<FenceResult | undefined> {
    for (;;) {
      if (this.#order.clock.mono() >= lastMoment)
        return this.#waits === 0 ? this.#late() : await this.#blocked(self);
      const [answer] = await this.#ask([statement]);
      if (answer?.kind === 'rows') return undefined;
      if (!waited.has(errnoOf(answer))) return this.#refused(answer);
      this.#waits += 1;
      if (this.#waits === mostTries) return await this.#blocked(self);
      const killed = await this.#killClients(self);
      if (typeof killed !== 'number') return killed;
    }
  }

  /**
   * Ends the connections of clients, and returns how many are left. New connections have higher numbers, and
   * their clients find the server closed: they need no second round.
   */
  async #killClients(self: string): Promise<number | FenceResult> {
    if (this.#order.kill === 'none') return 0;
    let after = '0';
    let left = 0;
    for (let page = 0; page < mostPages; page += 1) {
      const listed = await this.#page(after);
      if ('kind' in listed) return listed;
      const { victims, spared } = sortConnections(listed, { self, spare: this.#order.spare });
      left += spared.length;
      for (let at = 0; at < victims.length; at += batch) {
        const denied = await this.#kill(victims.slice(at, at + batch));
        if (typeof denied !== 'number') return denied;
        left += denied;
      }
      const last = listed.at(-1);
      if (last === undefined || listed.length < pageRows) break;
      after = last.id;
    }
    return left;
  }

  /** Returns how many of these the server protects. */
  async #kill(victims: readonly Connection[]): Promise<number | FenceResult> {
    const answers = await this.#ask(victims.map(({ id }) => `KILL CONNECTION ${id}`));
    let denied = 0;
    for (const [index, { id }] of victims.entries()) {
      const answer = answers[index];
      if (answer?.kind === 'rows') this.#killed.add(id);
      else if (errnoOf(answer) === killDenied) denied += 1;
      else if (errnoOf(answer) !== noSuchThread) return this.#failed(answer);
    }
    return denied;
  }

  async #page(after: string): Promise<readonly Connection[] | FenceResult> {
    const [answer] = await this.#ask([pageQuery(this.#table, after)]);
    return answer?.kind === 'rows'
      ? answer.rows.flatMap((row) => readConnection(row) ?? [])
      : this.#failed(answer);
  }

  /** The server says itself that it is closed. */
  async #lookBack(left: number): Promise<FenceResult> {
    const [answer] = await this.#ask([this.#set.look]);
    if (answer?.kind !== 'rows') return this.#failed(answer);
    const look = this.#readLook(answer.rows[0] ?? {}, this.#order.clock.mono());
    if ('kind' in look) return look;
    if (!look.closed)
      return this.#unknown(
        'opened-again',
        'was made read-only, and takes writes again at once: somebody else opens it',
      );
    const { kill, list } = this.#set.privileges;
    const lacking = this.#order.kill === 'none' ? [] : this.#lacks([kill, list]);
    const kind = this.#order.finishes ? 'finished' : 'fenced';
    if (lacking.length === 0) return { kind, killed: this.#killed.size, spared: left };
    return {
      kind: 'refused',
      closed: true,
      failure: this.#privilegeMissing(
        `is read-only now, but the connections of its clients are not ended: the account lacks ${lacking.join(' and ')}`,
        lacking,
      ),
    };
  }

  async #blocked(self: string): Promise<FenceResult> {
    const listed = await this.#page('0');
    return { kind: 'blocked', ...blockerOf('kind' in listed ? [] : listed, self) };
  }

  #refused(answer: Answer | undefined): FenceResult {
    if (errnoOf(answer) === guardSaidNo) return this.#late();
    const { close } = this.#set.privileges;
    const lacking = this.#lacks([close]);
    return errnoOf(answer) === accessDenied && lacking.length > 0
      ? {
          kind: 'refused',
          failure: this.#privilegeMissing(
            `does not let our account make it read-only: it lacks ${lacking.join(' and ')}`,
            lacking,
          ),
        }
      : this.#failed(answer);
  }

  /** None, where the server does not say what our account may do. */
  #lacks(wanted: readonly (readonly [string, ...string[]])[]): readonly string[] {
    return this.#grants === undefined ? [] : lacksOf(this.#grants, wanted);
  }

  #privilegeMissing(what: string, lacking: readonly string[]): Failure {
    const { server } = this.#order;
    const { currentUser = '' } = this.#opened.asker;
    const grant = fenceGrant(accountOfCurrentUser(currentUser), lacking);
    return aliveProblem(
      server,
      'fence-privilege-missing',
      what,
      `Run on the source, which replicates it: ${grant}`,
    ).failure;
  }

  #late(): FenceResult {
    return this.#unknown('deadline', 'was reached too late to be made read-only within the time-out');
  }

  #unknown(code: string, what: string): FenceResult {
    return { kind: 'unknown', failure: aliveProblem(this.#order.server, code, what).failure };
  }

  /** An error packet is a refusal; anything else leaves it open what the server has done. */
  #failed(answer: Answer | undefined): FenceResult {
    const { kind, failure } = classify(
      this.#opened.asker,
      answer?.kind === 'error' ? answer.error : undefined,
    );
    return { kind: kind === 'alive' ? 'refused' : 'unknown', failure };
  }

  #ask(texts: readonly string[]): Promise<readonly Answer[]> {
    const { session } = this.#opened;
    session.beginProbe();
    return session.train(texts.map((sql) => ({ sql })));
  }
}
