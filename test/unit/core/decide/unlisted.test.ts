/** Shows what a discovered server changes in a decision. */

import { describe, expect, test } from 'vitest';
import { unlistedAlarms } from '../../../../src/core/alarm/unlisted-alarms.ts';
import { guard } from '../../../../src/core/decide/guard.ts';
import type { Situation } from '../../../../src/core/decide/situation.ts';
import { situationOf } from '../../../../src/core/decide/situation-of.ts';
import { decide } from '../../../../src/core/decide/table.ts';
import { takesPart } from '../../../../src/core/decide/unlisted.ts';
import type { Ledger } from '../../../../src/core/model/ledger.ts';
import type { Claim, Probe } from '../../../../src/core/model/observation.ts';
import { newServer, type ServerMemory, withServer } from '../../../../src/core/model/state.ts';
import { observe } from '../../../../src/core/observe/observe.ts';
import { wantedReplicas } from '../../../../src/core/publish/wanted-replicas.ts';
import { snapshot } from '../../../../src/core/report/snapshot.ts';
import { wouldChange } from '../../../../src/core/report/would-change.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  fqdn,
  gtids,
  ledgerOf,
  publicationSettings,
  replicaOf,
  seen,
  silent,
  stateOf,
  uuid,
} from '../../../support/given.ts';

const x = address('db4.lan');

interface Given {
  readonly servers: Readonly<Record<string, Probe | undefined>>;
  /** What db4.lan answered. */
  readonly unlisted: Probe;
  readonly claims?: readonly Claim[];
  readonly memory?: Partial<ServerMemory>;
  readonly ledger?: Ledger;
}

function situation({
  servers,
  unlisted,
  claims = [uuid('db4')],
  memory,
  ledger = ledgerOf('db1'),
}: Given): Situation {
  const replicas = {
    name: fqdn('replicas.example.'),
    ttlSeconds: 5,
    maxLagMs: 10_000,
    whenEmpty: 'withdraw',
  } as const;
  const settings = { publications: [publicationSettings({ replicas })] };
  const found = newServer(
    { address: x, candidate: 'never', discovered: { by: address('db1'), how: 'replicas', claims } },
    at(-1).mono,
  );
  const known = { ...observe(found, unlisted, at(0)).memory, addresses: ['192.0.2.4'], ...memory };
  const state = withServer(
    stateOf({ servers, settings, ledger: { ...ledger, line: { uuid: uuid('db1'), gno: 50 } } }),
    known,
  );
  const [publication] = state.publications.values();
  return situationOf(state, publication!, at(1));
}

const verdict = (given: Given): string => {
  const world = situation(given);
  const decision = guard(world, decide(world));
  return `${decision.kind} ${decision.reason}`;
};
const part = (unlisted: Probe, claims?: readonly Claim[]): boolean => {
  const world = situation({
    servers: { db1: seen(factsOf('db1')) },
    unlisted,
    ...(claims ? { claims } : {}),
  });
  return takesPart(world, world.topology.servers.at(-1)!);
};
const source = seen(factsOf('db1'));
const promoted = { promotedAt: at(1).mono, shutAskedAt: at(1).mono } as const;

describe('a discovered server', () => {
  test.each<[string, Probe, boolean]>([
    ['replicates from a server of ours', seen(replicaOf('db1', 'db4')), true],
    [
      'replicates from a server of ours, and has nothing of the line',
      seen(replicaOf('db1', 'db4', { gtidExecuted: gtids('db4:1-9') })),
      true,
    ],
    ['is of the line, and replicates from nobody', seen(factsOf('db4')), true],
    ['has left for another cluster', seen(replicaOf('db9', 'db4')), false],
    ['was never of the line', seen(factsOf('db4', { gtidExecuted: gtids('db4:1-9') })), false],
    ['never answered', silent, false],
  ])('takes part or does not: a server that %s', (_, probe, expected) => {
    expect(part(probe)).toBe(expected);
  });

  test('takes no part when it turns out to be another server', () => {
    expect(part(seen(replicaOf('db1', 'db4')), [uuid('db9')])).toBe(false);
    expect(part(seen(replicaOf('db1', 'db4')), [uuid('db9'), uuid('db4')])).toBe(true);
  });

  test('takes no part as the source of another cluster that a server of ours replicates from', () => {
    const servers = { db1: seen(factsOf('db1', { channels: [channelFrom('db4.lan')] })) };
    const world = situation({ servers, unlisted: seen(factsOf('db4', { gtidExecuted: gtids('db4:1-9') })) });
    expect(takesPart(world, world.topology.servers.at(-1)!)).toBe(false);
    expect(decide(world).reason).toBe('steady');
    expect(unlistedAlarms(world)).toEqual([]);
  });

  test('counts in no majority, makes no cluster of three out of two servers, and is no replica to read from', () => {
    const world = situation({
      servers: { db1: source, db2: seen(replicaOf('db1', 'db2')) },
      unlisted: seen(replicaOf('db1', 'db4')),
    });
    expect(world.members.map((member) => member.address)).toEqual([address('db1'), address('db2')]);
    expect(world.quorumSet).toEqual(world.members);
    expect(world.candidates.map((candidate) => candidate.address)).toEqual([address('db1')]);
    const rdata = wantedReplicas(world, address('db1')).flatMap(
      (want) => (want.rrset?.rdata ?? []) as readonly string[],
    );
    expect(rdata).toEqual(['192.0.2.2']);
    // Only the two servers of a cluster of two may move on weak evidence. A third, unlisted server does not
    // change that.
    const weak = {
      servers: { db1: silent, db2: seen(factsOf('db2')) },
      unlisted: seen(replicaOf('db9', 'db4')),
    };
    expect(verdict(weak)).toBe('hold settling');
  });
});

