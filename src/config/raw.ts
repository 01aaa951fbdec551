/** Reads the plain values of a file that may be wrong anywhere. */

import type { ConfigPath } from './config-error.ts';

export function valueAt(raw: unknown, path: ConfigPath): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** The keys and values of the section at `path`; nothing where there is no section. */
export function childrenOf(raw: unknown, path: ConfigPath): readonly (readonly [string, unknown])[] {
  const value = valueAt(raw, path);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** The paths that `pattern` stands for: `*` is every key of a section. */
export function spread(raw: unknown, pattern: ConfigPath, done: ConfigPath = []): readonly ConfigPath[] {
  const [step, ...rest] = pattern;
  if (step === undefined) return [done];
  const keys = step === '*' ? childrenOf(raw, done).map(([key]) => key) : [step];
  return keys.flatMap((key) => spread(raw, rest, [...done, key]));
}

/** A copy with `value` at `path`; the parts outside of the path are shared. */
export function withValueAt(raw: unknown, path: ConfigPath, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(raw))
    return raw.map((item, index) => (index === step ? withValueAt(item, rest, value) : item));
  if (typeof raw !== 'object' || raw === null) return raw;
  return Object.fromEntries(
    Object.entries(raw).map(([key, item]) => [
      key,
      key === String(step) ? withValueAt(item, rest, value) : item,
    ]),
  );
}

/** The paths of all values below `path` that have no parts. */
export function leavesOf(raw: unknown, path: ConfigPath): readonly ConfigPath[] {
  const value = valueAt(raw, path);
  if (typeof value !== 'object' || value === null) return [path];
  const steps = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return steps.flatMap((step) => leavesOf(raw, [...path, step]));
}
