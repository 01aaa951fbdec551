/**
 * Shows which writes leave and when: the evidence of each kind, what is called back, what is fenced off, what
 * is never written. Each test fails with an edit that no other test notices.
 */

import { describe, expect, test } from 'vitest';
import type { Situation } from '../../../../src/core/decide/situation.ts';
import type { Decision } from '../../../../src/core/model/decision.ts';
import type { Effect } from '../../../../src/core/model/events.ts';
import { queueingTimeouts, repairLimit, repairWindowMs } from '../../../../src/core/model/limits.ts';
import type { Attempt, PublicationState } from '../../../../src/core/model/publication.ts';
import type { MonoMs } from '../../../../src/core/model/units.ts';
import type { WriteKind } from '../../../../src/core/model/vocabulary.ts';
import type { Rrset } from '../../../../src/core/model/zone.ts';
import { send, updateDone } from '../../../../src/core/publish/attempt.ts';
import { managedQuestions } from '../../../../src/core/publish/desired.ts';
import type { Write } from '../../../../src/core/publish/intended.ts';
import { intendedWrite } from '../../../../src/core/publish/intent.ts';
import { propagated, watchEpoch } from '../../../../src/core/publish/propagation.ts';
import { recallOnly, write } from '../../../../src/core/publish/write.ts';
import {
  address,
  at,
  bothOver,
  factsOf,
  fqdn,
  type Given,
  given,
  ledgerOf,
  type PublicationOver,
  publicationSettings,
  replicaOf,
  seen,
  silent,
  turnAt,
} from '../../../support/given.ts';

const mono = (ms: number): MonoMs => ms as MonoMs;
const freshMs = 3000;
const steady: Decision = {
  kind: 'point-to',
  reason: 'steady',
  source: address('db1'),
  sentence: 'It is steady.',
};
const toDb2: Decision = {
  kind: 'point-to',
  reason: 'failover',
  source: address('db2'),
  sentence: 'It moves.',
};
const held = (reason: Extract<Decision, { kind: 'hold' }>['reason'] = 'no-candidate'): Decision => ({
  kind: 'hold',
  reason,
  sentence: 'It waits.',
});

const name = publicationSettings().source.name;
const addressOf = (...rdata: readonly string[]): Rrset => ({ name, type: 'A', ttlSeconds: 5, rdata });
const servers = { db1: seen(factsOf('db1')), db2: seen(replicaOf('db1', 'db2')) };
const ledger = ledgerOf('db1');
const healthy: Given = { servers, ledger, rrsets: [addressOf('192.0.2.1')] };
const withReplicas = publicationSettings({
  replicas: { name: fqdn('replicas.example.'), ttlSeconds: 5, maxLagMs: 30_000, whenEmpty: 'source' },
});
/** Somebody took the address away. */
const drifted: Given = { ...healthy, rrsets: [] };

const attemptOf = (what: WriteKind, over: Partial<Attempt> = {}): Attempt => ({
  try: 'before',
  what,
  aim: what,
  source: address('db1'),
  baseText: ledger.try,
  lapsesAt: mono(60_000),
  sentence: 'It was sent.',
  plan: { zone: fqdn('example.'), prerequisites: [], changes: [] },
  wanted: [],
  present: [],
  absent: [],
  ...over,
});

/** The update that is on its way after the step, and the effects of the step. */
function written(
  situation: Situation,
  decision: Decision,
  explicit?: Write,
): { effects: Effect[]; inFlight: Attempt | undefined } {
  const effects: Effect[] = [];
  const turn = { cluster: 'shop', now: situation.now, effects };
  const state = write(turn, situation, decision, explicit && { explicit });
  return { effects, inFlight: [...state.publications.values()][0]?.writing.inFlight };
}

