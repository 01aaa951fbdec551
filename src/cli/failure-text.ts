/** A failure, for people. Pure. */

import type { Failure } from '../core/model/observation.ts';
import type { Problem } from '../http/problem.ts';

/** `what happened (code)`, and the hint on a line of its own. */
export const failureText = ({ code, message, hint }: Failure): string =>
  `${message} (${code})\n${hint === undefined ? '' : `  ${hint}\n`}`;

/** The same for a problem that the daemon reports. */
export const problemText = ({ code, detail, hint }: Problem): string =>
  failureText({ code, message: detail, ...(hint === undefined ? {} : { hint }) });
