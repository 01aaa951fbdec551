/** Shows when a promotion proves that a server is the new source. */

import { describe, expect, test } from 'vitest';
import { moveSeenAt } from '../../../../src/core/decide/promotion.ts';
import { situationOf } from '../../../../src/core/decide/situation-of.ts';
import { strongEvidence } from '../../../../src/core/decide/strong-evidence.ts';
import type { Event } from '../../../../src/core/model/events.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import { type ClusterState, withServer } from '../../../../src/core/model/state.ts';
import type { MonoMs } from '../../../../src/core/model/units.ts';
import { step } from '../../../../src/core/step.ts';
import { address, at, factsOf, ledgerOf, replicaOf, seen, silent, stateOf } from '../../../support/given.ts';

/** db1 is published, db2 is to be promoted. Both answered at 0. */
const start = stateOf({
  servers: { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2')) },
  ledger: ledgerOf('db1'),
});
const line = (state: ClusterState): ClusterState => ({
  ...state,
  publications: new Map(
    [...state.publications].map(([name, one]) => [name, { ...one, line: new Set([factsOf('db2').id]) }]),
  ),
});

interface Answer {
  readonly server: 'db1' | 'db2';
  readonly askedAt: number;
  readonly at: number;
  /** `silent`: no answer came. */
  readonly facts: Partial<ServerFacts> | 'silent';
}

/** The state after these answers, in the order in which they came. */
function after(answers: readonly Answer[]): ClusterState {
  return answers.reduce((state, { server, askedAt, at: mono, facts }) => {
    const memory = state.servers.get(address(server))!;
    const probing = (askedAt + state.settings.watch.probeTimeoutMs) as MonoMs;
    const event: Event = {
      kind: 'observed',
      server: address(server),
      probe: facts === 'silent' ? silent : seen(factsOf(server, facts)),
    };
    return step(withServer(state, { ...memory, probing }), event, at(mono))[0];
  }, line(start));
}

function situation(answers: readonly Answer[]) {
  const state = after(answers);
  return situationOf(state, state.publications.get('ns1')!, at(2000));
}

const evidence = (...answers: readonly Answer[]) => {
  const now = situation(answers);
  return strongEvidence(now, now.members[1]!);
};

const closed = { readOnly: true, superReadOnly: true };
const answer = (server: Answer['server'], askedAt: number, facts: Answer['facts']): Answer => ({
  server,
  askedAt,
  at: askedAt + 5,
  facts,
});
const promoted = answer('db2', 1000, {});
const proof = ['its promotion was seen'];

describe('the promotion of a server is proof', () => {
  test.each([900, 950])(
    'when the server was still read-only after the source was lost (asked in vain at %i)',
    (lostAt) => {
      expect(evidence(answer('db1', lostAt, 'silent'), answer('db2', 950, closed), promoted)).toEqual(proof);
    },
  );

  test('when we saw the source close before it', () => {
    expect(evidence(answer('db1', 900, closed), promoted)).toEqual(proof);
  });

  test('when the source went on, and we saw it close later', () => {
    expect(evidence(promoted, answer('db1', 1100, {}), answer('db1', 1200, closed))).toEqual(proof);
  });

  test('when this process never asked the source', () => {
    const now = situation([promoted]);
    const unasked = { ...now.published!, known: undefined };
    expect(strongEvidence({ ...now, published: unasked }, now.members[1]!)).toEqual(proof);
  });
});

describe('the promotion of a server is no proof', () => {
  test('when the source is not lost', () => expect(evidence(promoted)).toEqual([]));

  test('when the loss and the promotion lie between the same two answers: nobody knows which came first', () => {
    expect(evidence(answer('db2', 880, closed), answer('db1', 900, 'silent'), promoted)).toEqual([]);
  });

  test('when the source answered after it and was still writable, and was lost later', () => {
    expect(evidence(promoted, answer('db1', 1100, {}), answer('db1', 1200, 'silent'))).toEqual([]);
  });

  test('when the source was lost, came back writable, and was lost again', () => {
    const back = [
      answer('db1', 900, 'silent'),
      answer('db2', 950, closed),
      promoted,
      answer('db1', 1100, {}),
    ];
    expect(evidence(...back, answer('db1', 1200, 'silent'))).toEqual([]);
  });

  test('when the source went on, and was restarted read-only', () => {
    const restarted = answer('db1', 1500, { ...closed, session: 2, uptimeSeconds: 0 });
    expect(evidence(promoted, answer('db1', 1100, {}), restarted)).toEqual([]);
  });

  test('when the source closed, and was opened again', () => {
    expect(
      evidence(promoted, answer('db1', 1100, {}), answer('db1', 1200, closed), answer('db1', 1300, {})),
    ).toEqual([]);
  });
});

test('a move that waited for the source to close becomes possible when the source closes', () => {
  const now = situation([promoted, answer('db1', 1100, {}), answer('db1', 1200, closed)]);
  expect(moveSeenAt('switchover', now.published, now.members[1]!, at(2000))).toBe(at(1205).wall);
  expect(moveSeenAt('failover', undefined, now.members[1]!, at(2000))).toBe(at(1005).wall);
  expect(moveSeenAt('commanded', now.published, now.members[1]!, at(2000))).toBe(at(2000).wall);
});