describe('the evidence of a write is fresh only as long as the observation of its source', () => {
  const nowMs = 2000;
  const cases: readonly (readonly [WriteKind, Given, Decision])[] = [
    ['move', { ...healthy, servers: { db1: silent, db2: seen(factsOf('db2')) } }, toDb2],
    ['repair', drifted, steady],
    ['form', { ...healthy, memory: { db1: { addresses: ['192.0.2.7'] } } }, steady],
    ['replicas', { ...healthy, settings: { publications: [withReplicas] } }, steady],
    [
      'rejoin',
      {
        ...healthy,
        ledger: ledgerOf('db1', { was: [{ uuid: factsOf('db2').id, address: address('db2') }] }),
        publication: { evidence: { rejoins: new Map([[address('db2'), { rejoined: true }]]) as never } },
      },
      steady,
    ],
  ];

  test.each(cases)('%s', (what, world, decision) => {
    const intended = intendedWrite(given({ ...world, nowMs }), decision);
    expect(intended).toMatchObject({ what, notAfter: freshMs });
    // At that very moment the write does not leave any more.
    expect(written(given({ ...world, nowMs: freshMs }), decision).effects).toEqual([]);
  });

  test('a write is never sent later than three time-outs of the nameserver, however long it has to wait', () => {
    const intended = intendedWrite(given(drifted), steady);
    const { publication } = given(drifted);
    if (intended === undefined || publication.zone.view === undefined) throw new Error('nothing to repair');
    const late = { ...intended, notAfter: mono(1e9) };
    const effects: Effect[] = [];
    const order = { ...late, commandId: undefined };
    const sent = send(turnAt(10, effects), publication, publication.zone.view, order);
    expect(effects[0]).toMatchObject({
      notAfter: 10 + queueingTimeouts * 2000,
      deadline: 10 + (queueingTimeouts + 1) * 2000,
    });
    // The nameserver may accept it for as long as both clocks may differ: RFC 8945 5.2.3, in both directions.
    expect(sent.writing.inFlight?.lapsesAt).toBe(10 + queueingTimeouts * 2000 + 2 * 30_000);
  });
});

describe('an update that waits to leave', () => {
  const onItsWay = (what: WriteKind, over: Partial<Attempt> = {}): Situation =>
    given({ ...healthy, publication: { writing: { inFlight: attemptOf(what, over) } } });
  const recalls = ({ effects }: { effects: Effect[] }) => effects.filter(({ kind }) => kind === 'recall');

  test.each(['move', 'form', 'repair'] as const)(
    '%s is called back when the decision holds, or names another server',
    (what) => {
      expect(recalls(written(onItsWay(what), steady))).toEqual([]);
      for (const decision of [held(), toDb2]) {
        const result = written(onItsWay(what), decision);
        expect(recalls(result)).toEqual([{ kind: 'recall', nameserver: 'ns1', try: 'before' }]);
        expect(result.inFlight?.recalled).toBe(true);
      }
    },
  );

  test('is called back as soon as there is a source, when it is a withdrawal', () => {
    expect(recalls(written(onItsWay('withdraw'), held()))).toEqual([]);
    expect(recalls(written(onItsWay('withdraw'), steady))).toHaveLength(1);
  });

  test('is called back once, even while a command waits', () => {
    expect(recalls(written(onItsWay('repair', { recalled: true }), held()))).toEqual([]);
    const effects: Effect[] = [];
    const { state, publication } = onItsWay('repair');
    recallOnly(turnAt(1, effects), state, { ...publication, decision: held() });
    expect(effects).toHaveLength(1);
  });

  test.each(['freeze', 'thaw', 'fence', 'rejoin', 'replicas'] as const)(
    '%s says nothing of where the name points, and goes on',
    (what) => {
      expect(recalls(written(onItsWay(what), held()))).toEqual([]);
    },
  );
});

describe('an update without an answer', () => {
  const pendingOf = (over: Partial<Attempt> = {}, more: Partial<Given> = {}): Situation =>
    given({
      ...healthy,
      ...more,
      publication: { writing: { pending: [attemptOf('move', { aim: 'move 8', ...over })] } },
    });

  test('is fenced off while something else is wanted, or nothing', () => {
    expect(written(pendingOf(), held()).inFlight?.what).toBe('fence');
    expect(written(pendingOf({}, { rrsets: [] }), steady).inFlight?.what).toBe('fence');
  });

  test('is fenced off in a frozen ledger too, which stays frozen', () => {
    const frozen = { by: 'eve', reason: 'maintenance' };
    const { inFlight, effects } = written(
      pendingOf({}, { ledger: ledgerOf('db1', { frozen }) }),
      held('frozen'),
    );
    expect(inFlight?.what).toBe('fence');
    expect(JSON.stringify(effects)).toContain('frozen=eve: maintenance');
  });

  test('is sent again, not fenced off, while it is still wanted', () => {
    const situation = pendingOf({ aim: 'repair' }, { rrsets: [] });
    expect(written(situation, steady).inFlight?.what).toBe('repair');
  });

  test.each([
    ['is a fence', { what: 'fence' as const }],
    ['was answered', { answered: true }],
    ['has lapsed', { lapsesAt: mono(1) }],
  ])('needs no fence when it %s', (_, over) => {
    expect(written(pendingOf(over), held()).inFlight).toBe(undefined);
  });

  test('stops everything else before the first ledger, until it has lapsed', () => {
    const first = (lapsesAt: number): Situation => {
      const { ledger: _none, ...rest } = healthy;
      return given({
        ...rest,
        rrsets: [],
        publication: {
          writing: { pending: [attemptOf('move', { aim: 'move 1', lapsesAt: mono(lapsesAt) })] },
        },
      });
    };
    const toDb1: Decision = { ...steady, reason: 'first-publication' as never };
    expect(written(first(60_000), toDb1).inFlight).toBe(undefined);
    expect(written(first(1), toDb1).inFlight?.what).toBe('move');
  });
});

