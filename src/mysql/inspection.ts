/**
 * What `source-dns check` asks a server, over a connection of its own that is then closed. It changes nothing
 * and needs no more rights than the documented ones: what our account may not see is left out.
 */

import type { ReportedReplica } from '../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../core/model/units.ts';
import { classify, type Problem, unknownProblem } from './answer/failures.ts';
import {
  byPlacesQuery,
  currentUserQuery,
  filtersQueries,
  originQueries,
  persistedQuery,
  sessionStatusQuery,
  statusQuery,
  variablesQuery,
} from './answer/inspection-queries.ts';
import { type LoginAccount, readLoginAccount } from './answer/login-account.ts';
import { type Need, needsOf } from './answer/needs.ts';
import { grantedRoles } from './answer/privileges.ts';
import { type Answer, errnoOf, type Traits } from './answer/query-set.ts';
import type { Asker } from './answer/refusal-hints.ts';
import { readReplica } from './answer/reported-replicas.ts';
import { maxRows, rowsUnexpected } from './answer/row.ts';
import { boundedDeadline, withDeadline } from './connection/deadline.ts';
import { HostLookup } from './connection/host-lookup.ts';
import { accessOf, type Login } from './connection/login.ts';
import { isShort, Questions } from './connection/questions.ts';
import { type Access, Session } from './connection/session.ts';
import { tlsOf } from './connection/tls.ts';
import { readTraits, rowsQuery, traitsQuery } from './flavour/flavour.ts';

/** What one server says of itself, its account and its connection. Every text is one plain, bounded line. */
export interface ServerReport {
  readonly traits: Traits;
  /** `CURRENT_USER()`, as `source_dns@10.%`: the account that the login used. */
  readonly currentUser: string;
  readonly login: LoginAccount;
  /** By lower-case name; a variable that this server does not have is missing. */
  readonly variables: ReadonlyMap<string, string>;
  readonly status: ReadonlyMap<string, string>;
  /** Where a value comes from, in the server's word (DYNAMIC, COMMAND_LINE; MariaDB: SQL, CONFIG). */
  readonly origins: ReadonlyMap<string, string>;
  /** MySQL 8: what SET PERSIST kept for the next start. */
  readonly persisted: ReadonlyMap<string, string>;
  /** SHOW GRANTS. On MySQL with what the active roles bring. */
  readonly grants: readonly string[];
  /** SHOW GRANTS without any role; absent: the account has no role, or the server is MariaDB. */
  readonly grantsWithoutRoles?: readonly string[];
  /** What the account may not do. */
  readonly denied: readonly Need[];
  /** SHOW REPLICAS, where the account may ask. */
  readonly replicas: readonly ReportedReplica[];
  /** Replication filters, as `REPLICATE_DO_DB = shop`. Empty: none, or the account may not see them. */
  readonly filters: readonly string[];
  /** MySQL: the channels without SOURCE_AUTO_POSITION, by name. */
  readonly byPlaces: readonly string[];
  /** The account has roles that are not active, and with all of them nothing is denied that a probe needs. */
  readonly roleWouldDo: boolean;
  readonly encrypted: boolean;
  /** The server's clock minus ours, in seconds; absent: not told. */
  readonly clockAheadSeconds?: number;
}

export type ServerInspection =
  | { readonly kind: 'seen'; readonly report: ServerReport }
  /** `errno`: the server's error number, if one came. */
  | {
      readonly kind: 'refused';
      readonly problem: Problem;
      readonly asker: Asker;
      readonly errno?: number;
    };

export interface ServerInspector {
  /** Always resolves by the deadline; never rejects. */
  inspect(server: ServerAddress, deadline: MonoMs): Promise<ServerInspection>;
}

/** Query time limits for all questions together: some twenty in order, perhaps over a long way. */
const manyQueries = 10;

/** How long an inspection may take, in milliseconds: two logins, and all questions. */
export const inspectionMs = ({
  connectTimeoutMs,
  queryTimeoutMs,
}: Pick<Login, 'connectTimeoutMs' | 'queryTimeoutMs'>): number =>
  2 * connectTimeoutMs + manyQueries * queryTimeoutMs;

export function createInspector(options: Login): ServerInspector {
  const hosts = new HostLookup(options.clock);
  return {
    inspect(server, deadline) {
      const inspected = new Inspected(options, server, hosts);
      const own = boundedDeadline(options.clock, deadline, inspectionMs(options));
      return withDeadline(options.clock, own, inspected.run(own), () => inspected.late()).finally(() =>
        inspected.end(),
      );
    },
  };
}

class Inspected {
  readonly #options: Login;
  readonly #server: ServerAddress;
  readonly #lookup: Access['lookup'];
  #session: Session | undefined;
  #over = false;

  constructor(options: Login, server: ServerAddress, hosts: HostLookup) {
    this.#options = options;
    this.#server = server;
    this.#lookup = hosts.forConnect();
  }

  async run(deadline: MonoMs): Promise<ServerInspection> {
    const first = await this.#logIn(this.#options.tls !== 'disabled', deadline);
    const fallBack =
      first.kind === 'refused' &&
      first.problem.failure.code === 'tls-unsupported' &&
      this.#options.tls === 'preferred' &&
      !this.#over;
    return fallBack ? await this.#logIn(false, deadline) : first;
  }

