/** Starts application.ts, and reads its notes when it is told to stop. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ApplicationNews, ApplicationOrder, Attempt } from './application.ts';

const program = join(import.meta.dirname, 'application.js');
const readyMs = 20_000;
const notesMs = 10_000;

export class Application {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when each of its writers has written once. */
  static async start(order: ApplicationOrder): Promise<Application> {
    const child = fork(program, [JSON.stringify(order)]);
    const application = new Application(child);
    try {
      await application.#news('ready', readyMs);
      return application;
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with every write that had a result. `exitMs`: within this time it exits by itself, or is killed. */
  async stop(exitMs: number): Promise<{ readonly attempts: readonly Attempt[]; readonly exited: boolean }> {
    const ended = once(this.#child, 'exit');
    try {
      const told = this.#news('notes', notesMs);
      this.#child.send('stop');
      const news = await told;
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), exitMs);
      const [code] = (await ended) as [number | null];
      clearTimeout(timer);
      return { attempts: news.kind === 'notes' ? news.attempts : [], exited: code === 0 };
    } finally {
      this.#child.kill('SIGKILL');
      await ended;
    }
  }

  async #news(kind: ApplicationNews['kind'], deadlineMs: number): Promise<ApplicationNews> {
    const late = AbortSignal.timeout(deadlineMs);
    // Not its exit: that may be heard before its last message is read.
    const died = once(this.#child, 'disconnect', { signal: late }).then(() => {
      throw new Error(`the application ended without the message: ${kind}`);
    });
    const told = async (): Promise<ApplicationNews> => {
      for (;;) {
        const [news] = (await once(this.#child, 'message', { signal: late })) as [ApplicationNews];
        if (news.kind === kind) return news;
      }
    };
    const both = [told(), died];
    // The one that loses may still fail, at the deadline.
    for (const each of both) each.catch(() => undefined);
    return await Promise.race(both);
  }
}
