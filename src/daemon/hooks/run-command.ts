/** Runs the program of a hook: no shell, a process group of its own, everything bounded. */

import { execa } from 'execa';
import { whyNotRunnable } from '../../config/hook-program.ts';
import type { CommandHook } from '../../config/loaded.ts';
import type { Clock } from '../../ports.ts';
import type { Attempt, Trying } from './attempt.ts';
import { createExcerpt, type Excerpt } from './excerpt.ts';
import { type HookCall, variablesOf } from './hook-call.ts';
import type { HookLimits } from './hook-limits.ts';
import { inheritedVariables } from './inherited-variables.ts';
import { type Groups, signalGroup } from './process-group.ts';

export interface CallSurroundings {
  readonly clock: Clock;
  readonly limits: HookLimits;
  readonly groups: Groups;
  /** Aborted: the call must end now, because source-dns stops. */
  readonly stop: AbortSignal;
}

/** Shortages that pass. In all of these cases the program has not started. */
const passing = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ETXTBSY', 'EINTR']);

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export function runCommand(hook: CommandHook, call: HookCall, around: CallSurroundings): Trying {
  const own = [...hook.env].map(([name, secret]) => [name, secret.reveal()] as const);
  const env = { ...inheritedVariables(process.env), ...Object.fromEntries(own), ...variablesOf(call) };
  const child = execa(hook.program, hook.args, {
    env,
    extendEnv: false,
    // Not ours: a program that keeps it would keep a file system from being unmounted.
    cwd: '/',
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) {
    const attempt = child.then(({ cause }) => notStarted(hook, (cause as NodeJS.ErrnoException)?.code));
    return { attempt, gone: attempt.then(() => {}) };
  }
  const output = createExcerpt(
    'last',
    own.map(([, value]) => value),
  );
  const run = new ProgramRun(pid, output, around);
  const closed = child.then(() => {});
  child.once('exit', (code, signal) => run.ended({ code, signal }, closed));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => run.printed(piece));
  const closeStreams = (): void => {
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  };
  run.start(hook.timeoutMs);
  return { attempt: run.result.finally(closeStreams), gone: run.gone };
}

type Why = 'timed-out' | 'too-much' | 'stopping';

/** From the start to the answer. The first reason to end it counts. */
class ProgramRun {
  readonly result: Promise<Attempt>;
  readonly gone: Promise<void>;
  readonly #leader: number;
  readonly #output: Excerpt;
  readonly #around: CallSurroundings;
  #resolve: (attempt: Attempt) => void = () => {};
  #leave: () => void = () => {};
  #cancel: () => void = () => {};
  #timeoutMs = 0;
  #why: Why | undefined;
  #exit: Exit | undefined;
  #isForbidden = false;
  #isKilled = false;

  constructor(leader: number, output: Excerpt, around: CallSurroundings) {
    this.#leader = leader;
    this.#output = output;
    this.#around = around;
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.gone = new Promise((resolve) => {
      this.#leave = resolve;
    });
    around.groups.add(leader);
  }

  start(timeoutMs: number): void {
    const { clock, stop } = this.#around;
    this.#timeoutMs = timeoutMs;
    this.#cancel = clock.after(timeoutMs, () => this.#end('timed-out'));
    stop.addEventListener('abort', this.#onStop, { once: true });
    if (stop.aborted) this.#onStop();
  }

  printed(piece: Buffer): void {
    this.#output.add(piece);
    if (this.#output.bytes() > this.#around.limits.outputBytes) this.#end('too-much');
  }

  /** `closed`: nobody holds its output any more. */
  ended(exit: Exit, closed: Promise<void>): void {
    this.#exit = exit;
    // A program in its background may go on: it was started to stay.
    if (this.#why === undefined) {
      this.#settled();
      const cancel = this.#around.clock.after(this.#around.limits.drainMs, () => this.#answer());
      void closed.then(() => {
        cancel();
        this.#answer();
      });
      return;
    }
    // The others of its group have the rest of their time.
    const isAlone = this.#isKilled || this.#isForbidden || signalGroup(this.#leader, 0) === 'gone';
    if (isAlone) this.#over();
  }

  readonly #onStop = (): void => this.#end('stopping');

  #end(why: Why): void {
    if (this.#why !== undefined || this.#exit !== undefined) return;
    this.#why = why;
    this.#cancel();
    this.#signal('SIGTERM');
    const { clock, limits } = this.#around;
    this.#cancel = clock.after(limits.graceMs, () => {
      this.#signal('SIGKILL');
      this.#isKilled = true;
      if (this.#exit !== undefined) return this.#over();
      this.#cancel = clock.after(limits.afterKillMs, () => this.#answer());
    });
  }

  #signal(signal: NodeJS.Signals): void {
    this.#isForbidden = signalGroup(this.#leader, signal) === 'forbidden';
  }

  #over(): void {
    this.#settled();
    this.#answer();
  }

  /** Nothing is left that we would signal. */
  #settled(): void {
    const { groups, stop } = this.#around;
    this.#cancel();
    stop.removeEventListener('abort', this.#onStop);
    groups.delete(this.#leader);
    this.#leave();
  }

  #answer(): void {
    this.#resolve({ ...this.#told(), output: this.#output.text() });
  }

  #told(): Attempt {
    const end = this.#exit === undefined ? this.#stillThere() : '';
    switch (this.#why) {
      case 'timed-out':
        return {
          outcome: 'timed-out',
          sentence: `did not end within ${this.#timeoutMs} ms, so it was killed${end}`,
          hint: 'raise its timeout, or let the program do the long work in the background (with its output redirected)',
        };
      case 'too-much':
        return {
          outcome: 'failed',
          sentence: `printed more than ${this.#around.limits.outputBytes} bytes, so it was killed${end}`,
          hint: 'redirect the output of the program to a file',
        };
      case 'stopping':
        return { outcome: 'failed', sentence: `was killed because source-dns stops${end}` };
      default:
        return exitText(this.#exit);
    }
  }

  #stillThere(): string {
    return this.#isForbidden
      ? '; but it runs as another user, so source-dns may not kill it, and it goes on'
      : '; but it goes on, although it got SIGKILL';
  }
}

function exitText(exit: Exit | undefined): Attempt {
  const code = exit?.code ?? undefined;
  const signal = exit?.signal ?? undefined;
  if (code === 0) return { outcome: 'done', sentence: 'exit code 0', exitCode: 0 };
  if (code !== undefined) return { outcome: 'failed', sentence: `exit code ${code}`, exitCode: code };
  return { outcome: 'failed', sentence: `was ended by ${signal ?? 'a signal'}`, signal };
}

async function notStarted(hook: CommandHook, code: string | undefined): Promise<Attempt> {
  const why = await whyNotRunnable(hook.program, process.env['PATH']);
  return {
    outcome: 'failed',
    sentence: `could not be started (${code ?? 'unknown error'})`,
    hint: code === 'E2BIG' ? 'give it fewer or shorter arguments' : why,
    ...(code !== undefined && passing.has(code) ? { again: {} } : {}),
  };
}
