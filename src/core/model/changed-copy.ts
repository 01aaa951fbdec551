/**
 * A copy of a record with something changed. The copy is a literal that names every key: Node 20 copies
 * `{ ...record }` key by key as soon as a few shapes have come by, which takes five times as long or more. See
 * docs/decisions/049.
 */

/** `copyOf`: that literal. */
export const changedCopy =
  <T extends object>(copyOf: (record: T) => T) =>
  (record: T, change: Partial<T>): T =>
    Object.assign(copyOf(record), change);
