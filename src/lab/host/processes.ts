import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BoundedLog } from './bounded-log.ts';
import { within } from './deadline.ts';
import { LabError } from './lab-error.ts';

/** How a process ended: its exit code, or the signal that ended it. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** After SIGKILL the kernel needs a moment to take a process away, more on a loaded disk. */
const killDeadlineMs = 10_000;
/** A busy machine has given a thread no time for a second. */
const suspendDeadlineMs = 10_000;
const suspendPollMs = 1;
/** Part of util-linux; with it a child also ends when this process is killed with SIGKILL and can clean up nothing. */
const setpriv = '/usr/bin/setpriv';

const living = new Set<ServerProcess>();
let guarded = false;

/** One server process: its log, its end, and the ways to end it. None outlives this Node process. */
export class ServerProcess {
  readonly log: BoundedLog;
  /** Resolves when the process has ended and its output was read. Never rejects. */
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
        // A child that was never started has no 'close' to come.
        if (child.pid === undefined) end({ code: null, signal: null });
      });
    });
  }

  /** The process id; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether the process has not ended yet. */
  get running(): boolean {
    return this.#exit === undefined;
  }

  /** Sends a signal to the process itself; does nothing when it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  /**
   * SIGSTOP; resolves when every thread stands still. One thread takes the signal, and until it gets time for that the others serve on: on a busy machine they
   * answered a request that was sent later. Rejects with a LabError when that takes too long.
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

  /** Sends SIGKILL to the whole process group, and waits for nothing. */
  killNow(): void {
    if (!this.running || this.pid === undefined) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // ESRCH: the last of the group has just ended.
    }
  }

  /** Waits for a log line that matches, at most `deadlineMs`. Rejects with a LabError when the process ends before, or in `deadlineMs`. */
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
        {
          hint: `see ${this.log.file}`,
        },
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

  /** SIGTERM (after SIGCONT, for a suspended process), and SIGKILL after `deadlineMs`. Resolves when the process is gone. */
  async stop(deadlineMs: number): Promise<Exit> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    return await within(this.exited, deadlineMs, () => new Error('late')).catch(() => this.kill());
  }

  /** SIGKILL, for its own children too: what a power cut leaves, but for the page cache. Resolves when the process is gone. */
  async kill(): Promise<Exit> {
    this.killNow();
    const late = () =>
      new LabError(`${this.name} (pid ${this.pid}) survived SIGKILL for ${killDeadlineMs} ms`, {
        hint: 'is its disk stuck?',
      });
    return await within(this.exited, killDeadlineMs, late);
  }
}

/** Whether each thread is stopped or gone, as /proc tells it (proc(5): the state follows the name in parentheses). */
async function standsStill(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'latin1').catch(() => '')),
  );
  return states.every((text) => text === '' || /\) [TtZX] [^)]*$/.test(text));
}

/** Where a process runs. */
interface LaunchOptions {
  readonly cwd: string;
  readonly logFile: string;
  /** A command that becomes this one in other surroundings, e.g. `nsenter --net=…`; it must exec, so that the process id is the server's own. */
  readonly through?: readonly string[];
}

/** Starts a server in the foreground, in a process group of its own: Ctrl-C at the terminal must not reach it before its owner's orderly stop. */
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

/** The server processes that have not ended: empty after an orderly end, which tests assert. */
export function livingProcesses(): readonly ServerProcess[] {
  return [...living];
}

/** Stops every server that is still there; each gets `deadlineMs` before SIGKILL. */
export async function stopAllProcesses(deadlineMs: number): Promise<void> {
  await Promise.all(livingProcesses().map((each) => each.stop(deadlineMs)));
}

function killAll(): void {
  for (const each of living) each.killNow();
}

/** Whatever ends this process ends the servers: `exit` also follows an uncaught error, the signals are caught here, SIGKILL by --pdeathsig. */
function guard(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      // Somebody else listens: an orderly stop is under way, and `exit` comes after it.
      if (process.listenerCount(signal) > 1) return;
      killAll();
      process.removeListener(signal, onSignal);
      process.kill(process.pid, signal);
    };
    process.on(signal, onSignal);
  }
}
