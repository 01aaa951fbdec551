/** The connection to one server: opened on demand, kept while it answers, replaced when it does not. */

import type { Probe } from '../../core/model/observation.ts';
import type { MonoMs, ServerId } from '../../core/model/units.ts';
import type { ChannelNotes } from '../answer/channel-notes.ts';
import { aliveProblem, classify, type Problem, proxyProblem, unknownProblem } from '../answer/failures.ts';
import type { Answers } from '../answer/query-set.ts';
import { askStatements, type Spellings } from './ask.ts';
import { boundedDeadline, withDeadline } from './deadline.ts';
import { type Opened, Opening, type OpeningOptions } from './opening.ts';
import type { Answer } from './session.ts';

interface KeptConnectionOptions extends OpeningOptions {
  readonly connectTimeoutMs: number;
  /** Called once for each ready connection that ended without our will. */
  readonly lost: () => void;
}

interface Ready extends Opened {
  readonly spellings: Spellings;
  /** The servers that answered its probes: more than one means a proxy. */
  readonly ids: Set<ServerId>;
  notes: ChannelNotes;
}

/** One part of a probe: once it is late, it must not touch the connection any more. */
interface Turn {
  late: boolean;
  answered: boolean;
}

/** ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const globalPrivilegeMissing = 'mysql-1227';

export class KeptConnection {
  readonly #options: KeptConnectionOptions;
  #opening: Opening | undefined;
  #ready: Ready | undefined;
  #inFlight: Promise<Probe> | undefined;
  #closed = false;
  #isRenewed = false;

  constructor(options: KeptConnectionOptions) {
    this.#options = options;
  }

  /** One probe at a time: a second call during a probe gets the same answer. */
  probe(deadline: MonoMs): Promise<Probe> {
    this.#inFlight ??= this.#probe(deadline).finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  renew(): void {
    this.#isRenewed = true;
  }

  async end(): Promise<void> {
    this.#closed = true;
    // A busy session would answer the good-bye only after its query.
    if (this.#inFlight !== undefined) return this.destroy();
    await this.#ready?.session.end();
  }

  destroy(): void {
    this.#closed = true;
    this.#drop();
  }

  async #probe(deadline: MonoMs): Promise<Probe> {
    if (this.#closed) return this.#unknown('closed', 'the prober is closed');
    if (this.#isRenewed) this.#drop();
    this.#isRenewed = false;
    const opened =
      this.#ready ??
      (await this.#bounded(deadline, this.#options.connectTimeoutMs, 'no connection', () => this.#open()));
    if ('kind' in opened) return opened;
    return this.#bounded(deadline, this.#options.queryTimeoutMs, 'no answer', (turn) =>
      this.#ask(opened, turn),
    );
  }

  /** A late part destroys the connection: a late answer must never count for the next query. */
  async #bounded<T>(
    deadline: MonoMs,
    ms: number,
    what: string,
    work: (turn: Turn) => Promise<T | Problem>,
  ): Promise<T | Problem> {
    const { clock, server } = this.#options;
    const begun = clock.mono();
    const turn: Turn = { late: false, answered: false };
    const result = await withDeadline(clock, boundedDeadline(clock, deadline, ms), work(turn), () => {
      turn.late = true;
      this.#drop();
      const waited = Math.round(clock.mono() - begun);
      // A replica that waits for its applier answers all but its replication status: it is alive.
      if (turn.answered)
        return aliveProblem(server, 'deadline', `did not answer all queries within ${waited} ms`);
      return this.#unknown('deadline', `${what} within ${waited} ms`);
    });
    return this.#closed ? this.#unknown('closed', 'the prober was closed meanwhile') : result;
  }

  async #open(): Promise<Ready | Problem> {
    const opening = new Opening(this.#options);
    this.#opening = opening;
    const opened = await opening.run();
    if (this.#opening === opening) this.#opening = undefined;
    if ('kind' in opened) return opened;
    const ready: Ready = { ...opened, spellings: new Map(), ids: new Set(), notes: new Map() };
    this.#ready = ready;
    opened.session.onLost = () => {
      if (this.#ready === ready) this.#drop();
      this.#options.lost();
    };
    return ready;
  }

  async #ask(ready: Ready, turn: Turn): Promise<Probe> {
    ready.session.beginProbe();
    const query = async (sql: string): Promise<Answer> => {
      const answer = await ready.session.query(sql);
      // Perhaps an error of the client after a lost connection; then the turn is over anyway.
      turn.answered = true;
      return answer;
    };
    const asked = await askStatements(query, ready.set, ready.spellings);
    if (asked.kind === 'answers') return this.#read(ready, asked.answers);
    const problem = classify(ready.asker, asked.error);
    // A global privilege that is granted now counts for new connections only (manual 8.2.13).
    if (problem.failure.code === globalPrivilegeMissing && this.#ready === ready) this.#drop();
    return problem;
  }

  #read(ready: Ready, answers: Answers): Probe {
    const { server, clock } = this.#options;
    const at = clock.mono();
    const uptimeSeconds = Math.max(0, Math.floor((at - ready.startedAt) / 1000));
    const reading = ready.set.read({
      server,
      session: ready.session.number,
      uptimeSeconds,
      answers,
      at,
      notes: ready.notes,
    });
    if (reading.kind === 'failed') return { kind: 'alive', failure: reading.failure };
    // A running server never changes its UUID (MariaDB's server_id may): a proxy answers for several servers.
    if (reading.facts.flavour === 'mysql' && ready.ids.size < 2) ready.ids.add(reading.facts.id);
    if (ready.ids.size > 1)
      return proxyProblem(
        aliveProblem,
        server,
        `one connection reached more than one server: ${[...ready.ids].join(', then ')}`,
      );
    ready.notes = reading.notes;
    const { peer } = ready.session;
    return { kind: 'reachable', facts: { ...reading.facts, ...(peer === undefined ? {} : { peer }) } };
  }

  #drop(): void {
    this.#opening?.destroy();
    this.#opening = undefined;
    this.#ready?.session.destroy();
    this.#ready = undefined;
  }

  #unknown(code: string, what: string): Problem {
    return unknownProblem(this.#options.server, code, what);
  }
}
