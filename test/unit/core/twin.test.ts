/** Compares the decision with its twin on random worlds. */

import { describe, expect, test } from 'vitest';
import { guard } from '../../../src/core/decide/guard.ts';
import { decide } from '../../../src/core/decide/table.ts';
import { holdReasons, pointToReasons } from '../../../src/core/model/vocabulary.ts';
import { anyWorld } from './random-world.ts';
import { twin } from './twin.ts';
import { situationOfWorld, type TwinWorld } from './twin-world.ts';

const worlds = 40_000;

function verdictOf(world: TwinWorld): string {
  const situation = situationOfWorld(world);
  const decision = guard(situation, decide(situation));
  return decision.kind === 'hold'
    ? `hold ${decision.reason}`
    : `point-to ${decision.reason} ${decision.source.replace(':3306', '')}`;
}

describe('the decision and its twin, which was written from the document,', () => {
  const verdicts = new Map<string, number>();

  test(`agree on ${worlds} worlds`, () => {
    const differing: unknown[] = [];
    for (let seed = 1; seed <= worlds && differing.length < 3; seed += 1) {
      const world = anyWorld(seed);
      const said = verdictOf(world);
      const reason = said.split(' ').slice(0, 2).join(' ');
      verdicts.set(reason, (verdicts.get(reason) ?? 0) + 1);
      const wanted = twin(world);
      if (said !== wanted) differing.push({ seed, core: said, twin: wanted, world });
    }
    expect(differing).toEqual([]);
  });

  test('reach each reason often', () => {
    const all = [
      ...Object.keys(pointToReasons).map((reason) => `point-to ${reason}`),
      ...Object.keys(holdReasons).map((reason) => `hold ${reason}`),
    ];
    const rare = all.filter((reason) => (verdicts.get(reason) ?? 0) < 10);
    expect(rare, JSON.stringify(Object.fromEntries(verdicts))).toEqual([]);
  });
});
