/** Shows when a server's published address follows its host name. */

import { describe, expect, test } from 'vitest';
import type { Effect } from '../../../../src/core/model/events.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import { type ClusterState, type ServerMemory, withServer } from '../../../../src/core/model/state.ts';
import type { ServerId } from '../../../../src/core/model/units.ts';
import {
  memberAt,
  nextTrial,
  notMisled,
  placesOf,
  proposalOf,
  takePeer,
  takeProposal,
  takeTrial,
} from '../../../../src/core/observe/server-addresses.ts';
import { address, at, factsOf, replicaOf, seen, silent, stateOf, turnAt } from '../../../support/given.ts';

const [one, two, new1, six] = ['192.0.2.1', '192.0.2.2', '192.0.2.101', '2001:db8::1'] as const;

/** db1 and db2, each found at its address. */
function worldOf(
  facts1: ServerFacts = factsOf('db1'),
  facts2: ServerFacts = replicaOf('db1', 'db2'),
): ClusterState {
  const state = stateOf({
    servers: { db1: seen({ ...facts1, peer: one }), db2: seen({ ...facts2, peer: two }) },
  });
  return [...state.servers.values()].reduce((all, memory) => {
    const before = { ...memory, facts: undefined };
    return withServer(
      all,
      takePeer(
        all,
        before,
        { ...takeProposal(all, memory, memory.addresses), nextResolveAt: at(0).mono },
        at(0),
      ),
    );
  }, state);
}

const db1 = (state: ClusterState): ServerMemory => state.servers.get(address('db1'))!;

/** The resolver gives these addresses for db1, and trying them brings these probes. */
function told(
  state: ClusterState,
  addresses: readonly string[],
  found: Readonly<Record<string, ReturnType<typeof seen> | typeof silent>>,
) {
  const effects: Effect[] = [];
  let memory = takeProposal(state, db1(state), addresses);
  for (let next = nextTrial(memory); next && next.at <= at(1).mono; next = nextTrial(memory)) {
    const probe = found[next.address] ?? silent;
    memory = takeTrial(turnAt(1, effects), state, { ...memory, trying: next.address }, probe);
  }
  const renewed = effects.some((effect) => effect.kind === 'renew');
  return { memory, proposal: proposalOf(state, memory), addresses: memory.addresses, renewed };
}

describe('the addresses at which another server answered', () => {
  /** The kept connection for db1 led elsewhere, and leads to this server now. */
  const found = (facts: ServerFacts) => {
    const state = worldOf(factsOf('db9'));
    return takePeer(state, db1(state), { ...db1(state), facts }, at(2)).addresses;
  };

  test('are not those of the server that answers now elsewhere', () => {
    expect(found(factsOf('db1', { peer: new1, session: 2 }))).toEqual([new1]);
  });

  test('stay where it answers at one of them: it was rebuilt', () => {
    expect(found(factsOf('db1', { peer: one, session: 2 }))).toEqual([one]);
  });
});

