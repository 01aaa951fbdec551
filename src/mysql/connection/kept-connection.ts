/** The connection to one server: opened on demand, kept while it answers, replaced when it does not. */

import type { Probe, Unasked } from '../../core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../core/model/units.ts';
import { aliveProblem, type Problem, unknownProblem } from '../answer/failures.ts';
import { askServer, glanceAt, nothingAsked, type Ready, type Turn } from './asking.ts';
import { boundedDeadline, stoodStillMs, withDeadline } from './deadline.ts';
import { type Opened, Opening, type OpeningOptions } from './opening.ts';

interface KeptConnectionOptions extends Omit<OpeningOptions, 'wasSilent' | 'together'> {
  /** Called once for each ready connection that ended without our will. */
  readonly lost: () => void;
}

/** ER_SPECIFIC_ACCESS_DENIED_ERROR. */
const globalPrivilegeMissing = 'mysql-1227';

interface Attempt {
  readonly attempt: Opening;
  readonly result: Promise<Ready | Problem>;
}

export class KeptConnection {
  readonly #options: KeptConnectionOptions;
  #opening: Attempt | undefined;
  #wasSilent = false;
  #ready: Ready | undefined;
  #inFlight: Promise<Probe | Unasked> | undefined;
  /** What was asked and not answered yet, without a probe that waits for it. */
  #pending: { readonly since: MonoMs; readonly over: Promise<unknown> } | undefined;
  #closed = false;
  #isRenewed = false;
  /** Some proxies cannot take several statements at once. */
  #together = true;

  constructor(options: KeptConnectionOptions) {
    this.#options = options;
  }

  /** One probe at a time: a second call during a probe gets the same answer. */
  probe(deadline: MonoMs): Promise<Probe | Unasked> {
    this.#inFlight ??= this.#probe(deadline).finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  /** Asks the light question, unless the server is asked something already. */
  glance(differs: () => void): void {
    const ready = this.#ready;
    const { clock, queryTimeoutMs } = this.#options;
    if (ready === undefined || this.#inFlight !== undefined) return;
    if (this.#pending === undefined)
      this.#leave(glanceAt(ready).then((seen) => this.#seen(ready, seen, differs)));
    else if (clock.mono() - this.#pending.since > queryTimeoutMs) {
      this.#wasSilent = true;
      this.#drop();
      this.#options.lost();
    }
  }

  #seen(ready: Ready, seen: 'same' | 'differs' | 'untold', differs: () => void): void {
    if (seen !== 'differs' || this.#ready !== ready) return;
    // The next probe says what is so; until then there is nothing to compare with.
    ready.lastSeen = undefined;
    differs();
  }

  /** Nothing else is asked before this is over. */
  #leave(work: Promise<unknown>): void {
    const pending = { since: this.#options.clock.mono(), over: work };
    this.#pending = pending;
    void work.finally(() => {
      if (this.#pending === pending) this.#pending = undefined;
    });
  }

  renew(): void {
    this.#isRenewed = true;
  }

  async end(): Promise<void> {
    this.#closed = true;
    // A busy session would answer the good-bye only after its query.
    if (this.#inFlight !== undefined || this.#opening !== undefined) return this.destroy();
    await this.#ready?.session.end();
  }

  destroy(): void {
    this.#closed = true;
    this.#drop();
  }

  async #probe(deadline: MonoMs): Promise<Probe | Unasked> {
    if (this.#closed) return this.#unknown('closed', 'the prober is closed');
    if (this.#isRenewed) this.#drop();
    this.#isRenewed = false;
    const opened = this.#ready ?? (await this.#opened(deadline));
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
  ): Promise<T | Problem | Unasked> {
    const { clock, server } = this.#options;
    const begun = clock.mono();
    const turn: Turn = { late: false, answered: false };
    const bound = boundedDeadline(clock, deadline, ms);
    const working = work(turn);
    const result = await withDeadline<T | Problem | Unasked>(clock, bound, working, () => {
      turn.late = true;
      // The answer may lie in the socket. It counts for nothing, but the connection can be kept.
      if (clock.mono() - bound > stoodStillMs) {
        this.#leave(working);
        return unasked(server);
      }
      this.#wasSilent = !turn.answered;
      if (this.#ready !== undefined) this.#together = false;
      this.#drop();
      const waited = Math.round(clock.mono() - begun);
      // A replica that waits for its applier answers all but its replication status: it is alive.
      if (turn.answered)
        return aliveProblem(server, 'deadline', `did not answer all queries within ${waited} ms`);
      return this.#unknown('deadline', `${what} within ${waited} ms`);
    });
    return this.#closed ? this.#unknown('closed', 'the prober was closed meanwhile') : result;
  }

  /** Waits for the connection until the deadline. The attempt goes on, and the next probe finds it. */
  async #opened(deadline: MonoMs): Promise<Ready | Problem | Unasked> {
    const { clock, queryTimeoutMs, connectTimeoutMs } = this.#options;
    const isShort = clock.mono() + connectTimeoutMs + queryTimeoutMs > deadline + 1;
    this.#opening ??= this.#open();
    const { attempt, result } = this.#opening;
    const opened = await withDeadline<Ready | Problem | Unasked>(clock, deadline, result, () => {
      if (attempt.isTurnedAway) this.#opening = undefined;
      return attempt.unasked;
    });
    if (this.#closed) return this.#unknown('closed', 'the prober was closed meanwhile');
    // A question with too little time would look like a server without an answer.
    const hasTime = isShort || clock.mono() + queryTimeoutMs <= deadline;
    return 'kind' in opened || hasTime ? opened : attempt.unasked;
  }

  #open(): Attempt {
    const [wasSilent, together] = [this.#wasSilent, this.#together];
    const attempt = new Opening({ ...this.#options, wasSilent, together });
    const result = attempt.done.then((opened) => {
      if (this.#opening?.attempt === attempt) this.#opening = undefined;
      this.#wasSilent = attempt.staysSilent;
      if (attempt.endedAskingTogether) this.#together = false;
      return 'kind' in opened ? opened : this.#keep(opened);
    });
    return { attempt, result };
  }

  #keep(opened: Opened): Ready {
    const ready: Ready = Object.assign(nothingAsked(this.#together), opened);
    this.#ready = ready;
    opened.session.onLost = () => {
      if (this.#ready === ready) this.#drop();
      this.#options.lost();
    };
    return ready;
  }

  async #ask(ready: Ready, turn: Turn): Promise<Probe> {
    const { server, clock } = this.#options;
    if (this.#pending !== undefined) await this.#pending.over;
    const probe = await askServer(ready, { server, clock, turn });
    // It ended in the middle of a probe, as something that cannot take several statements would.
    if (probe.kind === 'unknown') this.#together = false;
    // A global privilege that is granted now counts for new connections only (manual 8.2.13).
    const needsNewSession = probe.kind === 'alive' && probe.failure.code === globalPrivilegeMissing;
    if (needsNewSession && this.#ready === ready) this.#drop();
    return probe;
  }

  #drop(): void {
    this.#opening?.attempt.destroy();
    this.#opening = undefined;
    this.#ready?.session.destroy();
    this.#ready = undefined;
    this.#pending = undefined;
  }

  #unknown(code: string, what: string): Problem {
    return unknownProblem(this.#options.server, code, what);
  }
}

const unasked = (server: ServerAddress): Unasked => ({
  kind: 'unasked',
  failure: { code: 'stood-still', message: `${server}: this process stood still while the server was asked` },
});
