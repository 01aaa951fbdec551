import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import type { ServerFacts } from '../../src/core/observation.ts';
import { moveSeenAt } from '../../src/core/promotion.ts';
import { situationOf, strongEvidence } from '../../src/core/situation.ts';
import type { ClusterState } from '../../src/core/state.ts';
import { withServer } from '../../src/core/state.ts';
import { step } from '../../src/core/step.ts';
import type { MonoMs } from '../../src/core/units.ts';
import { address, at, factsOf, ledgerOf, replicaOf, seen, stateOf } from './given.ts';

/** db1 is published; db2 is to be promoted. Both answered at 0. */
const start = stateOf({ servers: { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2')) }, ledger: ledgerOf('db1') });
const line = (state: ClusterState): ClusterState => ({
  ...state,
  publications: new Map([...state.publications].map(([name, one]) => [name, { ...one, line: new Set([factsOf('db2').id]) }])),
});

interface Answer {
  readonly server: 'db1' | 'db2';
  readonly askedAt: number;
  readonly at: number;
  readonly facts: Partial<ServerFacts>;
}

/** What is known after these answers, in the order in which they came. */
function after(answers: readonly Answer[]): ClusterState {
  return answers.reduce((state, { server, askedAt, at: mono, facts }) => {
    const memory = state.servers.get(address(server))!;
    const probing = (askedAt + state.settings.watch.probeTimeoutMs) as MonoMs;
    const event: Event = { kind: 'observed', server: address(server), probe: seen(factsOf(server, facts)) };
    return step(withServer(state, { ...memory, probing }), event, at(mono))[0];
  }, line(start));
}

function situation(answers: readonly Answer[]) {
  const state = after(answers);
  return situationOf(state, state.publications.get('ns1')!, undefined, at(2000));
}

const evidence = (...answers: readonly Answer[]) => {
  const now = situation(answers);
  return strongEvidence(now, now.members[1]!);
};

const closed = { readOnly: true, superReadOnly: true };
const promoted: Answer = { server: 'db2', askedAt: 990, at: 1000, facts: {} };

describe('the promotion of a server is proof', () => {
  test('when nothing was heard of the source since', () => expect(evidence(promoted)).toEqual(['its promotion was seen']));

  test('when the source answered since, but was asked before: a slow network', () => {
    expect(evidence(promoted, { server: 'db1', askedAt: 995, at: 1900, facts: {} })).toEqual(['its promotion was seen']);
  });

  test('when the source was closed before it', () => {
    expect(evidence({ server: 'db1', askedAt: 900, at: 905, facts: closed }, promoted)).toEqual(['its promotion was seen']);
  });

  test('when the source went on, and closed later', () => {
    const [open, shut] = [1100, 1200].map((ms) => ({ server: 'db1' as const, askedAt: ms, at: ms + 5 }));
    expect(evidence(promoted, { ...open!, facts: {} }, { ...shut!, facts: closed })).toEqual(['its promotion was seen']);
  });
});

describe('it is none', () => {
  test.each([1000, 1001])('when the source was asked after it (at %i), and was still writable', (askedAt) => {
    expect(evidence(promoted, { server: 'db1', askedAt, at: 1100, facts: {} })).toEqual([]);
  });

  test('when the source went on, and was restarted read-only', () => {
    const open: Answer = { server: 'db1', askedAt: 1100, at: 1105, facts: {} };
    const restarted: Answer = { server: 'db1', askedAt: 1500, at: 1505, facts: { ...closed, session: 2, uptimeSeconds: 0 } };
    expect(evidence(promoted, open, restarted)).toEqual([]);
  });

  test('when the source closed, and was opened again', () => {
    const turn = (ms: number, facts: Partial<ServerFacts>): Answer => ({ server: 'db1', askedAt: ms, at: ms + 5, facts });
    expect(evidence(promoted, turn(1100, {}), turn(1200, closed), turn(1300, {}))).toEqual([]);
  });
});

test('a move that waited for the source to close was seen when it closed', () => {
  const open: Answer = { server: 'db1', askedAt: 1100, at: 1105, facts: {} };
  const now = situation([promoted, open, { server: 'db1', askedAt: 1200, at: 1205, facts: closed }]);
  expect(moveSeenAt('switchover', now.published, now.members[1]!, at(2000))).toBe(at(1205).wall);
  expect(moveSeenAt('failover', undefined, now.members[1]!, at(2000))).toBe(at(1000).wall);
  expect(moveSeenAt('commanded', now.published, now.members[1]!, at(2000))).toBe(at(2000).wall);
});
