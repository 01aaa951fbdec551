/** `source-dns schema`. */

import { configJsonSchema } from '../config/json-schema.ts';
import type { SchemaArguments } from './commands/schema.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { documentJsonSchema } from './shapes/document-shapes.ts';

/** Prints the JSON Schema of the configuration, or of what a command prints with `--json`. */
export function schema({ terminal }: CommandContext, { of }: SchemaArguments): ExitCode {
  const printed = of === undefined ? configJsonSchema() : documentJsonSchema(of);
  terminal.out(`${JSON.stringify(printed, undefined, 2)}\n`);
  return exitCodes.done;
}
