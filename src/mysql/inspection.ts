/**
 * What `source-dns check` asks a server, over a connection of its own that is then closed. It changes nothing
 * and needs no more rights than the documented ones: what our account may not see is left out.
 */

import type { ReportedReplica } from '../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../core/model/units.ts';
import { classify, type Problem, unknownProblem } from './answer/failures.ts';
import {
  currentUserQuery,
  originQueries,
  persistedQuery,
  sessionStatusQuery,
  statusQuery,
  variablesQuery,
} from './answer/inspection-queries.ts';
import { maxTextLength } from './answer/limits.ts';
import { type LoginAccount, readLoginAccount } from './answer/login-account.ts';
import { type Need, needsOf } from './answer/needs.ts';
import { grantedRoles } from './answer/privileges.ts';
import type { Traits } from './answer/query-set.ts';
import type { Asker } from './answer/refusal-hints.ts';
import { readReplica } from './answer/reported-replicas.ts';
import { maxRows, type Row, rowsUnexpected } from './answer/row.ts';
import { isPlainLine } from './answer/text.ts';
import { boundedDeadline, withDeadline } from './connection/deadline.ts';
import { HostLookup } from './connection/host-lookup.ts';
import { type Access, type Answer, Session, sslOptions } from './connection/session.ts';
import { readTraits, rowsQuery, traitsQuery } from './flavour/flavour.ts';
import type { ProberOptions } from './probe.ts';

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

/** Access denied: ER_DBACCESS_…, ER_TABLEACCESS_…, ER_COLUMNACCESS_…, ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const deniedErrors: ReadonlySet<unknown> = new Set([1044, 1142, 1143, 1227]);
/** ER_PARSE_ERROR. */
const unknownWord = 1064;
/** More privileges than any product has. */
const maxGrantLines = 300;
/** A list of all privileges is longer than a name. */
const maxGrantLength = 16_384;

/** Query time limits for all questions together: some twenty in order, perhaps over a long way. */
const manyQueries = 10;

/** How long an inspection may take, in milliseconds: two logins, and all questions. */
export const inspectionMs = ({
  connectTimeoutMs,
  queryTimeoutMs,
}: Pick<ProberOptions, 'connectTimeoutMs' | 'queryTimeoutMs'>): number =>
  2 * connectTimeoutMs + manyQueries * queryTimeoutMs;

export function createInspector(options: ProberOptions): ServerInspector {
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
  readonly #options: ProberOptions;
  readonly #server: ServerAddress;
  readonly #lookup: Access['lookup'];
  #session: Session | undefined;
  #over = false;

  constructor(options: ProberOptions, server: ServerAddress, hosts: HostLookup) {
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
    const { cluster, user, password, allowPublicKeyRetrieval = false, clock } = this.#options;
    const ssl = encrypted ? sslOptions(this.#options) : undefined;
    const access: Access = { cluster, user, password, ssl, allowPublicKeyRetrieval, lookup: this.#lookup };
    const session = new Session(this.#server, access);
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
    const account = await ask.rows(traits.mariadb ? 'SHOW CREATE USER' : 'SHOW CREATE USER CURRENT_USER()');
    const status = await ask.pairs(statusQuery);
    const sessionStatus = await ask.pairs(sessionStatusQuery);
    const grants = await ask.grants();
    const rights = await this.#rights(ask, traits, grants);
    const withoutRoles =
      !traits.mariadb && grantedRoles(grants).length > 0 && (await ask.query('SET ROLE NONE')).kind === 'rows'
        ? { grantsWithoutRoles: await ask.grants() }
        : {};
    return {
      kind: 'seen',
      report: {
        traits,
        currentUser,
        login: readLoginAccount(account.flatMap(firstText)[0] ?? ''),
        variables: await ask.pairs(variablesQuery),
        status: new Map([...status, ...sessionStatus]),
        origins: await ask.pairs(traits.mariadb ? originQueries.mariadb : originQueries.mysql),
        persisted: traits.mariadb ? new Map() : await ask.pairs(persistedQuery),
        grants,
        ...withoutRoles,
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
    const errno = typeof error === 'object' && error !== null && 'errno' in error ? error.errno : undefined;
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

/** Asks in order. A question that fails has no answer, and the others go on. */
class Questions {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  query(sql: string): Promise<Answer> {
    return this.#session.query(sql);
  }

  async rows(sql: string): Promise<readonly Row[]> {
    const answer = await this.query(sql);
    return answer.kind === 'rows' ? answer.rows : [];
  }

  /** Of a statement with the columns Variable_name and Value. */
  async pairs(sql: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.rows(sql);
    return new Map(
      rows.flatMap(({ Variable_name: name, Value: value }) =>
        typeof name === 'string' && typeof value === 'string' && isShort(name) && isShort(value)
          ? [[name.toLowerCase(), value] as const]
          : [],
      ),
    );
  }

  async grants(): Promise<readonly string[]> {
    return (await this.rows('SHOW GRANTS')).slice(0, maxGrantLines).flatMap(firstText);
  }

  async need({ spellings }: Need): Promise<readonly Row[] | 'denied'> {
    for (const sql of spellings) {
      const answer = await this.query(sql);
      if (answer.kind === 'rows') return answer.rows;
      const errno = (answer.error as { errno?: unknown } | null)?.errno;
      if (errno !== unknownWord) return deniedErrors.has(errno) ? 'denied' : [];
    }
    return [];
  }
}

const isShort = (text: string): boolean => text.length <= maxTextLength && isPlainLine(text);

function firstText(row: Row): readonly string[] {
  const text = Object.values(row)[0];
  return typeof text === 'string' && text.length <= maxGrantLength && isPlainLine(text) ? [text] : [];
}