describe('nothing is written', () => {
  test.each([
    ['on a zone that must be read first', { writing: { mustRead: true } }],
    [
      'while an update that was applied is not seen yet',
      { writing: { awaiting: { attempt: attemptOf('repair'), until: mono(9000) } } },
    ],
    ['on a zone that could not be read', { zone: { failure: { code: 'deadline', message: 'no answer' } } }],
    ['before its time', { writing: { nextAt: mono(2) } }],
  ])('%s', (_, publication: PublicationOver) => {
    expect(written(given({ ...drifted, publication }), steady).effects).toEqual([]);
    expect(written(given(drifted), steady).effects).toHaveLength(1);
  });

  test('on a zone that was read too long ago: it is read again', () => {
    const world = { ...drifted, nowMs: freshMs + 1 };
    const situation = given(world);
    const explicit: Write = {
      what: 'freeze',
      aim: 'freeze',
      sentence: '',
      ledger,
      wanted: [],
      notAfter: mono(1e9),
    };
    const effects: Effect[] = [];
    const turn = { cluster: 'shop', now: situation.now, effects };
    const state = write(turn, situation, held(), { explicit });
    expect(effects).toEqual([]);
    expect([...state.publications.values()][0]?.zone.nextReadAt).toBe(freshMs + 1);
  });
});

describe('repairs', () => {
  const repaired = (count: number, agoMs: number): Situation =>
    given({
      ...drifted,
      nowMs: 1,
      publication: { limits: { repairs: Array.from({ length: count }, () => mono(1 - agoMs)) } },
    });

  test('are limited in a window, and go on when the window is over', () => {
    expect(intendedWrite(repaired(repairLimit - 1, 0), steady)?.what).toBe('repair');
    expect(intendedWrite(repaired(repairLimit, repairWindowMs - 1), steady)).toBe(undefined);
    expect(intendedWrite(repaired(repairLimit, repairWindowMs), steady)?.what).toBe('repair');
  });
});

describe('a withdrawal', () => {
  const settleMs = 30_000;
  const sourceless = (over: Partial<Given> = {}, sinceMs = 0): Situation =>
    given({
      ...healthy,
      nowMs: settleMs,
      settings: { onNoSource: 'withdraw' },
      ...over,
      publication: {
        ...bothOver(
          { decision: held() as never, evidence: { sourcelessSince: mono(sinceMs) } },
          over.publication,
        ),
      },
    });

  test('needs the configuration, and a view of every server for settle', () => {
    expect(intendedWrite(sourceless(), held())).toMatchObject({
      what: 'withdraw',
      ledger: { form: { targets: [] } },
    });
    expect(intendedWrite(sourceless({}, 1), held())).toBe(undefined);
    expect(intendedWrite(sourceless({ settings: { onNoSource: 'keep' } }), held())).toBe(undefined);
    expect(
      intendedWrite(sourceless({ publication: { evidence: { sourcelessSince: undefined } } }), held()),
    ).toBe(undefined);
    expect(intendedWrite(sourceless({ publication: { decision: held('frozen') as never } }), held())).toBe(
      undefined,
    );
  });

  test('is not written into a ledger that was frozen since the last decision', () => {
    const frozen = ledgerOf('db1', { frozen: { by: 'eve', reason: 'maintenance' } });
    expect(intendedWrite(sourceless({ ledger: frozen }), held('frozen'))).toBe(undefined);
  });
});

