/** The bounds of the hooks. Tests give smaller ones. */

export interface HookLimits {
  /** Calls of one hook that wait for their turn. A failure of a whole site moves many names at once. */
  readonly waitingMoves: number;
  readonly waitingAlarms: number;
  /** Calls of one hook at once, so also processes. */
  readonly atOnce: number;
  /** At least, between two starts: to start a process stops the event loop for some milliseconds. */
  readonly betweenStartsMs: number;
  /** Attempts of one call. */
  readonly attempts: number;
  /** Before the second attempt; it doubles with each further one. */
  readonly retryMs: number;
  /** The longest `Retry-After` that is obeyed. */
  readonly longestRetryMs: number;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** From SIGKILL until the call is given up: a process that waits for a disk does not end. */
  readonly afterKillMs: number;
  /** For the rest of the output after the program has ended; a process in the background may hold it. */
  readonly drainMs: number;
  /** A program that prints more is ended: to read it all would take our time. */
  readonly outputBytes: number;
  /** So much of the answer of a URL is read. */
  readonly answerBytes: number;
  /** At the stop: how long a running call may go on. A restart waits for it, and meanwhile nobody watches. */
  readonly stopMs: number;
}

export const hookLimits: HookLimits = {
  waitingMoves: 1000,
  waitingAlarms: 200,
  atOnce: 4,
  betweenStartsMs: 10,
  attempts: 4,
  retryMs: 1000,
  longestRetryMs: 30_000,
  graceMs: 2000,
  afterKillMs: 1000,
  drainMs: 100,
  outputBytes: 1024 * 1024,
  answerBytes: 4096,
  stopMs: 3000,
};
