/** The files of bind-config/, with their placeholders replaced. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

type BindTemplate = 'named.conf.primary' | 'named.conf.secondary' | 'zone.db';

/** `{ zone: 'lab.test' }` replaces `@zone@`. A list repeats every line with that placeholder. */
type Substitutions = Readonly<Record<string, string | readonly string[]>>;

/** The same path from src/lab/servers and from dist/lab/servers. */
const configFolder = join(import.meta.dirname, '..', '..', '..', 'bind-config');
const placeholders = /@([a-z]+(?:-[a-z]+)*)@/g;
const comment = /^\s*(\/\/|;)/;

/** Rejects on a placeholder without a substitution. */
export async function renderBindConfig(
  template: BindTemplate,
  substitutions: Substitutions,
): Promise<string> {
  return render(await readFile(join(configFolder, template), 'utf8'), substitutions);
}

/** Skips comment lines, which explain the placeholders. Throws on one without a substitution. */
export function render(text: string, substitutions: Substitutions): string {
  return text
    .split('\n')
    .flatMap((line) => (comment.test(line) ? [line] : renderLine(line, substitutions)))
    .join('\n');
}

function renderLine(line: string, substitutions: Substitutions): string[] {
  const repeated = [...line.matchAll(placeholders)]
    .map((match) => match[1] ?? '')
    .find((name) => Array.isArray(substitutions[name]));
  if (repeated !== undefined) {
    const values = [substitutions[repeated] ?? []].flat();
    return values.flatMap((value) => renderLine(line, { ...substitutions, [repeated]: value }));
  }
  const replaced = line.replace(placeholders, (placeholder, name: string) => {
    const value = substitutions[name];
    if (typeof value !== 'string') throw new Error(`${placeholder} has no substitution`);
    return value;
  });
  return [replaced];
}
