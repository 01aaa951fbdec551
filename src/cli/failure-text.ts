/** A failure as a person reads it. Pure. */

import type { Failure } from '../core/model/observation.ts';
import type { Problem } from '../http/problem.ts';

/** `what happened (code)`, and what to do next on a line of its own. */
export const failureText = ({ code, message, hint }: Failure): string =>
  `${message} (${code})\n${hint === undefined ? '' : `  ${hint}\n`}`;

/** The same of what the daemon says. */
export const problemText = ({ code, detail, hint }: Problem): string =>
  failureText({ code, message: detail, ...(hint === undefined ? {} : { hint }) });
