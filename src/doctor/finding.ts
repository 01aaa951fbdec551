/** What the doctor found: one line of `source-dns check`. */

/** Where the fault is: the part of the table, in the order in which it is printed. */
export const areas = ['configuration', 'host', 'mysql', 'nameserver', 'zone', 'clients'] as const;
export type Area = (typeof areas)[number];

/**
 * - `ok`: looked at, and right.
 * - `warning`: works, but is probably not meant, or is a risk that only a person can judge. Exit code 0.
 * - `fault`: source-dns cannot do its work, or clients could get a wrong answer. Exit code 3.
 * - `unreachable`: a server or nameserver did not answer, so nothing can be said. Exit code 4.
 */
export type Verdict = 'ok' | 'warning' | 'fault' | 'unreachable';

/** Lines that a person can paste as they are: one statement or one line of a file each. */
export interface Mend {
  /** Where to paste them: `on the source db1:3306`, `in the zone of named.conf`, `in a shell on this host`. */
  readonly where: string;
  readonly lines: readonly string[];
}

export interface Finding {
  readonly area: Area;
  /** Stable: the same word in the table, in JSON and in docs/OPERATING.md. */
  readonly code: string;
  /** The server, nameserver, file or name that it is about. */
  readonly subject: string;
  readonly verdict: Verdict;
  /** One sentence: what was found. Never has a secret. */
  readonly sentence: string;
  readonly mends: readonly Mend[];
}
