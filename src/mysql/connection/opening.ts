/** Opens one connection to one server: TCP, TLS, the login, and what must be known before the first probe. */

import type { Socket } from 'node:net';
import type { Unasked } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { classify, type Problem, unknownProblem } from '../answer/failures.ts';
import { maxTextLength } from '../answer/limits.ts';
import { type Answer, errnoOf, type QuerySet, type Traits } from '../answer/query-set.ts';
import type { Asker } from '../answer/refusal-hints.ts';
import { withReplicas } from '../answer/reported-replicas.ts';
import { rowsUnexpected } from '../answer/row.ts';
import { isPlainLine } from '../answer/text.ts';
import {
  lightTraitsQueries,
  querySetOf,
  readLightTraits,
  readUptime,
  rowsQuery,
  unknownVariable,
  uptimeQuery,
} from '../flavour/flavour.ts';
import { TimeLimit } from './deadline.ts';
import { connectTo, spoken } from './knock.ts';
import type { OpeningGate, Ticket } from './opening-gate.ts';
import { type Access, Session } from './session.ts';

export interface OpeningOptions {
  readonly server: ServerAddress;
  readonly access: Access;
  /** Ask the server for its registered replicas. */
  readonly asksReplicas: boolean;
  /** Go without TLS where the server has none. */
  readonly fallBack: boolean;
  /** For the TCP connection, TLS, the login and the questions behind it together. */
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly clock: Clock;
  readonly gate: OpeningGate;
  /** The server did not answer the last time. */
  readonly wasSilent: boolean;
  /** False: one statement at a time, for what stands there and cannot take several. */
  readonly together: boolean;
}

/** A session that is logged in, and what it told of itself. */
export interface Opened {
  readonly session: Session;
  readonly asker: Asker;
  readonly set: QuerySet;
  readonly traits: Traits;
  /** When the server process began, on our monotonic clock. */
  readonly startedAt: number;
}

/** A slot is for work: an attempt that waits longer for the server's first word gives its slot back. */
const patienceMs = 50;
/** For a server that was silent the last time: many such servers must not delay those that answer. */
const shortPatienceMs = 1;

/**
 * One attempt, with a second login where the server has no TLS. It waits for its turn, and its time-out
 * begins with its turn. It goes on although a probe that waits for it has reached its own deadline.
 */
export class Opening {
  /** Never rejects. Resolves in the end, if the attempt is not turned away. */
  readonly done: Promise<Opened | Problem>;
  readonly #options: OpeningOptions;
  readonly #ticket: Ticket;
  readonly #time: TimeLimit;
  #finish: (result: Opened | Problem) => void = () => undefined;
  #socket: Socket | undefined;
  #session: Session | undefined;
  #hasSlot = false;
  #hasBegun = false;
  #hasSpoken = false;
  #isOver = false;
  #asksTogether = false;
  /** Too many others wait: this attempt is not even in the queue. */
  readonly isTurnedAway: boolean;

  constructor(options: OpeningOptions) {
    const { gate, clock, connectTimeoutMs } = options;
    this.#options = options;
    this.#ticket = gate.ticket();
    this.#time = new TimeLimit(clock, connectTimeoutMs, () => this.#tooLate());
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.isTurnedAway = gate.isFull;
    if (!this.isTurnedAway) void this.#run();
  }

  /** Whether the server was asked and said nothing at all. */
  get staysSilent(): boolean {
    return this.#hasBegun && !this.#hasSpoken;
  }

  /** Whether it ended while several questions were out: perhaps what stands there cannot take several. */
  get endedAskingTogether(): boolean {
    return this.#asksTogether;
  }

  /** Why a probe could not wait longer. */
  get unasked(): Unasked {
    const { server, gate } = this.#options;
    const code = this.#hasBegun ? 'connection-not-open-yet' : 'connection-waits';
    const what = this.#hasBegun
      ? 'our connection to it is still being opened'
      : `our connection to it waits for its turn: ${gate.waiting} connections wait to be opened`;
    return { kind: 'unasked', failure: { code, message: `${server}: ${what}` } };
  }

  /** Ends the attempt at once. */
  destroy(): void {
    this.#end(unknownProblem(this.#options.server, 'closed', 'the connection was given up'));
  }

  #tooLate(): void {
    const { server, gate, connectTimeoutMs } = this.#options;
    if (this.#hasSpoken) gate.needed(1);
    this.#end(unknownProblem(server, 'deadline', `no connection within ${connectTimeoutMs} ms`));
  }

