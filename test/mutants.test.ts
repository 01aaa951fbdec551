/** The wrong builds of the simulator are patches: each must fit the present code. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mutants } from './sim/mutants/mutants.ts';

const dense = (text: string): string => text.replaceAll(/\s+/g, '');

test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', (_, { patches }) => {
  for (const { file, find } of patches) {
    const source = dense(readFileSync(`src/${file}`, 'utf8'));
    expect(source.split(dense(find)), `in src/${file}: ${find}`).toHaveLength(2);
  }
});
