import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files in bind-config/ that have placeholders. */
type BindTemplate = 'named.conf.primary' | 'named.conf.secondary' | 'zone.db';

/** What stands for each placeholder: `{ zone: 'lab.test' }` replaces `@zone@`. A list repeats every line with that placeholder, once for each. */
type Substitutions = Readonly<Record<string, string | readonly string[]>>;

/** The same two levels up from src/lab and from dist/lab. */
const configFolder = join(import.meta.dirname, '..', '..', '..', 'bind-config');
const placeholders = /@([a-z]+(?:-[a-z]+)*)@/g;
const comment = /^\s*(\/\/|;)/;

/** A file of bind-config/ with every placeholder replaced. Rejects on a placeholder without a substitution. */
export async function renderBindConfig(
  template: BindTemplate,
  substitutions: Substitutions,
): Promise<string> {
  return render(await readFile(join(configFolder, template), 'utf8'), substitutions);
}

/** Replaces every placeholder outside of comment lines, which explain the placeholders. Throws on one without a substitution. */
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
