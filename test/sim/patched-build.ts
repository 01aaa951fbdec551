/** Makes a wrong core out of the right one: a patched copy of src/core in a git-ignored folder, which vitest transforms like any other source. */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';
import { stories } from './regressions.ts';
import { scriptOf } from './script.ts';
import { runWorld } from './world.ts';
import type { Core } from './world-types.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** One a process: two runs at the same time must not meet. */
export const mutantsFolder = join(root, '.vitest', `mutants-${process.pid}`);

/** All mutants of a run are made from one copy, whatever happens to the source meanwhile. */
const source = join(mutantsFolder, 'core');

export function copyCore(): void {
  removeMutants();
  cpSync(join(root, 'src/core'), source, { recursive: true });
}

export interface Verdict {
  readonly mutant: string;
  /** The seed or story that caught it, or how many did not. */
  readonly by: string;
  readonly broken?: string;
}

/** Throws where a patch does not fit exactly once: the mutant is stale. */
export async function loadMutant(mutant: Mutant, index: number): Promise<Core> {
  const folder = join(mutantsFolder, String(index), 'core');
  mkdirSync(folder, { recursive: true });
  cpSync(source, folder, { recursive: true });
  for (const { file, find, replace } of [mutant, ...(mutant.also ? [mutant.also] : [])]) {
    const text = readFileSync(join(source, file), 'utf8');
    const fits = text.split(find).length - 1;
    if (fits !== 1) throw new Error(`stale mutant "${mutant.name}": its text is ${fits} times in src/core/${file}, not once`);
    writeFileSync(
      join(folder, file),
      text.replace(find, () => replace),
    );
  }
  const [{ step }, { initialState }] = await Promise.all([import(join(folder, 'step.ts')), import(join(folder, 'state.ts'))]);
  return { step, initialState } as Core;
}

/** Runs seeds until a promise breaks: first what caught it before. */
export function hunt(mutant: Mutant, core: Core, budget: number): Verdict {
  const told = stories.filter(({ name }) => mutant.story !== undefined && name.startsWith(mutant.story)).map(({ script }) => script);
  const seeds = [mutant.seed, ...Array.from({ length: budget }, (_, index) => index + 1)];
  for (const [index, script] of [...told, ...seeds.map(scriptOf)].entries()) {
    const { broken } = runWorld(script, core);
    if (broken !== undefined) return { mutant: mutant.name, by: `${index < told.length ? 'story' : 'seed'} ${script.seed}`, broken };
  }
  return { mutant: mutant.name, by: `${seeds.length} seeds` };
}

export const removeMutants = (): void => rmSync(mutantsFolder, { recursive: true, force: true });
