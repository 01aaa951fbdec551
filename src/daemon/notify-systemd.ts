/**
 * Tells systemd how the daemon is: sd_notify(3). Node has no datagram sockets of AF_UNIX, so each notice is
 * one run of the program systemd-notify (docs/decisions/025-word-to-systemd.md).
 */

import type { Failure } from '../core/model/observation.ts';
import type { Clock } from '../ports.ts';
import type { Supervisor } from './supervisor.ts';

/** What systemd is told of. */
interface Watched {
  /** One line for `systemctl status`. */
  status(): string;
  /** How late the work of any cluster is. */
  overdueMs(): number;
}

/** Without a supervisor nothing happens. Nothing rejects. */
export interface Notifier {
  /** From now on systemd gets signs of life and a status. */
  ready(watched: Watched): void;
  reloading(): void;
  reloaded(): void;
  /** Resolves when systemd knows, or after a second: a process that ends takes the notice with it. */
  stopping(): Promise<void>;
}

interface NotifierOptions {
  readonly supervisor: Supervisor | undefined;
  readonly clock: Clock;
  /** Sends the assignments as one notice; default: by systemd-notify. Resolves to the failure. */
  readonly send?: (assignments: readonly string[], socket: string) => Promise<Failure | undefined>;
  onWarning(failure: Failure): void;
}

/** systemd-notify itself waits up to 5 s until systemd has read the notice. */
const sendLimitMs = 6000;
const tries = 3;
const pauseMs = 1000;
const longestQueue = 8;
/** A stop waits no longer for the notices. */
const stopLimitMs = 1000;
/** A third of the watchdog's time: one sign of life may be lost. Each is a process: 5 ms of CPU. */
const signsPerWatchdog = 3;
const shortestPauseMs = 100;
const longestPauseMs = 20_000;
/** A tick is at most 1 s late in a busy process: so late, the cluster is no longer watched. */
export const stuckAfterMs = 10_000;
const longestStatus = 200;

export function createNotifier(options: NotifierOptions): Notifier {
  const { supervisor } = options;
  const nothing = (): void => {};
  if (supervisor === undefined)
    return { ready: nothing, reloading: nothing, reloaded: nothing, stopping: async () => {} };
  return new SystemdNotifier(options, supervisor);
}

class SystemdNotifier implements Notifier {
  readonly #options: NotifierOptions;
  readonly #supervisor: Supervisor;
  readonly #waiting: (readonly string[])[] = [];
  #sending = false;
  /** Resolves when no notice is left. */
  #sent: Promise<void> = Promise.resolve();
  #warned = false;
  #stopping = false;
  #lastStatus = '';

  constructor(options: NotifierOptions, supervisor: Supervisor) {
    this.#options = options;
    this.#supervisor = supervisor;
  }

  ready(watched: Watched): void {
    if (this.#supervisor.watchesOther !== undefined)
      this.#options.onWarning(watchesOther(this.#supervisor.watchesOther));
    this.#say(['READY=1', ...this.#status(watched)]);
    this.#beat(watched);
  }

  reloading(): void {
    // systemd (notify-reload) compares it with the time of its signal, on the clock of hrtime.
    this.#say(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`]);
  }

  reloaded(): void {
    this.#say(['READY=1']);
  }

  stopping(): Promise<void> {
    this.#stopping = true;
    this.#say(['STOPPING=1']);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(stopLimitMs, resolve);
      void this.#sent.then(() => {
        cancel();
        resolve();
      });
    });
  }

  #beat(watched: Watched): void {
    const { watchdogMs = Number.POSITIVE_INFINITY } = this.#supervisor;
    const pause = Math.max(shortestPauseMs, Math.min(longestPauseMs, watchdogMs / signsPerWatchdog));
    this.#options.clock.after(pause, () => {
      const alive = Number.isFinite(watchdogMs) && watched.overdueMs() < stuckAfterMs ? ['WATCHDOG=1'] : [];
      // A notice that waits for its turn is tried again; a sign of life would be old by then.
      const notice = this.#sending ? [] : [...alive, ...this.#status(watched)];
      if (notice.length > 0) this.#say(notice);
      this.#beat(watched);
    });
  }

  /** Empty if nothing changed. */
  #status(watched: Watched): readonly string[] {
    const status = watched.status().replace(/\s+/g, ' ').slice(0, longestStatus);
    if (status === this.#lastStatus) return [];
    this.#lastStatus = status;
    return [`STATUS=${status}`];
  }

  /** One after the other, because systemd must see RELOADING before READY. */
  #say(notice: readonly string[]): void {
    if (this.#waiting.length >= longestQueue) this.#waiting.shift();
    this.#waiting.push(notice);
    if (!this.#sending) this.#sent = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      await this.#sendOne(next);
    this.#sending = false;
  }

  async #sendOne(notice: readonly string[]): Promise<void> {
    const { send = sendBySystemdNotify, clock, onWarning } = this.#options;
    for (let left = tries; left > 0; left -= 1) {
      const failure = await send(notice, this.#supervisor.socket);
      if (failure === undefined) {
        this.#warned = false;
        return;
      }
      // Who stops the daemon may stop its children, too.
      if (this.#stopping) return;
      if (!this.#warned) onWarning(failure);
      this.#warned = true;
      if (left > 1) await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    }
  }
}

const watchesOther = (pid: string): Failure => ({
  code: 'systemd-watches-another-process',
  message: `systemd waits for a sign of life of process ${pid.slice(0, 20)}, which is not source-dns; it will end the service`,
  hint: 'ExecStart= must start source-dns itself, or a program that becomes source-dns (exec); else remove WatchdogSec= from the unit',
});

async function sendBySystemdNotify(
  assignments: readonly string[],
  socket: string,
): Promise<Failure | undefined> {
  const { execa } = await import('execa');
  const result = await execa('systemd-notify', assignments, {
    extendEnv: false,
    env: { PATH: process.env['PATH'], NOTIFY_SOCKET: socket },
    stdin: 'ignore',
    stdout: 'ignore',
    maxBuffer: 4096,
    timeout: sendLimitMs,
    killSignal: 'SIGKILL',
    reject: false,
  });
  if (!result.failed) return undefined;
  const cause = (result.cause as NodeJS.ErrnoException | undefined)?.code;
  const how = result.timedOut ? 'took too long' : (cause ?? result.signal ?? `exit code ${result.exitCode}`);
  const words = result.stderr.split('\n')[0] ?? '';
  return {
    code: 'systemd-not-told',
    message: `the program systemd-notify failed (${how})${words === '' ? '' : `: ${words}`}; systemd does not learn how source-dns is`,
    hint: 'systemd-notify must be in PATH, and the unit needs NotifyAccess=all; without the program, use Type=exec and no WatchdogSec= in the unit (in a container: podman run --sdnotify=conmon)',
  };
}
