/** Server processes: how they start and end. None outlives this Node process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BoundedLog } from './bounded-log.ts';
import { within } from './deadline.ts';
import { LabError } from './lab-error.ts';

/** The exit code of a process, or the signal that ended it. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** After SIGKILL the kernel needs a moment to remove a process. */
const killDeadlineMs = 10_000;
/** A busy machine has left a thread without CPU time for a second. */
const suspendDeadlineMs = 10_000;
const suspendPollMs = 1;
/** Part of util-linux. With it, a child also ends when this process gets SIGKILL. */
const setpriv = '/usr/bin/setpriv';

const living = new Set<ServerProcess>();
let guarded = false;

/** One server process, with its log. */
export class ServerProcess {
  readonly log: BoundedLog;
  /** Resolves when the process has ended and its output is read. Never rejects. */
  readonly exited: Promise<Exit>;
  readonly name: string;
  readonly #child: ChildProcess;
  #exit: Exit | undefined;

  constructor(name: string, child: ChildProcess, log: BoundedLog) {
    this.name = name;
    this.log = log;
    this.#child = child;
    child.stdout?.on('data', (piece: Buffer) => log.take(piece));
    child.stderr?.on('data', (piece: Buffer) => log.take(piece));
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        if (this.#exit !== undefined) return;
        this.#exit = exit;
        living.delete(this);
        log.close();
        resolve(exit);
      };
      child.on('close', (code, signal) => end({ code, signal }));
      child.on('error', (error) => {
        log.take(Buffer.from(`${String(error)}\n`));
        // A child that never started emits no 'close'.
        if (child.pid === undefined) end({ code: null, signal: null });
      });
    });
  }

  /** Undefined if the process could not start. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#exit === undefined;
  }

  /** Does nothing if the process has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /**
   * Sends SIGSTOP; resolves when every thread has stopped. One thread takes the signal, and until then the
   * others still run: on a busy machine they have answered a later request. Rejects with a LabError if this
   * takes too long.
   */
  async suspend(): Promise<void> {
    const end = performance.now() + suspendDeadlineMs;
    this.signal('SIGSTOP');
    while (this.running && this.pid !== undefined && !(await standsStill(this.pid))) {
      if (performance.now() > end)
        throw new LabError(`${this.name} (pid ${this.pid}) still ran ${suspendDeadlineMs} ms after SIGSTOP`, {
          hint: 'is its disk stuck?',
        });
      await delay(suspendPollMs);
    }
  }

  /** Sends SIGKILL to the whole process group, and does not wait. */
  killNow(): void {
    if (!this.running || this.pid === undefined) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // ESRCH: the group has just ended.
    }
  }

  /** The next log line that matches. Rejects with a LabError if the process ends, or after `deadlineMs`. */
  async awaitLine(pattern: RegExp, deadlineMs: number): Promise<string> {
    let forget: () => void = () => undefined;
    const seen = new Promise<string>((resolve) => {
      forget = this.log.onLine((line) => {
        if (pattern.test(line)) resolve(line);
      });
    });
    const ended = this.exited.then((exit) => {
      throw new LabError(
        `${this.name} ended (${exit.signal ?? exit.code}) before it was ready:\n${this.log.tail()}`,
        { hint: `see ${this.log.file}` },
      );
    });
    try {
      const late = () =>
        new LabError(`${this.name} was not ready in ${deadlineMs} ms:\n${this.log.tail()}`, {
          hint: `see ${this.log.file}`,
        });
      return await within(Promise.race([seen, ended]), deadlineMs, late);
    } finally {
      forget();
    }
  }

  /** Sends SIGCONT and SIGTERM, and SIGKILL after `deadlineMs`. Resolves when the process is gone. */
  async stop(deadlineMs: number): Promise<Exit> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    return await within(this.exited, deadlineMs, () => new Error('late')).catch(() => this.kill());
  }

  /** SIGKILL to the process group: a power cut, except for the page cache. Resolves when it is gone. */
  async kill(): Promise<Exit> {
    this.killNow();
    const late = () =>
      new LabError(`${this.name} (pid ${this.pid}) survived SIGKILL for ${killDeadlineMs} ms`, {
        hint: 'is its disk stuck?',
      });
    return await within(this.exited, killDeadlineMs, late);
  }
}

/** Whether each thread is stopped or gone (proc(5): the state follows the name in parentheses). */
async function standsStill(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'latin1').catch(() => '')),
  );
  return states.every((text) => text === '' || /\) [TtZX] [^)]*$/.test(text));
}

interface LaunchOptions {
  readonly cwd: string;
  readonly logFile: string;
  /** A command prefix, e.g. `nsenter --net=…`. It must exec: the process id must be that of the server. */
  readonly through?: readonly string[];
}

/** In its own process group: Ctrl-C at the terminal must not reach it before its owner stops it. */
export function launch(
  name: string,
  command: string,
  args: readonly string[],
  options: LaunchOptions,
): ServerProcess {
  guard();
  const log = new BoundedLog(options.logFile);
  const whole = [...(options.through ?? []), command, ...args];
  const bound = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'TERM', ...whole] : whole;
  const child = spawn(bound[0] ?? command, bound.slice(1), {
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const server = new ServerProcess(name, child, log);
  living.add(server);
  return server;
}

/** Server processes that have not ended. Tests assert that none is left. */
export function livingProcesses(): readonly ServerProcess[] {
  return [...living];
}

/** Stops every server that still runs; each gets `deadlineMs` before SIGKILL. */
export async function stopAllProcesses(deadlineMs: number): Promise<void> {
  await Promise.all(livingProcesses().map((each) => each.stop(deadlineMs)));
}

function killAll(): void {
  for (const each of living) each.killNow();
}

/** However this process ends: 'exit' follows an error too, and --pdeathsig covers SIGKILL. */
function guard(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      // Another listener stops the servers in order; 'exit' comes after that.
      if (process.listenerCount(signal) > 1) return;
      killAll();
      process.removeListener(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}
