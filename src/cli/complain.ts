/** Why a command cannot do its work: sentences on standard error, or one JSON object on standard output. */

import { type ConfigError, formatConfigError } from '../config/config-error.ts';
import type { InvalidConfig } from '../config/load.ts';
import type { Failure } from '../core/model/observation.ts';
import type { CommandContext } from './context.ts';
import { failureText } from './failure-text.ts';

/** With `--json`, every failure has this form (docs/API.md). */
export interface ProblemDocument extends Partial<Omit<Failure, 'message'>> {
  /** Stable; for machines. */
  readonly code: string;
  readonly detail: string;
  /** Every mistake of the configuration, in the order of the file. */
  readonly errors?: readonly ConfigError[];
}

type Output = Pick<CommandContext, 'terminal' | 'json'>;

/** One failure, with what to do next. */
export function complain({ terminal, json }: Output, failure: Failure): void {
  if (json) terminal.out(`${JSON.stringify(problemOf(failure))}\n`);
  else terminal.err(failureText(failure));
}

/** Several failures are one object: the first, and the sentences of all. */
export function complainOfAll(output: Output, failures: readonly Failure[]): void {
  const [first, ...more] = failures;
  if (first === undefined) return;
  if (!output.json) for (const failure of failures) complain(output, failure);
  else complain(output, { ...first, message: [first, ...more].map(({ message }) => message).join('; ') });
}

const problemOf = ({ code, message, hint }: Failure): ProblemDocument => ({
  code,
  detail: message,
  ...(hint !== undefined && { hint }),
});

/** All mistakes of a configuration. `why`: a sentence in front of them, for people. */
export function complainOfConfig({ terminal, json }: Output, invalid: InvalidConfig, why?: string): void {
  const { file, errors } = invalid;
  if (json) {
    const detail = `${why === undefined ? '' : `${why} `}${file} has ${errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`}`;
    const problem: ProblemDocument = { code: 'configuration-invalid', detail, errors };
    terminal.out(`${JSON.stringify(problem)}\n`);
    return;
  }
  if (why !== undefined) terminal.err(`${why}\n`);
  for (const error of errors) terminal.err(`${formatConfigError(error)}\n`);
}

/** A sentence about wrong usage; a second line says where to read more. */
export function complainOfUsage(output: Output, text: string): void {
  if (!output.json) {
    output.terminal.err(`${text}\n`);
    return;
  }
  const [message = '', ...hint] = text.replace(/^source-dns: /, '').split('\n');
  complain(output, { code: 'usage', message, ...(hint.length > 0 && { hint: hint.join(' ') }) });
}