describe('an unlisted server that looks like the source', () => {
  const readOnly = seen(factsOf('db1', { readOnly: true }));
  const others = { db1: readOnly, db2: seen(factsOf('db2')), db3: seen(replicaOf('db2', 'db3')) };
  const calm = seen(replicaOf('db2', 'db4'));

  test('stops a move to another server, and nothing else', () => {
    expect(verdict({ servers: others, unlisted: calm })).toBe('point-to followers-moved');
    expect(verdict({ servers: others, unlisted: seen(factsOf('db4')) })).toBe('point-to switchover');
    expect(verdict({ servers: others, unlisted: seen(factsOf('db4')), memory: promoted })).toBe(
      'hold unknown-source',
    );
  });

  test.each<[string, Probe, Partial<ServerMemory>]>([
    ['is read-only', seen(factsOf('db4', { readOnly: true })), promoted],
    ['replicates from a server of ours', seen(factsOf('db4', { channels: [channelFrom('db2')] })), promoted],
    ['is a stranger', seen(factsOf('db4', { gtidExecuted: gtids('db4:1-9') })), promoted],
    ['is not there any more', silent, { ...promoted, facts: factsOf('db4'), factsAt: at(-9).mono }],
  ])('stops no move when it %s', (_, unlisted, memory) => {
    expect(verdict({ servers: others, unlisted, memory })).toMatch(/^point-to /);
  });

  test('stops no move when it is a former source that has not rejoined', () => {
    const ledger = ledgerOf('db1', { was: [{ uuid: uuid('db4'), address: x }] });
    expect(verdict({ servers: others, unlisted: seen(factsOf('db4')), memory: promoted, ledger })).toBe(
      'point-to switchover',
    );
  });

  test('stops a move by its last answer too, until the next answer', () => {
    const old = {
      ...promoted,
      latest: { probe: seen(factsOf('db4')), at: at(-60_000).mono, askedAt: at(-60_000).mono },
    };
    expect(verdict({ servers: others, unlisted: seen(factsOf('db4')), memory: old })).toBe(
      'hold unknown-source',
    );
  });

  test('leaves the name at a published source that is still one, and raises an alarm', () => {
    const given = {
      servers: { db1: source, db2: seen(replicaOf('db1', 'db2')) },
      unlisted: seen(factsOf('db4')),
      memory: promoted,
    };
    expect(verdict(given)).toBe('point-to steady');
    expect(unlistedAlarms(situation(given)).map(({ code, subject }) => [code, subject])).toEqual([
      ['not-configured', x],
      ['two-sources', x],
    ]);
  });

  test('is asked before a move when it was found just now', () => {
    const world = situation({ servers: others, unlisted: seen(factsOf('db4')) });
    const unasked = { latest: undefined, facts: undefined };
    const state = withServer(world.state, { ...world.state.servers.get(x)!, ...unasked });
    const next = situationOf(state, world.publication, at(1));
    const decision = guard(next, decide(next));
    expect(decision.reason).toBe('minority-view');
    expect(wouldChange(next, decision)).toEqual([
      'Wait for one probe: it shows whether db4.lan:3306 answers.',
    ]);
  });

  test('appears in the evidence with what makes it look like the source', () => {
    const world = situation({ servers: others, unlisted: seen(factsOf('db4')), memory: promoted });
    const { state } = world;
    expect(wouldChange(world, guard(world, decide(world)))).toEqual([
      'Add db4.lan:3306 to servers in the configuration of every instance. Then send each SIGHUP: it reads its configuration again.',
      expect.stringContaining('source-dns follow shop'),
    ]);
    expect(snapshot(state, at(1)).servers.at(-1)).toMatchObject({
      server: x,
      discovered: { by: address('db1'), how: 'replicas', state: 'verified' },
      evidence: [
        'is not in the configuration: db1:3306 lists it as its replica',
        'counts as evidence, and is never published',
        'looks like the source',
        'its promotion was seen',
      ],
      missing: ['it is not in the configuration'],
    });
  });
});
