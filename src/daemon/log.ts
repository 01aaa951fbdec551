/** The log: JSON lines on stdout for operators, each with a stable `code`. */

import { type Logger, pino } from 'pino';
import type { HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import { describeEntry } from './entry-text.ts';
import { type LogDestination, openStdout } from './log-destination.ts';

/** Gets no object of the configuration, so no secret can get here. */
export interface Log {
  /** One line per record: `code`, the fields of the entry and a sentence. */
  record(entry: HistoryEntry): void;
  say(level: 'debug' | 'info' | 'warn' | 'error', code: string, message: string, fields?: LogFields): void;
  fail(level: 'warn' | 'error', failure: Failure, fields?: LogFields): void;
  /** A bug, with its stack; written before this returns. */
  fatal(error: unknown): void;
  setLevel(level: LogThreshold): void;
  /** Resolves when everything is written, or after a second. */
  flush(): Promise<void>;
}

type LogFields = Readonly<Record<string, string | number | boolean>>;
type LogThreshold = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** `destination` is for tests; default: stdout. */
export function createLog(level: LogThreshold, destination: LogDestination = openStdout()): Log {
  const logger: Logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    record(entry) {
      const { level: recordLevel, code, sentence } = describeEntry(entry);
      logger[recordLevel]({ code, ...entry }, `${entry.cluster}@${entry.nameserver}: ${sentence}`);
    },
    say: (sayLevel, code, message, fields = {}) => logger[sayLevel]({ code, ...fields }, message),
    fail(failLevel, failure, fields = {}) {
      const { code, message, hint } = failure;
      logger[failLevel]({ code, ...fields, ...(hint === undefined ? {} : { hint }) }, message);
    },
    fatal(error) {
      logger.fatal(
        { code: 'bug', err: error },
        'source-dns has a bug, so it stops: no half-done work goes on',
      );
      destination.flushSync?.();
    },
    setLevel(newLevel) {
      logger.level = newLevel;
    },
    flush: async () => destination.flush?.(),
  };
}
