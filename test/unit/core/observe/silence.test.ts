/** How long a server was silent: what we did not ask counts neither as silence nor as an answer. */

import { expect, test } from 'vitest';
import type { Probe, Unasked } from '../../../../src/core/model/observation.ts';
import type { ClusterState } from '../../../../src/core/model/state.ts';
import { step } from '../../../../src/core/step.ts';
import {
  address,
  at,
  factsOf,
  ledgerOf,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../../support/given.ts';

const unasked: Unasked = { kind: 'unasked', failure: { code: 'stood-still', message: 'we stood still' } };

/** db3 tells these, at these moments. */
function told(...answers: readonly (readonly [number, Probe | Unasked])[]): ClusterState {
  const first = stateOf({ servers: { db1: seen(factsOf('db1')), db3: seen(replicaOf('db1', 'db3')) } });
  return answers.reduce(
    (state, [ms, probe]) => step(state, { kind: 'observed', server: address('db3'), probe }, at(ms))[0],
    first,
  );
}

const silentSince = (state: ClusterState) => state.servers.get(address('db3'))?.unknownSince;

test('a silence goes on although we did not ask once, without the time in which nobody asked', () => {
  const state = told([1000, silent], [2000, silent], [3000, unasked], [4000, silent]);
  // One second was observed before.
  expect(silentSince(state)).toBe(at(3000).mono);
});

test('a silence that is interrupted several times adds up', () => {
  const state = told(
    [1000, silent],
    [2000, silent],
    [2500, unasked],
    [3000, silent],
    [4000, silent],
    [4500, unasked],
    [4600, unasked],
    [5000, silent],
  );
  expect(silentSince(state)).toBe(at(3000).mono);
});

test('while a server is not asked there is no silence', () => {
  expect(silentSince(told([1000, silent], [2000, silent], [3000, unasked]))).toBeUndefined();
});

test('an answer ends a silence for good', () => {
  const alive: Probe = { kind: 'alive', failure: { code: 'mysql-1040', message: 'too many connections' } };
  for (const answer of [alive, seen(replicaOf('db1', 'db3'))]) {
    const state = told([1000, silent], [2000, silent], [2500, unasked], [3000, answer], [4000, silent]);
    expect(silentSince(state)).toBe(at(4000).mono);
  }
});

test('a silence of long ago may be over: it does not count', () => {
  const waits = [3000, 4000, 5000, 6000, 7000, 8000, 9000].map((ms) => [ms, unasked] as const);
  const state = told([1000, silent], [2000, silent], ...waits, [10_000, silent]);
  expect(silentSince(state)).toBe(at(10_000).mono);
});

// Reported of orchestrator: after a start it may decide too quickly, with half of the view.
test('a published source that nobody asked yet keeps the name, though all others are lost to it', () => {
  const followers = { channels: [] };
  const before = stateOf({
    ledger: ledgerOf('db1'),
    publication: { evidence: { line: new Set(['db1', 'db2', 'db3'].map(uuid)) } },
    servers: {
      db1: silent,
      db2: seen(factsOf('db2')),
      db3: seen(replicaOf('db1', 'db3', followers)),
    },
    memory: { db2: { promotedAt: at(1).mono, shutAskedAt: at(1).mono } },
  });
  const reasonAfter = (probe: Probe | Unasked) => {
    const [state] = step(before, { kind: 'observed', server: address('db1'), probe }, at(1));
    return [...state.publications.values()].map(({ decision }) => [decision.kind, decision.reason]);
  };
  expect(reasonAfter(silent)).toEqual([['point-to', 'failover']]);
  expect(reasonAfter(unasked).flat()).toContain('hold');
});
