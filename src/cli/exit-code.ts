/** The exit codes that scripts rely on (docs/OPERATING.md, `source-dns --help`). */

import type { Answer, CommandResult } from '../core/model/events.ts';
import { worstResult } from '../core/model/worst-result.ts';
import type { Problem } from '../http/problem.ts';

export const exitCodes = {
  /** Or nothing to do. */
  done: 0,
  failed: 1,
  /** Usage or configuration. */
  usage: 2,
  /** Refused as unsafe. */
  held: 3,
  /** A server or nameserver could not be reached. */
  unreachable: 4,
  /** Another instance moved the name meanwhile. */
  'lost-race': 5,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The code of the worst publication; no publication at all is a failure. */
export function exitCodeOf(answer: Answer): ExitCode {
  const worst: CommandResult['kind'] = worstResult(answer.results)?.kind ?? 'failed';
  return exitCodes[worst];
}

/** Problems of the daemon that are a usage error here. */
const usageProblems: readonly string[] = [
  'unknown-cluster',
  'watched-elsewhere',
  'unknown-server',
  'bad-request',
];

export const exitCodeOfProblem = (problem: Problem): ExitCode => {
  if (problem.results !== undefined) return exitCodeOf({ results: problem.results });
  return usageProblems.includes(problem.code) ? exitCodes.usage : exitCodes.failed;
};
