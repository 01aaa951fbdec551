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

test('a silence begins anew after a probe that did not ask: the earlier one may be over', () => {
  const state = told([1000, silent], [2000, silent], [2500, unasked], [3000, silent], [4000, silent]);
  expect(silentSince(state)).toBe(at(3000).mono);
});

test('while a server is not asked there is no silence', () => {
  expect(silentSince(told([1000, silent], [2000, silent], [3000, unasked]))).toBeUndefined();
});

test('an answer ends a silence', () => {
  const alive: Probe = { kind: 'alive', failure: { code: 'mysql-1040', message: 'too many connections' } };
  for (const answer of [alive, seen(replicaOf('db1', 'db3'))]) {
    const state = told([1000, silent], [2000, silent], [3000, answer], [4000, silent]);
    expect(silentSince(state)).toBe(at(4000).mono);
  }
});

test('a server that nobody asked for most of the time is not counted out', () => {
  const steadyAt = 700_000;
  let state = stateOf({
    ledger: ledgerOf('db1'),
    servers: {
      db1: seen(factsOf('db1')),
      db2: seen(replicaOf('db1', 'db2')),
      db3: silent,
    },
  });
  const tell = (name: string, probe: Probe | Unasked, ms: number) => {
    [state] = step(state, { kind: 'observed', server: address(name), probe }, at(ms));
  };
  // It was silent for long before the source became steady: that does not count.
  tell('db3', silent, steadyAt - 1);
  for (let ms = steadyAt + 4000; ms <= steadyAt + 700_000; ms += 4000) {
    for (const before of [3000, 2000, 1000]) {
      tell('db3', unasked, ms - before);
      tell('db1', seen(factsOf('db1')), ms - before);
    }
    tell('db3', silent, ms);
  }
  const [publication] = state.publications.values();
  expect(publication?.decision.reason).toBe('steady');
  expect(publication?.evidence.gone).toEqual(new Set());
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
