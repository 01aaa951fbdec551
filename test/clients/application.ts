/** One application of the story: a process of its own, what it says that it wrote, and what went wrong. */

import { join } from 'node:path';
import { within } from '../../src/lab/host/deadline.ts';
import { launch, type ServerProcess } from '../../src/lab/host/processes.ts';
import { until } from '../../src/lab/host/until.ts';

/** What an application needs to know of the story. */
export interface Surroundings {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly nameservers: readonly string[];
  readonly connectionLimit: number;
}

export interface ApplicationPlan {
  readonly name: string;
  /** The file beside play.mjs, without its ending. */
  readonly module: string;
  /** The name under which a version of mysql2 is installed. */
  readonly driver?: string;
  /** While there is no source, callers wait: a move costs at most one error a connection. */
  readonly waits: boolean;
  /** Lines that the library prints by itself. */
  readonly tells?: RegExp;
}

/** A write or a transaction that the application began. */
export interface Attempt {
  readonly id: string;
  /** The chapter of the story in which it began. */
  readonly chapter: number;
  readonly outcome: 'open' | 'done' | 'failed';
  readonly error?: string;
}

interface Line {
  readonly begun?: string;
  readonly done?: string;
  readonly failed?: string;
  readonly code?: string;
  readonly message?: string;
  readonly closed?: true;
}

const exitMs = 20_000;

/** Whether the attempt writes two rows in one transaction. */
export const isTransaction = ({ id }: Pick<Attempt, 'id'>): boolean => id.includes('/both-');

export class Application {
  readonly plan: ApplicationPlan;
  readonly attempts = new Map<string, Attempt>();
  /** Lines that the application must not print: warnings, stack traces. */
  readonly stray: string[] = [];
  /** Milliseconds from the beginning of each chapter to the first thing done that began in it. */
  readonly firstAfterMs: number[] = [];
  readonly #process: ServerProcess;
  #chapter = 0;
  #chapterBeganAt = performance.now();

  constructor(folder: string, plan: ApplicationPlan, surroundings: Surroundings) {
    this.plan = plan;
    const { name, module, driver } = plan;
    const settings = JSON.stringify({ module, driver, ...surroundings });
    this.#process = launch(name, process.execPath, ['play.mjs', name, settings], {
      cwd: folder,
      logFile: join(folder, `${name.replaceAll(' ', '-')}.log`),
    });
    this.#process.log.onLine((line) => this.#take(line));
  }

  /** From now on a new source is published. */
  turnPage(): void {
    this.#chapter++;
    this.#chapterBeganAt = performance.now();
  }

  /** Resolves when so many more writes and transactions that began in this chapter are done. */
  async wrote(count: number): Promise<void> {
    const before = this.attempts.size;
    const done = (both: boolean) =>
      [...this.attempts.values()]
        .slice(before)
        .filter((each) => each.outcome === 'done' && isTransaction(each) === both).length;
    const what = `${this.plan.name} to write in chapter ${this.#chapter}`;
    await until(what, () => {
      if (!this.#process.running) throw new Error(`${this.plan.name} ended:\n${this.#process.log.tail()}`);
      return done(false) >= count && done(true) >= count;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#process.log.tail()}`, { cause: error });
    });
  }

  /** Tells it to close. Resolves with why it did not end by itself. */
  async end(): Promise<readonly string[]> {
    this.#process.signal('SIGTERM');
    try {
      const late = () => new Error(`still ran ${exitMs} ms after its end`);
      const { code, signal } = await within(this.#process.exited, exitMs, late);
      return code === 0 ? [] : [`ended with ${signal ?? code}`];
    } catch (error) {
      await this.#process.kill();
      return [String(error)];
    }
  }

  #take(text: string): void {
    const line = parsed(text);
    if (line === undefined) this.#takeStray(text);
    else if (line.begun !== undefined)
      this.attempts.set(line.begun, { id: line.begun, chapter: this.#chapter, outcome: 'open' });
    else if (line.done !== undefined) this.#ended(line.done, { outcome: 'done' });
    else if (line.failed !== undefined)
      this.#ended(line.failed, {
        outcome: 'failed',
        error: line.code ?? line.message?.replace(/^.* - /, '') ?? '',
      });
  }

  #takeStray(text: string): void {
    if (!this.plan.tells?.test(text)) this.stray.push(text);
  }

  #ended(id: string, how: Pick<Attempt, 'outcome' | 'error'>): void {
    const attempt = this.attempts.get(id);
    if (attempt === undefined) throw new Error(`${id} ended and never began`);
    this.attempts.set(id, { ...attempt, ...how });
    if (how.outcome === 'done' && attempt.chapter === this.#chapter)
      this.firstAfterMs[this.#chapter] ??= performance.now() - this.#chapterBeganAt;
  }
}

function parsed(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
