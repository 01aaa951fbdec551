/**
 * Deliberately wrong builds: each patches the source in one or two places. The world must break a promise of
 * each build, or the world is too lazy.
 */

import { decidingMutants } from './mutants-deciding.ts';
import { fencingMutants } from './mutants-fencing.ts';
import { observingMutants } from './mutants-observing.ts';
import { shellMutants } from './mutants-shell.ts';
import { writingMutants } from './mutants-writing.ts';
import type { Variant } from './patched-build.ts';

export interface Mutant extends Variant {
  /** The promises that may break first. */
  readonly breaks: readonly string[];
  /** The seed of the world that catches the build: of the story, if there is a story. */
  readonly seed: number;
  /** The beginning of the story's name. */
  readonly story?: string;
}

export const mutants: readonly Mutant[] = [
  ...observingMutants,
  ...decidingMutants,
  ...writingMutants,
  ...shellMutants,
  ...fencingMutants,
];
