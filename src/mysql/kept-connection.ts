import type { Probe } from '../core/observation.ts';
import type { MonoMs, ServerAddress } from '../core/units.ts';
import type { Clock } from '../ports.ts';
import { boundedDeadline, withDeadline } from './deadline.ts';
import { type Asker, aliveProblem, classify, type Problem, unknownProblem } from './failures.ts';
import { groupQuery, probeQuery, sessionQuery, sessionSetup } from './queries.ts';
import { type Row, RowReader, rowsUnexpected } from './row.ts';
import { hasGroup, readFacts } from './rows.ts';
import { type Access, Session } from './session.ts';
import { boundedLine } from './text.ts';
import { flavourOf, isSupported, parseVersion } from './version.ts';

export interface KeptConnectionOptions {
  readonly server: ServerAddress;
  readonly access: Access;
  /** Go without TLS where the server has none. */
  readonly fallBack: boolean;
  readonly connectTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly clock: Clock;
  /** Told once for each connection that was of use and ended by itself. */
  readonly lost: () => void;
}

/** A session that is logged in and set up. */
interface Ready {
  readonly session: Session;
  readonly asker: Asker;
  /** When the server process began, on our monotonic clock. */
  readonly startedAt: number;
}

/** One part of a probe: once it is late, nothing of it may touch the connection any more. */
interface Turn {
  late: boolean;
}

/** ER_UNKNOWN_SYSTEM_VARIABLE: the plugin went between the two queries. */
const unknownVariable = 1193;

/** The connection to one server: opened on demand, kept while it answers, replaced when it does not. */
export class KeptConnection {
  readonly #options: KeptConnectionOptions;
  #session: Session | undefined;
  #ready: Ready | undefined;
  #inFlight: Promise<Probe> | undefined;
  #closed = false;

  constructor(options: KeptConnectionOptions) {
    this.#options = options;
  }

  /** One probe at a time: a second call while one is in flight gets the same answer. */
  probe(deadline: MonoMs): Promise<Probe> {
    this.#inFlight ??= this.#probe(deadline).finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async end(): Promise<void> {
    this.#closed = true;
    // A session that does not idle would answer the good-bye only after what it is at.
    if (this.#inFlight !== undefined) return this.destroy();
    await this.#session?.end();
  }

  destroy(): void {
    this.#closed = true;
    this.#drop();
  }

  async #probe(deadline: MonoMs): Promise<Probe> {
    if (this.#closed) return this.#unknown('closed', 'the prober is closed');
    const opened =
      this.#ready ?? (await this.#bounded(deadline, this.#options.connectTimeoutMs, 'no connection', (turn) => this.#open(turn)));
    if ('kind' in opened) return opened;
    return this.#bounded(deadline, this.#options.queryTimeoutMs, 'no answer', () => this.#ask(opened));
  }

  /** Runs one part of a probe. When it is late the connection is destroyed, so that a late answer is never taken for that of the next query. */
  async #bounded<T>(deadline: MonoMs, ms: number, what: string, work: (turn: Turn) => Promise<T | Problem>): Promise<T | Problem> {
    const { clock } = this.#options;
    const begun = clock.mono();
    const turn: Turn = { late: false };
    const result = await withDeadline(clock, boundedDeadline(clock, deadline, ms), work(turn), () => {
      turn.late = true;
      this.#drop();
      return this.#unknown('deadline', `${what} within ${Math.round(clock.mono() - begun)} ms`);
    });
    return this.#closed ? this.#unknown('closed', 'the prober was closed meanwhile') : result;
  }

  async #open(turn: Turn): Promise<Ready | Problem> {
    const { access, fallBack } = this.#options;
    const first = await this.#logIn(access);
    if (!('kind' in first) || first.failure.code !== 'tls-unsupported' || !fallBack || turn.late || this.#closed) return first;
    return this.#logIn({ ...access, ssl: undefined });
  }

  async #logIn(access: Access): Promise<Ready | Problem> {
    const { server, clock } = this.#options;
    const session = new Session(server, access);
    this.#session = session;
    const opened = await session.opened;
    const asker: Asker = { server, user: access.user };
    if (opened.kind === 'error') return this.#fail(session, classify(asker, opened.error));
    const unsupported = refusal(server, session.serverVersion);
    if (unsupported) return this.#fail(session, unsupported);
    const set = await session.query(sessionSetup(this.#options.queryTimeoutMs));
    const answer = set.kind === 'error' ? set : await session.query(sessionQuery);
    if (answer.kind === 'error') return this.#fail(session, classify(asker, answer.error));
    const row = new RowReader(answer.rows[0] ?? {});
    const currentUser = row.text('account');
    const startedAt = clock.mono() - row.number('uptime_s') * 1000;
    if (row.oddColumn !== undefined) return this.#fail(session, { kind: 'alive', failure: rowsUnexpected(server, row.oddColumn) });
    // The deadline may have passed meanwhile, and another session be on its way.
    if (this.#session !== session) return this.#unknown('deadline', 'the connection came too late');
    const ready = { session, asker: { ...asker, currentUser }, startedAt };
    this.#ready = ready;
    session.onLost = () => {
      if (this.#session === session) this.#drop();
      this.#options.lost();
    };
    return ready;
  }

  async #ask(ready: Ready): Promise<Probe> {
    const { session, asker } = ready;
    const answer = await session.query(probeQuery);
    if (answer.kind === 'error') return classify(asker, answer.error);
    const group = hasGroup(answer.rows) ? await session.query(groupQuery) : undefined;
    if (group?.kind === 'error' && errnoOf(group.error) !== unknownVariable) return classify(asker, group.error);
    return this.#read(ready, answer.rows, group?.kind === 'rows' ? group.rows : undefined);
  }

  #read({ session, startedAt }: Ready, probe: readonly Row[], group: readonly Row[] | undefined): Probe {
    const { server, clock } = this.#options;
    const uptimeSeconds = Math.max(0, Math.floor((clock.mono() - startedAt) / 1000));
    const reading = readFacts({ server, session: session.number, uptimeSeconds, probe, ...(group && { group }) });
    return reading.kind === 'facts' ? { kind: 'reachable', facts: reading.facts } : { kind: 'alive', failure: reading.failure };
  }

  /** A session that never was of use. */
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

const errnoOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined);

/** What the greeting already tells that we cannot watch. It answered, so it lives. */
function refusal(server: ServerAddress, serverVersion: string): Problem | undefined {
  const said = boundedLine(serverVersion);
  if (flavourOf(serverVersion) === 'mariadb') {
    return aliveProblem(server, 'flavour-unsupported', `is a MariaDB server (${said})`, 'This version watches MySQL 8.4 and later.');
  }
  const version = parseVersion(serverVersion);
  if (version && isSupported(version)) return undefined;
  return aliveProblem(server, 'version-unsupported', `runs version ${said}`, 'This version watches MySQL 8.4 and later.');
}