describe('the SRV RRset', () => {
  const withSrv = publicationSettings({ source: { name, ttlSeconds: 5, type: 'address', srv: true } });
  const srv: Rrset = {
    name: fqdn(`_mysql._tcp.${name}`),
    type: 'SRV',
    ttlSeconds: 5,
    rdata: [{ priority: 0, weight: 0, port: 3306, target: name }],
  };
  const publishing = (rrsets: readonly Rrset[], over: Partial<Given> = {}): Situation =>
    given({ ...healthy, rrsets, settings: { publications: [withSrv] }, ...over });

  test('is among the RRsets that are read', () => {
    expect(managedQuestions(withSrv)).toContainEqual({ name: srv.name, type: 'SRV' });
  });

  test('is required as it was read, present or absent, even if it does not change', () => {
    const demanded = (rrsets: readonly Rrset[]) => {
      const { effects } = written(publishing(rrsets), steady);
      const [update] = effects;
      return update?.kind === 'update'
        ? update.plan.prerequisites.filter((one) => JSON.stringify(one).includes('SRV'))
        : undefined;
    };
    expect(demanded([addressOf('192.0.2.1')])).toEqual([
      { kind: 'rrset-absent', name: srv.name, type: 'SRV' },
    ]);
    // The address is repaired; the SRV RRset is as it should be.
    expect(demanded([srv])).toEqual([{ kind: 'rrset-is', rrset: srv }]);
  });

  test('is part of the propagation of the source', () => {
    expect(written(publishing([addressOf('192.0.2.1')]), steady).inFlight?.present).toContainEqual(srv);
  });

  test('gets the port of the server that the name moves to', () => {
    const at3307 = 'db2:3307' as typeof steady.source;
    const world = publishing([addressOf('192.0.2.1'), srv], {
      servers: { db1: silent, db2: seen(factsOf('db2')) },
    });
    const members = world.members.map((member) =>
      member.address === address('db2') ? { ...member, address: at3307 } : member,
    );
    const intended = intendedWrite({ ...world, members }, { ...toDb2, source: at3307 });
    expect(intended?.wanted.find(({ type }) => type === 'SRV')?.rrset?.rdata).toEqual([
      { priority: 0, weight: 0, port: 3307, target: name },
    ]);
  });
});

describe('propagation', () => {
  const watched = (): Situation => {
    const situation = given(healthy);
    const publication = watchEpoch(
      situation.publication,
      { epoch: 8, present: [addressOf('192.0.2.2')], absent: [], isFirst: false },
      at(1),
    );
    return { ...situation, publication };
  };
  const told = (over: {
    epoch?: number;
    superseded?: boolean;
    nameservers?: readonly { nameserver: string; answeredAt?: number }[];
  }) => {
    const { publication } = watched();
    const { epoch = 8, superseded = false, nameservers = [{ nameserver: 'ns1', answeredAt: 5 }] } = over;
    const event = {
      kind: 'propagated',
      nameserver: 'ns1',
      epoch,
      report: { nameservers, superseded },
    } as never;
    return propagated(turnAt(2), publication, event).propagation?.nameservers;
  };

  test('is complete when every nameserver has answered the new RRsets, and at least one has', () => {
    expect(told({})).toMatchObject({ completeAt: at(2).mono });
    expect(
      told({ nameservers: [{ nameserver: 'ns1', answeredAt: 5 }, { nameserver: 'ns2' }] }),
    ).toMatchObject({ completeAt: undefined });
    expect(told({ nameservers: [] })).toMatchObject({ completeAt: undefined });
  });

  test('ignores answers to another epoch, and answers after another move', () => {
    for (const over of [{ epoch: 7 }, { superseded: true }])
      expect(told(over)).toMatchObject({ completeAt: undefined, nameservers: [] });
  });
});

describe('an update that was refused', () => {
  test('is remembered when it may be in the zone all the same, and else not', () => {
    const outcomeOf = (outcome: object): PublicationState => {
      const situation = given({ ...healthy, publication: { writing: { inFlight: attemptOf('move') } } });
      return updateDone(turnAt(5), situation.publication, 'before', outcome as never);
    };
    const failure = { code: 'x', message: 'x' };
    expect(outcomeOf({ kind: 'unknown', failure }).writing.pending).toMatchObject([
      { try: 'before', answered: false },
    ]);
    expect(
      outcomeOf({ kind: 'refused', code: 'prerequisite-failed', failure }).writing.pending,
    ).toMatchObject([{ try: 'before', answered: true }]);
    expect(outcomeOf({ kind: 'refused', code: 'refused', failure }).writing.pending).toEqual([]);
  });
});
