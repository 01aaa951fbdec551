/** Shows which refusals are forgotten when the zone is as it should be. */

import { expect, test } from 'vitest';
import type { Failure } from '../../../../src/core/model/observation.ts';
import type { PublicationState } from '../../../../src/core/model/publication.ts';
import { withoutEarlierRaces, withoutLostRaces } from '../../../../src/core/publish/refusals.ts';

const race: Failure = { code: 'prerequisite-failed', message: 'NXRRSET.' };
const right: Failure = { code: 'update-refused', message: 'REFUSED.' };

const after = (failure: Failure | undefined, leftOut: Failure | undefined): PublicationState =>
  ({
    writing: {
      failure,
      leftOut,
      refusals: failure && { baseText: 'a', what: 'move', failure, withSides: 1, withoutSides: 0 },
    },
  }) as unknown as PublicationState;

test('a race that was lost is forgotten, and what was left out because of it', () => {
  const nothing = { failure: undefined, refusals: undefined, leftOut: undefined };
  expect(withoutLostRaces(after(race, race)).writing).toEqual(nothing);
  expect(withoutLostRaces(after(undefined, race)).writing).toEqual(nothing);
});

test('a right that is missing is not forgotten', () => {
  const refused = after(right, right);
  expect(withoutLostRaces(refused)).toBe(refused);
  expect(withoutLostRaces(after(right, race)).writing).toMatchObject({ failure: right, leftOut: undefined });
});

test('a race over an earlier ledger is forgotten, also where there was no ledger', () => {
  const lost = after(race, undefined);
  expect(withoutEarlierRaces(lost, 'a')).toBe(lost);
  expect(withoutEarlierRaces(lost, 'b').writing).toMatchObject({ failure: race, refusals: undefined });
  const refused = after(right, undefined);
  expect(withoutEarlierRaces(refused, 'b')).toBe(refused);
});
