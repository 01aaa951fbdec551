/** A version that is not there yet: instances of it and of this one run side by side while people upgrade. */

import type { Variant } from './patched-build.ts';

/** Its ledger has a field that this version does not know, and must copy. */
export const laterVersion: Variant = {
  name: 'a later version',
  patches: [
    {
      file: 'core/model/ledger.ts',
      find: 'return [...fields, ...ledger.unknown];',
      replace: "return [...fields, ...ledger.unknown.filter((field) => field !== 'later=1'), 'later=1'];",
    },
  ],
};

/** The field as it stands in a ledger that a later version has written last, or before others. */
export const laterField = (unknown: readonly string[]): string | undefined =>
  unknown.find((field) => field.startsWith('later='));
