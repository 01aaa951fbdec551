/** `source-dns schema`. */

import { configJsonSchema } from '../config/json-schema.ts';
import type { SchemaArguments } from './commands/schema.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { documentJsonSchema } from './shapes/document-shapes.ts';

/** Prints the JSON Schema of the configuration or of a document, or the OpenAPI document of the API. */
export async function schema({ terminal }: CommandContext, { of }: SchemaArguments): Promise<ExitCode> {
  const printed =
    of === undefined ? configJsonSchema() : of === 'openapi' ? await openApi() : documentJsonSchema(of);
  terminal.out(`${JSON.stringify(printed, undefined, 2)}\n`);
  return exitCodes.done;
}

/** Only here, because the framework behind the routes takes its time to load. */
async function openApi(): Promise<unknown> {
  const [{ routesAlone }, { apiPlugins }] = await Promise.all([
    import('../http/app.ts'),
    import('./api-plugins.ts'),
  ]);
  const app = await routesAlone(apiPlugins);
  await app.close();
  return app.description();
}
