/** Shows that refusals are inspected one after the other, each for itself, and within the limits. */
import { expect, test } from 'vitest';
import type { Effect } from '../../../../src/core/model/events.ts';
import { inspectRefusalEveryMs, refusalsKept } from '../../../../src/core/model/limits.ts';
import type { Failure } from '../../../../src/core/model/observation.ts';
import {
  type Attempt,
  newPublication,
  type PublicationState,
} from '../../../../src/core/model/publication.ts';
import type { Fqdn, MonoMs, Now, WallMs } from '../../../../src/core/model/units.ts';
import {
  inspectIfDue,
  nextInspection,
  refusalInspected,
  withoutInspections,
  withWriteFailure,
} from '../../../../src/core/publish/why-refused.ts';
import { settings } from '../../../support/fakes.ts';

const at = (ms: number): Now => ({ mono: ms as MonoMs, wall: ms as WallMs, token: '' });
const said: Failure = { code: 'update-refused', message: 'REFUSED.' };
const attemptOf = (names: readonly string[], commandId?: string): Attempt => {
  const changes = names.map((name) => ({ kind: 'delete-rrset', name: name as Fqdn, type: 'A' }) as const);
  return { plan: { zone: 'z.', prerequisites: [], changes }, commandId } as unknown as Attempt;
};
const begin = (): PublicationState => newPublication(settings().publications[0]!, undefined, at(0));
const refuse = (publication: PublicationState, ms: number, ...names: readonly string[]): PublicationState =>
  withWriteFailure(
    publication,
    attemptOf(names),
    { kind: 'refused', code: 'rejected', failure: said },
    at(ms),
  );

/** The inspection that begins at this time. */
function inspect(publication: PublicationState, ms: number) {
  const effects: Effect[] = [];
  const next = inspectIfDue({ cluster: 'shop', now: at(ms), effects }, publication);
  const begun = effects.flatMap((effect) => (effect.kind === 'inspect-refusal' ? effect.about : []));
  return { next, begun };
}
const find = (publication: PublicationState, about: string, message: string): PublicationState =>
  refusalInspected(publication, {
    kind: 'refusal-inspected',
    nameserver: 'ns1',
    about,
    failure: { ...said, message },
  });

test('a second refusal during an inspection is inspected next, and each has its own words', () => {
  const first = inspect(refuse(begin(), 1, 'a.', 'b.'), 1);
  const second = refuse(first.next, 2, 'a.');
  expect([first.begun.length, nextInspection(second)]).toEqual([1, undefined]);
  const told = find(second, first.begun[0]!, 'a. and b.');
  // The alarm is about the last refusal.
  expect(told.writing.failure).toEqual(said);
  const next = inspect(told, 10);
  expect(find(next.next, next.begun[0]!, 'a.').writing.failure?.message).toBe('a.');
  expect(refuse(find(next.next, next.begun[0]!, 'a.'), 11, 'b.', 'a.').writing.failure?.message).toBe(
    'a. and b.',
  );
});

test('the same refusal is inspected again after the limit, and only when it came again', () => {
  const first = inspect(refuse(begin(), 1, 'a.'), 1);
  const told = find(first.next, first.begun[0]!, 'a.');
  expect(nextInspection(told)).toBeUndefined();
  const again = refuse(told, 100, 'a.');
  expect([nextInspection(again), inspect(again, inspectRefusalEveryMs).begun]).toEqual([
    inspectRefusalEveryMs + 1,
    [],
  ]);
  expect(inspect(again, inspectRefusalEveryMs + 1).begun).toEqual(first.begun);
});

test('a refusal is not inspected once the zone is as decided, but for that of a command', () => {
  const refused = refuse(begin(), 1, 'a.');
  const settled = withoutInspections(refused);
  expect([nextInspection(refused), nextInspection(settled)]).toEqual([1, undefined]);
  expect(settled.writing.failure).toEqual(said);
  expect(nextInspection(refuse(settled, 2, 'a.'))).toBe(1);
  const outcome = { kind: 'refused', code: 'rejected', failure: said } as const;
  const commanded = withWriteFailure(begin(), attemptOf(['a.'], 'c1'), outcome, at(1));
  expect(withoutInspections(commanded)).toBe(commanded);
});

test('within the limit no more inspections begin than are kept, however many refusals come', () => {
  let publication = begin();
  let begun = 0;
  for (let ms = 0; ms < inspectRefusalEveryMs; ms += 100) {
    const result = inspect(refuse(publication, ms, `n${ms % 1000}.`), ms);
    begun += result.begun.length;
    publication = result.begun.reduce((state, about) => find(state, about, 'found'), result.next);
  }
  expect(begun).toBe(refusalsKept);
  expect(publication.writing.whyRefused).toHaveLength(refusalsKept);
});
