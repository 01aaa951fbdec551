/** Opens one connection to one server: TCP, TLS, the login, and what must be known before the first probe. */

import type { ServerAddress } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { classify, type Problem, unknownProblem } from '../answer/failures.ts';
import { maxTextLength } from '../answer/limits.ts';
import type { QuerySet } from '../answer/query-set.ts';
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
import { type Access, Session } from './session.ts';

export interface OpeningOptions {
  readonly server: ServerAddress;
  readonly access: Access;
  /** Ask the server for its registered replicas. */
  readonly asksReplicas: boolean;
  /** Go without TLS where the server has none. */
  readonly fallBack: boolean;
  readonly queryTimeoutMs: number;
  readonly clock: Clock;
}

/** A session that is logged in, and what it told of itself. */
export interface Opened {
  readonly session: Session;
  readonly asker: Asker;
  readonly set: QuerySet;
  /** When the server process began, on our monotonic clock. */
  readonly startedAt: number;
}

const accountQuery = 'SELECT CURRENT_USER() AS account';

/** One attempt, with a second login where the server has no TLS. It has no bound of its own. */
export class Opening {
  readonly #options: OpeningOptions;
  #session: Session | undefined;
  #isDestroyed = false;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** Never rejects, and may never resolve: the caller has a deadline. After `destroy` the result is a problem. */
  async run(): Promise<Opened | Problem> {
    const { access, fallBack } = this.#options;
    const first = await this.#logIn(access);
    const isWithoutTls = 'kind' in first && first.failure.code === 'tls-unsupported';
    return isWithoutTls && fallBack && !this.#isDestroyed
      ? this.#logIn({ ...access, ssl: undefined })
      : first;
  }

  /** Ends the attempt at once. */
  destroy(): void {
    this.#isDestroyed = true;
    this.#session?.destroy();
  }

  async #logIn(access: Access): Promise<Opened | Problem> {
    const { server } = this.#options;
    const session = new Session(server, access);
    this.#session = session;
    const opened = await session.opened;
    const asker: Asker = { server, user: access.user, encrypted: access.ssl !== undefined };
    const introduced =
      opened.kind === 'error'
        ? refusalOf(session, asker, opened.error)
        : await this.#introduce(session, asker);
    // The deadline may have passed meanwhile.
    if (this.#isDestroyed)
      return unknownProblem(server, 'deadline', 'the connection was ready only after the deadline');
    if ('kind' in introduced) session.destroy();
    return introduced;
  }

  async #introduce(session: Session, asker: Asker): Promise<Opened | Problem> {
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
      session,
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
}

/** A refusal before the greeting may come from an attacker: it does not count for every client. */
function refusalOf({ greeted }: Session, asker: Asker, error: unknown): Problem {
  const { servesNobody, ...problem } = classify(asker, error);
  return { ...problem, ...(greeted && servesNobody && { servesNobody }) };
}
