/** Deliberately wrong builds: a patch or two of the source each. The world must break a promise of each, or it is too lazy. */

import { decidingMutants } from './mutants-deciding.ts';
import { shellMutants } from './mutants-shell.ts';
import { writingMutants } from './mutants-writing.ts';
import type { Variant } from './patched-build.ts';

export interface Mutant extends Variant {
  /** The promises of which one may break first. */
  readonly breaks: readonly string[];
  /** A seed that caught it: tried first, so that a run is quick. Any other may do as well. */
  readonly seed: number;
  /** The beginning of the names of the stories that are tried before. */
  readonly story?: string;
}

export const mutants: readonly Mutant[] = [...decidingMutants, ...writingMutants, ...shellMutants];
