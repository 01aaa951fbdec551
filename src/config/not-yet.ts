/** Refuses settings that this version does not support yet, so nobody relies on them. */

import type { ConfigIssue, ConfigPath } from './config-error.ts';
import { childrenOf, valueAt } from './raw.ts';

/** Remove a line here to switch it on. `*` is every key. */
const notYet: readonly ConfigPath[] = [['http']];

function spread(raw: unknown, pattern: ConfigPath, done: ConfigPath = []): readonly ConfigPath[] {
  const [step, ...rest] = pattern;
  if (step === undefined) return [done];
  const keys = step === '*' ? childrenOf(raw, done).map(([key]) => key) : [step];
  return keys.flatMap((key) => spread(raw, rest, [...done, key]));
}

/** Whether a key is refused wherever it stands: it is not proposed. */
export const isNotYet = (path: ConfigPath): boolean =>
  notYet.some(
    (pattern) =>
      pattern.length === path.length && pattern.every((step, index) => step === '*' || step === path[index]),
  );

const isAbsent = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

export const notYetIssues = (raw: unknown): readonly ConfigIssue[] =>
  notYet
    .flatMap((pattern) => spread(raw, pattern))
    .filter((path) => !isAbsent(valueAt(raw, path)))
    .map((path) => ({ path, message: 'is not supported by this version yet; remove it', atKey: true }));
