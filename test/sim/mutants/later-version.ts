/** A version of the future: its instances and the present ones run side by side while people upgrade. */

import type { Variant } from './patched-build.ts';

/** Its ledger has a field that this version does not know, and must copy. */
export const laterVersion: Variant = {
  name: 'a later version',
  patches: [
    {
      file: 'core/model/ledger-text.ts',
      find: 'return [...fields, ...ledger.unknown];',
      replace: "return [...fields, ...ledger.unknown.filter((field) => field !== 'later=1'), 'later=1'];",
    },
  ],
};

/** The field in a ledger that a later version wrote, as the last version or before others. */
export const laterField = (unknown: readonly string[]): string | undefined =>
  unknown.find((field) => field.startsWith('later='));