  /** The first end counts. */
  #end(result: Opened | Problem): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#time.stop();
    if (!('kind' in result)) this.#options.gate.needed(this.#time.spent);
    this.#ticket.giveBack();
    if ('kind' in result) {
      this.#session?.destroy();
      this.#socket?.destroy();
    }
    this.#finish(result);
  }

  async #run(): Promise<void> {
    const { access, fallBack } = this.#options;
    await this.#turn(false);
    if (this.#isOver) return;
    this.#hasBegun = true;
    const first = await this.#logIn(access);
    const isWithoutTls = 'kind' in first && first.failure.code === 'tls-unsupported';
    if (!isWithoutTls || !fallBack || this.#isOver) return this.#end(first);
    this.#session?.destroy();
    this.#end(await this.#logIn({ ...access, tls: undefined }));
  }

  /** Time does not count while we wait for ourselves. */
  async #turn(ahead: boolean): Promise<void> {
    this.#time.stop();
    await this.#ticket.take(ahead);
    // Given up between its turn and here: no timer may begin.
    if (this.#isOver) return;
    this.#hasSlot = true;
    this.#time.goOn();
  }

  async #logIn(access: Access): Promise<Opened | Problem> {
    const { server } = this.#options;
    const asker: Asker = { server, user: access.user, encrypted: access.tls !== undefined };
    const socket = connectTo(server, access.lookup);
    this.#socket = socket;
    const silence = await this.#spoken(socket);
    if (silence !== undefined) return classify(asker, silence.error);
    if (!this.#hasSlot && !this.#isOver) await this.#turn(true);
    if (this.#isOver) return unknownProblem(server, 'closed', 'the connection was given up');
    const session = new Session(server, access, socket);
    this.#session = session;
    const opened = await session.opened;
    return opened.kind === 'error'
      ? refusalOf(session, asker, opened.error)
      : this.#introduce(session, asker);
  }

  async #spoken(socket: Socket): Promise<{ readonly error: unknown } | undefined> {
    const { clock, wasSilent } = this.#options;
    const keepSlot = clock.after(wasSilent ? shortPatienceMs : patienceMs, () => {
      this.#hasSlot = false;
      this.#ticket.giveBack();
    });
    const silence = await spoken(socket);
    keepSlot();
    this.#hasSpoken ||= silence === undefined;
    return silence;
  }

  /** In one round trip. What cannot take several at once gets the next one after each answer. */
  async #ask<const Texts extends readonly string[]>(
    session: Session,
    texts: Texts,
  ): Promise<{ readonly [Each in keyof Texts]: Answer }> {
    const answers: Answer[] = [];
    if (this.#options.together) {
      this.#asksTogether = true;
      answers.push(...(await session.train(texts.map((sql) => ({ sql })))));
      this.#asksTogether = session.hasEnded;
    } else for (const sql of texts) answers.push(await session.query(sql));
    return answers as unknown as { readonly [Each in keyof Texts]: Answer };
  }

  async #introduce(session: Session, asker: Asker): Promise<Opened | Problem> {
    const { server, clock, queryTimeoutMs } = this.#options;
    const asked = await this.#ask(session, [rowsQuery, ...lightTraitsQueries, uptimeQuery]);
    const [prepared, product, aurora, wsrep, uptime] = asked;
    const heardAt = clock.mono();
    if (prepared.kind === 'error') return classify(asker, prepared.error);
    if (product.kind === 'error') return classify(asker, product.error);
    const cells = [...product.rows];
    for (const answer of [aurora, wsrep]) {
      if (answer.kind === 'rows') cells.push(...answer.rows);
      else if (errnoOf(answer) !== unknownVariable) return classify(asker, answer.error);
    }
    const traits = readLightTraits(cells);
    const flavour = querySetOf(server, traits);
    if ('kind' in flavour) return flavour;
    if (uptime.kind === 'error') return classify(asker, uptime.error);
    const uptimeSeconds = readUptime(uptime.rows);
    if (uptimeSeconds === undefined) return { kind: 'alive', failure: rowsUnexpected(server, 'Uptime') };
    const startedAt = heardAt - uptimeSeconds * 1000;
    const currentUser = product.rows[0]?.['account'];
    const set = this.#options.asksReplicas ? withReplicas(flavour) : flavour;
    const setUp = await session.query(set.setup(queryTimeoutMs));
    if (setUp.kind === 'error') return classify(asker, setUp.error);
    return {
      session,
      asker: {
        ...asker,
        grants: set.grants,
        ...(typeof currentUser === 'string' &&
          isPlainLine(currentUser) &&
          currentUser.length <= maxTextLength && { currentUser }),
      },
      set,
      traits,
      startedAt,
    };
  }
}

/** A refusal before the greeting may come from an attacker: it does not count for every client. */
function refusalOf({ greeted }: Session, asker: Asker, error: unknown): Problem {
  const { servesNobody, ...problem } = classify(asker, error);
  return { ...problem, ...(greeted && servesNobody && { servesNobody }) };
}
