/** HTML as values. Everything that a template takes in is escaped here, and nowhere else. Pure. */

const markup = Symbol('markup');

/** Markup that only `html` makes. */
export interface Html {
  readonly [markup]: string;
}

type Part = Html | string | number | false | null | undefined | readonly Part[];

/**
 * A template with escaping: texts and numbers become text, also in a quoted attribute; `Html` stays as it is;
 * nothing becomes of `false`, `null` and `undefined`. Every attribute needs its quotes. A line end of the
 * template, with the indentation after it, is not part of the markup.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const between = joinedLines(strings);
  let text = between[0] ?? '';
  for (const [index, part] of parts.entries()) text += written(part) + (between[index + 1] ?? '');
  return { [markup]: text };
}

const known = new WeakMap<TemplateStringsArray, readonly string[]>();

function joinedLines(strings: TemplateStringsArray): readonly string[] {
  const kept = known.get(strings);
  if (kept !== undefined) return kept;
  const joined = strings.map((text) => text.replace(/\n\s*/g, ''));
  const bare = joined.slice(0, -1).find((text) => text.endsWith('='));
  if (bare !== undefined) throw new Error(`an attribute without quotes: ${bare}`);
  known.set(strings, joined);
  return joined;
}

/** The characters to send. */
export const textOf = (value: Html): string => value[markup];

function written(part: Part): string {
  if (part === false || part === null || part === undefined) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  return isList(part) ? part.map(written).join('') : part[markup];
}

const isList = (part: Html | readonly Part[]): part is readonly Part[] => Array.isArray(part);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Controls and invisible characters are shown as a replacement character: a name may not turn the writing
 * direction of what follows, and two names that look the same are the same.
 */
const unseen = /[^\P{Cc}\n\t]|\p{Cf}|\u2028|\u2029|\p{Cs}/gu;

const escaped = (text: string): string =>
  text.replace(unseen, '\ufffd').replace(/[&<>"']/g, (character) => entities[character] ?? '');
