/** `source-dns schema`. */

import { configJsonSchema } from '../config/json-schema.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';

export function schema({ terminal }: CommandContext): ExitCode {
  terminal.out(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
  return exitCodes.done;
}