  late(): ServerInspection {
    this.#over = true;
    this.#session?.destroy();
    const { problem, asker } = this.#refused(false, undefined);
    return { kind: 'refused', asker, problem: { ...problem, kind: 'unknown' } };
  }

  end(): void {
    this.#over = true;
    this.#session?.destroy();
  }

  async #logIn(encrypted: boolean, deadline: MonoMs): Promise<ServerInspection> {
    const { clock } = this.#options;
    const tls = encrypted ? tlsOf(this.#options) : undefined;
    const session = new Session(this.#server, accessOf(this.#options, { tls, lookup: this.#lookup }));
    this.#session = session;
    const soon = boundedDeadline(clock, deadline, this.#options.connectTimeoutMs);
    const opened = await withDeadline<Answer>(clock, soon, session.opened, () => late);
    if (opened.kind === 'error') {
      session.destroy();
      return this.#refused(encrypted, opened.error);
    }
    session.beginProbe();
    return this.#report(new Questions(session), encrypted);
  }

  async #report(ask: Questions, encrypted: boolean): Promise<ServerInspection> {
    const prepared = await ask.query(rowsQuery);
    if (prepared.kind === 'error') return this.#refused(encrypted, prepared.error);
    const traits = readTraits(await ask.rows(traitsQuery));
    const asked = await ask.query(currentUserQuery);
    if (asked.kind === 'error') return this.#refused(encrypted, asked.error);
    const [who = {}] = asked.rows;
    const atWall = this.#options.clock.wall();
    const currentUser = who['account'];
    if (typeof currentUser !== 'string' || !isShort(currentUser)) {
      return {
        kind: 'refused',
        asker: this.#asker(encrypted),
        problem: { kind: 'alive', failure: rowsUnexpected(this.#server, 'account') },
      };
    }
    const clock = Number(who['clock'] ?? Number.NaN);
    const account = await ask.texts(traits.mariadb ? 'SHOW CREATE USER' : 'SHOW CREATE USER CURRENT_USER()');
    const status = await ask.pairs(statusQuery);
    const sessionStatus = await ask.pairs(sessionStatusQuery);
    const grants = await ask.texts('SHOW GRANTS');
    const rights = await this.#rights(ask, traits, grants);
    return {
      kind: 'seen',
      report: {
        traits,
        currentUser,
        login: readLoginAccount(account[0] ?? ''),
        variables: await ask.pairs(variablesQuery),
        status: new Map([...status, ...sessionStatus]),
        origins: await ask.pairs(traits.mariadb ? originQueries.mariadb : originQueries.mysql),
        persisted: traits.mariadb ? new Map() : await ask.pairs(persistedQuery),
        grants,
        filters: await ask.texts(traits.mariadb ? filtersQueries.mariadb : filtersQueries.mysql),
        byPlaces: traits.mariadb ? [] : await ask.texts(byPlacesQuery),
        // Last: it takes rights from this session.
        ...(!traits.mariadb && (await this.#withoutRoles(ask, grants))),
        ...rights,
        encrypted,
        ...(Number.isFinite(clock) && { clockAheadSeconds: clock - atWall / 1000 }),
      },
    };
  }

  async #rights(
    ask: Questions,
    traits: Traits,
    grants: readonly string[],
  ): Promise<Pick<ServerReport, 'denied' | 'replicas' | 'roleWouldDo'>> {
    const replicas: ReportedReplica[] = [];
    const deniedOf = async (needs: readonly Need[]): Promise<readonly Need[]> => {
      const denied: Need[] = [];
      for (const need of needs) {
        const rows = await ask.need(need);
        if (rows === 'denied') denied.push(need);
        else if (need.purpose === 'replicas') replicas.push(...rows.slice(0, maxRows).flatMap(readReplica));
      }
      return denied;
    };
    const denied = await deniedOf(needsOf(traits));
    const missing = denied.filter(({ purpose }) => purpose === 'probe');
    if (missing.length === 0 || traits.mariadb || !grants.some((line) => /^GRANT `/.test(line)))
      return { denied, replicas, roleWouldDo: false };
    await ask.query('SET ROLE ALL');
    return { denied, replicas, roleWouldDo: (await deniedOf(missing)).length === 0 };
  }

  async #withoutRoles(
    ask: Questions,
    grants: readonly string[],
  ): Promise<Pick<ServerReport, 'grantsWithoutRoles'>> {
    const hasRoles = grantedRoles(grants).length > 0;
    const isWithout = hasRoles && (await ask.query('SET ROLE NONE')).kind === 'rows';
    return isWithout ? { grantsWithoutRoles: await ask.texts('SHOW GRANTS') } : {};
  }

  #asker(encrypted: boolean): Asker {
    return { server: this.#server, user: this.#options.user, encrypted };
  }

  #refused(encrypted: boolean, error: unknown): Extract<ServerInspection, { kind: 'refused' }> {
    const asker = this.#asker(encrypted);
    if (error === undefined)
      return {
        kind: 'refused',
        asker,
        problem: unknownProblem(this.#server, 'deadline', 'did not answer in time'),
      };
    const errno = errnoOf({ kind: 'error', error });
    return {
      kind: 'refused',
      asker,
      problem: classify(asker, error),
      ...(typeof errno === 'number' && errno >= 1000 && { errno }),
    };
  }
}

/** `#refused` knows it: nothing came. */
const late: Answer = { kind: 'error', error: undefined };
