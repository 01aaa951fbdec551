/** The connection to one server: opened on demand, kept while it answers, replaced when it does not. */

import type { Probe } from '../../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { aliveProblem, classify, type Problem, unknownProblem } from '../answer/failures.ts';
import { maxTextLength } from '../answer/limits.ts';
import type { Asker } from '../answer/refusal-hints.ts';
import { withReplicas } from '../answer/reported-replicas.ts';
import { type Row, rowsUnexpected } from '../answer/row.ts';
import { isPlainLine } from '../answer/text.ts';
import {
  querySetOf,
  readTraits,
  readUptime,
  rowsQuery,
  traitsQuery,
  uptimeQuery,
} from '../flavour/flavour.ts';
import { askServer, nothingAsked, type Ready, type Turn } from './asking.ts';
import { boundedDeadline, withDeadline } from './deadline.ts';
import { type Access, Session } from './session.ts';

interface KeptConnectionOptions {
  readonly server: ServerAddress;
  readonly access: Access;
  /** Ask the server for its registered replicas. */
  readonly asksReplicas: boolean;
  /** Go without TLS where the server has none. */
  readonly fallBack: boolean;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly clock: Clock;
  /** Called once for each ready connection that ended without our will. */
  readonly lost: () => void;
}

/** What we learn after the login, before the first probe. */
type Introduction = Pick<Ready, 'asker' | 'set' | 'startedAt'>;

/** ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const globalPrivilegeMissing = 'mysql-1227';

const accountQuery = 'SELECT CURRENT_USER() AS account';

export class KeptConnection {
  readonly #options: KeptConnectionOptions;
  #session: Session | undefined;
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
    await this.#session?.end();
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
      (await this.#bounded(deadline, this.#options.connectTimeoutMs, 'no connection', (turn) =>
        this.#open(turn),
      ));
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

  async #open(turn: Turn): Promise<Ready | Problem> {
    const { access, fallBack } = this.#options;
    const first = await this.#logIn(access);
    if (
      !('kind' in first) ||
      first.failure.code !== 'tls-unsupported' ||
      !fallBack ||
      turn.late ||
      this.#closed
    )
      return first;
    return this.#logIn({ ...access, ssl: undefined });
  }

  async #logIn(access: Access): Promise<Ready | Problem> {
    const { server } = this.#options;
    const session = new Session(server, access);
    this.#session = session;
    const opened = await session.opened;
    const asker: Asker = { server, user: access.user, encrypted: access.ssl !== undefined };
    if (opened.kind === 'error') {
      const { servesNobody, ...problem } = classify(asker, opened.error);
      // A refusal before the greeting may come from an attacker: it does not count for every client.
      return this.#fail(session, { ...problem, ...(session.greeted && servesNobody && { servesNobody }) });
    }
    const introduced = await this.#introduce(session, asker);
    if ('kind' in introduced) return this.#fail(session, introduced);
    // The deadline may have passed meanwhile, and another session may have begun.
    if (this.#session !== session)
      return this.#unknown('deadline', 'the connection was ready only after the deadline');
    const ready: Ready = { session, ...introduced, ...nothingAsked() };
    this.#ready = ready;
    session.onLost = () => {
      if (this.#session === session) this.#drop();
      this.#options.lost();
    };
    return ready;
  }

  async #introduce(session: Session, asker: Asker): Promise<Introduction | Problem> {
    const { server, clock, queryTimeoutMs } = this.#options;
    const ask = async (sql: string): Promise<readonly Row[] | Problem> => {
      const answer = await session.query(sql);
      return answer.kind === 'rows' ? answer.rows : classify(asker, answer.error);
    };
    const prepared = await ask(rowsQuery);
    if ('kind' in prepared) return prepared;
    const traits = await ask(traitsQuery);
    if ('kind' in traits) return traits;
    const flavour = querySetOf(server, readTraits(traits));
    if ('kind' in flavour) return flavour;
    const set = this.#options.asksReplicas ? withReplicas(flavour) : flavour;
    const setUp = await ask(set.setup(queryTimeoutMs));
    if ('kind' in setUp) return setUp;
    const uptime = await ask(uptimeQuery);
    if ('kind' in uptime) return uptime;
    const uptimeSeconds = readUptime(uptime);
    if (uptimeSeconds === undefined) return { kind: 'alive', failure: rowsUnexpected(server, 'Uptime') };
    const startedAt = clock.mono() - uptimeSeconds * 1000;
    const account = await ask(accountQuery);
    if ('kind' in account) return account;
    const currentUser = account[0]?.['account'];
    return {
      asker: {
        ...asker,
        grants: set.grants,
        ...(typeof currentUser === 'string' &&
          isPlainLine(currentUser) &&
          currentUser.length <= maxTextLength && { currentUser }),
      },
      set,
      startedAt,
    };
  }

  async #ask(ready: Ready, turn: Turn): Promise<Probe> {
    const probe = await askServer(ready, { server: this.#options.server, clock: this.#options.clock, turn });
    // A global privilege that is granted now counts for new connections only (manual 8.2.13).
    const needsNewSession = probe.kind === 'alive' && probe.failure.code === globalPrivilegeMissing;
    if (needsNewSession && this.#ready === ready) this.#drop();
    return probe;
  }

  #fail(session: Session, problem: Problem): Problem {
    session.destroy();
    if (this.#session === session) this.#drop();
    return problem;
  }

  #drop(): void {
    this.#session?.destroy();
    this.#session = undefined;
    this.#ready = undefined;
  }

  #unknown(code: string, what: string): Problem {
    return unknownProblem(this.#options.server, code, what);
  }
}
