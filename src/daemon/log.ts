/** The log: one JSON line on stdout for everything that an operator may want to know later, each with a stable `code`. */

import { type DestinationStream, type Logger, pino } from 'pino';
import type { HistoryEntry } from '../core/events.ts';
import type { Failure } from '../core/observation.ts';
import { describeEntry } from './entry-text.ts';

/** What the daemon tells its log. Never given an object of the configuration: a secret cannot get here. */
export interface Log {
  /** One line a record: `code`, the fields of the entry and a sentence. */
  record(entry: HistoryEntry): void;
  say(level: 'debug' | 'info' | 'warn' | 'error', code: string, message: string, fields?: LogFields): void;
  fail(level: 'warn' | 'error', failure: Failure, fields?: LogFields): void;
  /** A bug: with its stack, and written before it returns. */
  fatal(error: unknown): void;
  setLevel(level: LogThreshold): void;
  /** Everything is written when it returns. */
  flush(): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean>>;
export type LogThreshold = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Bytes that wait for whoever reads our output; more are dropped: a stuck reader must not stop the service. */
const waitingBytes = 1024 * 1024;

/** `destination` is for tests; default: stdout. */
export function createLog(level: LogThreshold, destination?: DestinationStream): Log {
  const stdout = destination === undefined ? pino.destination({ dest: 1, sync: false, maxLength: waitingBytes }) : undefined;
  // EPIPE: nobody reads the log any more. The name matters more.
  stdout?.on('error', () => {});
  const logger: Logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination ?? stdout);
  const flush = (): void => {
    try {
      stdout?.flushSync();
    } catch {
      // Not open yet, or nobody reads it: there is no better place to say so.
    }
  };
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
      logger.fatal({ code: 'bug', err: error }, 'source-dns has a bug and stops; nothing half done goes on');
      flush();
    },
    setLevel(newLevel) {
      logger.level = newLevel;
    },
    flush,
  };
}