describe('a resolved address', () => {
  test('is tried first, and the kept connection follows where the server answers', () => {
    const state = worldOf();
    const moved = told(state, [new1], { [new1]: seen(factsOf('db1')) });
    expect(moved).toMatchObject({ proposal: { kind: 'proven' }, addresses: [one], renewed: true });
    // Only an answer from there proves that the connection leads there.
    const arrived = takePeer(
      state,
      moved.memory,
      { ...moved.memory, facts: factsOf('db1', { peer: new1, session: 2 }) },
      at(2),
    );
    expect(arrived.addresses).toEqual([new1]);
  });

  test('is not followed where nobody answers, or another server, or a copy of the data folder', () => {
    const state = worldOf();
    const copy = factsOf('db1', { uptimeSeconds: 400 });
    for (const probe of [silent, seen(factsOf('db9')), seen(copy)])
      expect(told(state, [new1], { [new1]: probe })).toMatchObject({
        proposal: { kind: 'unproven' },
        addresses: [one],
      });
    // Only a different start time speaks for a new connection, and our own rounding may cause that.
    expect(told(state, [new1], { [new1]: silent }).renewed).toBe(false);
    expect(told(state, [new1], { [new1]: seen(copy) }).renewed).toBe(true);
  });

  test.each([
    [
      'is published beside the other address of the same server',
      [one, new1],
      { [new1]: seen(factsOf('db1')) },
      { kind: 'proven', addresses: [one, new1] },
    ],
    [
      'is ambiguous beside one of its family where nobody answers',
      [one, new1],
      {},
      { kind: 'ambiguous', addresses: [one] },
    ],
    [
      'is left out where nobody answers, if the other family answers',
      [one, six],
      {},
      { kind: 'proven', addresses: [one] },
    ],
    [
      'is ambiguous when another server answers there',
      [one, six],
      { [six]: seen(factsOf('db9')) },
      { kind: 'ambiguous', addresses: [one] },
    ],
    [
      'is ambiguous beside the address of another member',
      [one, two],
      {},
      { kind: 'ambiguous', addresses: [one] },
    ],
    [
      'is ambiguous when it is the address of another member',
      [two],
      {},
      { kind: 'ambiguous', addresses: [one] },
    ],
    [
      'is ambiguous among more addresses than any server has',
      Array.from({ length: 17 }, (_, n) => `192.0.2.${n + 1}`),
      {},
      { kind: 'ambiguous', addresses: [one] },
    ],
  ] as const)('%s', (_, resolved, found, { kind, addresses }) => {
    expect(told(worldOf(), resolved, found)).toMatchObject({ proposal: { kind }, addresses });
  });

  test('is left out when the server answered there once and is silent there now', () => {
    const state = worldOf();
    const { memory } = told(state, [one, new1], { [new1]: seen(factsOf('db1')) });
    const lost = takeTrial(turnAt(40_000), state, { ...memory, trying: new1 }, silent);
    expect([lost.addresses, proposalOf(state, lost)]).toEqual([
      [one],
      { kind: 'proven', addresses: [one], unproven: [new1], unreached: [] },
    ]);
  });

  test('needs no trial where the kept connection leads already', () => {
    const state = worldOf();
    const arrived = { ...db1(state), trying: one };
    expect(proposalOf(state, takeTrial(turnAt(1), state, arrived, silent)).kind).toBe('proven');
  });

  test('of a server that is silent itself says nothing', () => {
    const state = worldOf();
    const memory = {
      ...takeProposal(state, db1(state), [new1]),
      latest: { probe: silent, at: at(1).mono, askedAt: at(1).mono },
      trying: new1,
    };
    expect(nextTrial(memory)).toBeUndefined();
    expect(takeTrial(turnAt(2), state, memory, silent).trials.has(new1)).toBe(false);
  });
});

describe('servers on one machine', () => {
  test('have one address and different ports, and are not taken for each other', () => {
    const state = worldOf();
    const other = state.servers.get(address('db2'))!;
    const elsewhere = withServer(state, {
      ...other,
      settings: { ...other.settings, address: 'db2:3307' as never },
    });
    const without = {
      ...elsewhere,
      servers: new Map([...elsewhere.servers].filter(([name]) => name !== address('db2'))),
    };
    expect([memberAt(state, db1(state), two), memberAt(without, db1(state), two)]).toEqual([
      address('db2'),
      undefined,
    ]);
  });
});

describe('an answer from the place of another member', () => {
  const misled = (facts: ServerFacts, state = worldOf()) => notMisled(state, db1(state), seen(facts));

  test('says nothing of the server that was asked', () => {
    expect(misled(replicaOf('db1', 'db2', { peer: two }))).toMatchObject({
      kind: 'unknown',
      failure: { code: 'another-member', message: expect.stringContaining('db2:3306') },
    });
  });

  test('says nothing on MariaDB either, where the identity ends with the asked name', () => {
    const mariadb = (name: string, serverId: number, asked: string) =>
      factsOf(name, { flavour: 'mariadb', serverId, id: `mariadb:${serverId}@${asked}:3306` as ServerId });
    const state = worldOf(mariadb('db1', 1, 'db1'), mariadb('db2', 2, 'db2'));
    expect(misled({ ...mariadb('db2', 2, 'db1'), peer: two }, state).kind).toBe('unknown');
    const tried = told(state, [two], { [two]: seen(mariadb('db2', 2, 'db1')) });
    expect([tried.proposal.kind, memberAt(state, tried.memory, two)]).toEqual(['ambiguous', address('db2')]);
    expect(placesOf(state, tried.memory)).toEqual({ known: [one], refuted: [two] });
  });

  test('is believed from a server that was rebuilt, or that moved', () => {
    for (const facts of [
      factsOf('db9', { peer: one }),
      factsOf('db9', { peer: new1 }),
      factsOf('db1', { peer: two }),
    ])
      expect(misled(facts).kind).toBe('reachable');
  });
});
