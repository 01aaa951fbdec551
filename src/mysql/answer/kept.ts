/**
 * What the last probe of a connection read from its cells. Most cells of a quiet server are the same in each
 * probe: they are not read again, and what was read is the same object, so others see that it did not change.
 */

import type { Row } from './row.ts';

interface Entry {
  readonly from: readonly unknown[];
  readonly value: unknown;
}

/** One connection. It remembers the last probe only. */
export class Kept {
  #before = new Map<string, Entry>();
  #now = new Map<string, Entry>();

  beginProbe(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /**
   * `read()`, or what it gave under this name in the last probe, from the same cells or objects. `read` uses
   * nothing else, and a name always has values of one type.
   */
  of<T>(name: string, from: readonly unknown[], read: () => T): T {
    const last = this.#before.get(name);
    const isSame = last?.from.length === from.length && from.every((one, index) => one === last.from[index]);
    const entry = last !== undefined && isSame ? last : { from, value: read() };
    this.#now.set(name, entry);
    return entry.value as T;
  }
}

export const cellsOf = (row: Row, columns: readonly string[]): readonly unknown[] =>
  columns.map((column) => row[column]);
