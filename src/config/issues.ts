/** Turns zod's issues into sentences. */

import type { z } from 'zod';
import { closest } from '../suggest.ts';
import { type ConfigIssue, type ConfigPath, pathText } from './config-error.ts';
import { exampleAt, knownKeys } from './json-schema.ts';

const missing = 'is missing';

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a section (key: value)',
  record: 'a section (key: value)',
  array: 'a list',
};

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  return nouns[typeof value] ?? 'something else';
};

function wrongType(expected: string, input: unknown): string {
  if (input === undefined) return missing;
  if (input === null) return 'is empty; give it a value, or remove it';
  const wanted = nouns[expected] ?? expected;
  if (expected === 'int' && typeof input === 'number') return 'must be a whole number';
  const quotes =
    expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')
      ? '; put it in quotes'
      : '';
  return `must be ${wanted}, not ${kindOf(input)}${quotes}`;
}

const sizeText = (origin: string, bound: number | bigint, than: 'least' | 'most'): string => {
  if (origin === 'string')
    return than === 'least' ? 'must not be empty' : `is too long: at most ${bound} characters`;
  if (origin === 'array')
    return than === 'least' ? `must have at least ${bound} entry` : `has too many entries: at most ${bound}`;
  return `must be at ${than} ${bound}`;
};

/** For a field without its own words. `{value}` stands for the input, which may be a secret. */
export const sayIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, issue.input);
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (typeof issue.input !== 'string') return wrongType(typeof issue.values[0], issue.input);
      const near = closest(issue.input, values);
      return `{value} is not one of ${values.join(', ')}${near === undefined ? '' : `; did you mean "${near}"?`}`;
    }
    case 'too_small':
      return sizeText(issue.origin, issue.minimum, 'least');
    case 'too_big':
      return sizeText(issue.origin, issue.maximum, 'most');
    case 'invalid_format':
      return issue.format === 'url' ? '{value} is not an http or https URL' : '{value} has the wrong form';
    default:
      return undefined;
  }
};

type ZodIssue = z.core.$ZodIssue;

const isKey = (step: PropertyKey): step is string | number => typeof step !== 'symbol';

const isRootType = (issues: readonly ZodIssue[]): boolean =>
  issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0);

/** Of a union, only the alternative with the shape of the input matters. */
function alternative(errors: readonly (readonly ZodIssue[])[]): readonly ZodIssue[] | undefined {
  const shaped = errors.filter((issues) => !isRootType(issues));
  return shaped.length === 0 ? undefined : shaped.reduce((a, b) => (b.length < a.length ? b : a));
}

function unknownKey(path: ConfigPath, key: string, known: readonly string[]): FieldIssue {
  const near = closest(key, known);
  const place = { path: [...path, key], atKey: true };
  if (near === undefined)
    return { ...place, message: `is not known here; the known keys are ${known.join(', ')}` };
  return { ...place, message: `is not known; did you mean "${near}"?`, meant: [...path, near] };
}

/** `expected`: what zod wanted there, so `${PORT}` can become a number. */
export interface FieldIssue extends ConfigIssue {
  readonly expected?: string;
  /** For a misspelled key: the field that was meant, which is therefore not missing. */
  readonly meant?: ConfigPath;
}

/** The most mistakes that we report for one file: a file of another kind has one in each line. */
const issueLimit = 200;

/** One sentence for each unknown key, for a union only the alternative that was meant, and none twice. */
export function fieldIssues(issues: readonly ZodIssue[]): readonly FieldIssue[] {
  const all = flattened(issues.slice(0, issueLimit), []).slice(0, issueLimit);
  const meant = new Set(all.flatMap((issue) => (issue.meant === undefined ? [] : [pathText(issue.meant)])));
  return all
    .filter((issue) => issue.message !== missing || !meant.has(pathText(issue.path)))
    .map((issue) => ({ ...issue, message: withExample(issue.message, issue.path) }));
}

function flattened(issues: readonly ZodIssue[], prefix: ConfigPath): readonly FieldIssue[] {
  return issues.flatMap((issue): readonly FieldIssue[] => {
    const path = [...prefix, ...issue.path.filter(isKey)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.slice(0, issueLimit).map((key) => unknownKey(path, key, knownKeys(path)));
    }
    if (issue.code === 'invalid_key')
      return [{ path, message: issue.issues[0]?.message ?? issue.message, atKey: true }];
    if (issue.code === 'invalid_union') {
      const shape = alternative(issue.errors);
      if (shape !== undefined) return flattened(shape, path);
    }
    return [
      { path, message: issue.message, ...(issue.code === 'invalid_type' && { expected: issue.expected }) },
    ];
  });
}

function withExample(message: string, path: ConfigPath): string {
  const key = path.at(-1);
  const example = message === missing && typeof key === 'string' ? exampleAt(path) : undefined;
  return example === undefined ? message : `${message}; write for example "${key}: ${example}"`;
}
