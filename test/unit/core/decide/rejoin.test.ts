/** Shows when a former source counts as rejoined. */

import { describe, expect, test } from 'vitest';
import { trackRejoins } from '../../../../src/core/decide/rejoin.ts';
import { situationOf } from '../../../../src/core/decide/situation-of.ts';
import { parseMariadbGtids } from '../../../../src/core/gtid/mariadb-gtid.ts';
import type { Group, GtidMode, ServerFacts, Wsrep } from '../../../../src/core/model/observation.ts';
import { withPublication, withServer } from '../../../../src/core/model/state.ts';
import type { ServerId } from '../../../../src/core/model/units.ts';
import { observe } from '../../../../src/core/observe/observe.ts';
import {
  address,
  at,
  channelFrom,
  factsOf,
  gtids,
  ledgerOf,
  replicaOf,
  seen,
  stateOf,
  uuid,
} from '../../../support/given.ts';
import { History, was } from './rejoin-history.ts';

describe('a former source', () => {
  test('has rejoined when it attached, then the source showed a set, and later the former source had all of that set', () => {
    const history = new History().source('db1:1-100,db2:1-5').replica('db1:1-100');
    expect(history.db1).toMatchObject({ rejoined: false, attachedAt: at(20).mono });
    history.source('db1:1-100,db2:1-7').replica('db1:1-100,db2:1-6');
    expect(history.db1?.rejoined).toBe(false);
    history.source('db1:1-100,db2:1-9').replica('db1:1-100,db2:1-8');
    expect(history.db1?.rejoined).toBe(false);
    history.source('db1:1-100,db2:1-11');
    expect(history.db1?.rejoined).toBe(true);
  });

  test('rejoins below a busy source, although it always lacks something', () => {
    const history = new History();
    for (let n = 1; n < 6; n += 1)
      history.source(`db1:1-100,db2:1-${n * 10}`).replica(`db1:1-100,db2:1-${n * 10 - 5}`);
    expect(history.db1?.rejoined).toBe(true);
  });

  test('has not rejoined while it has a transaction that the source lacks', () => {
    const history = new History();
    for (let n = 1; n < 9; n += 1) history.source(`db1:1-100,db2:1-${n}`).replica(`db1:1-101,db2:1-${n}`);
    expect(history.db1).toMatchObject({ rejoined: false, errant: 1 });
  });

  test.each([
    ['the applier is stopped', { applier: 'off' }],
    ['the receiver is connecting', { receiver: 'connecting' }],
    ['the receiver says ON, but hears nothing', { heardAgoMs: 60_000 }],
  ] as const)('has not rejoined while %s', (_, channel) => {
    const history = new History()
      .source('db1:1-100')
      .sees(factsOf('db1', { gtidExecuted: gtids('db1:1-100') }));
    for (let n = 0; n < 300; n += 1) history.source('db1:1-100').replica('db1:1-100', channel);
    expect(history.db1?.rejoined).toBe(false);
  });

  test('begins anew when it is detached', () => {
    const history = new History()
      .source('db1:1-100')
      .replica('db1:1-100')
      .source('db1:1-100')
      .replica('db1:1-100');
    history.replica('db1:1-100', { receiver: 'off' }).source('db1:1-100');
    expect(history.db1).toMatchObject({ rejoined: false });
    expect(history.db1?.attachedAt).toBeUndefined();
  });

  test('begins anew when another server becomes the source', () => {
    const servers = { db1: seen(replicaOf('db2', 'db1')), db2: seen(factsOf('db2')) };
    const rejoins = new Map([[address('db1'), { source: uuid('db3'), rejoined: true, errant: 0 }]]);
    const state = stateOf({
      servers,
      ledger: ledgerOf('db2', { was }),
      publication: { evidence: { rejoins } },
    });
    const tracked = trackRejoins(situationOf(state, state.publications.get('ns1')!, at(1)));
    expect(tracked.get(address('db1'))).toEqual({
      hidden: false,
      source: uuid('db2'),
      rejoined: false,
      attachedAt: at(1).mono,
    });
  });

  test('rejoins although it has transactions of another cluster', () => {
    const history = new History();
    for (let n = 1; n < 4; n += 1) history.source('db1:1-100').replica('db1:1-100,db9:1-50');
    expect(history.db1).toMatchObject({ rejoined: true });
  });

  test('rejoins by MariaDB positions too: a write of a replica itself counts even if the source never had one of it', () => {
    const mariadb = (name: string, serverId: number, position: string, over: Partial<ServerFacts> = {}) =>
      factsOf(name, { flavour: 'mariadb', serverId, gtidExecuted: parseMariadbGtids(position)!, ...over });
    const replica = (position: string) =>
      mariadb('db1', 11, position, {
        readOnly: true,
        channels: [{ ...channelFrom('db2'), sourceServerId: 12 }],
      });
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history.sees(mariadb('db2', 12, `0-12-${100 + n}`)).sees(replica(`0-12-${100 + n},0-11-${101 + n}`));
    expect(history.db1).toMatchObject({ rejoined: false, errant: 1 });
    for (let n = 5; n < 9; n += 1)
      history.sees(mariadb('db2', 12, `0-12-${100 + n}`)).sees(replica(`0-12-${99 + n}`));
    expect(history.db1).toMatchObject({ rejoined: true, errant: 0 });
  });
});

/** The former source db1 of db2, in any gtid_mode, by GTID sets and places in the binary log. */
describe('a former source in the modes between OFF and ON', () => {
  const place = (position: number) => ({ file: 'binlog.000009', position });
  const inMode = (name: string, gtidMode: GtidMode, over: Partial<ServerFacts>): ServerFacts => {
    const { gtidExecuted: _none, ...plain } = factsOf(name, over);
    return { ...plain, ...over, gtidMode };
  };
  const source = (mode: GtidMode, over: Partial<ServerFacts>) => inMode('db2', mode, over);
  const replica = (mode: GtidMode, over: Partial<ServerFacts>, applied?: number) =>
    inMode('db1', mode, {
      readOnly: true,
      channels: [channelFrom('db2', applied === undefined ? {} : { applied: place(applied) })],
      ...over,
    });
  const sets = (executed: string, binlogEnd?: number): Partial<ServerFacts> => ({
    gtidExecuted: gtids(executed),
    ...(binlogEnd === undefined ? {} : { binlogEnd: place(binlogEnd) }),
  });

  test('with ON_PERMISSIVE and places: an old set that is equal is not enough', () => {
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history
        .sees(source('ON_PERMISSIVE', sets('db1:1-100', 500)))
        .sees(replica('ON_PERMISSIVE', sets('db1:1-100'), 400));
    expect(history.db1).toMatchObject({ rejoined: false, target: { kind: 'gtids-and-coordinates' } });
    history
      .sees(replica('ON_PERMISSIVE', sets('db1:1-100'), 500))
      .sees(source('ON_PERMISSIVE', sets('db1:1-100', 500)));
    expect(history.db1?.rejoined).toBe(true);
  });

  test('with ON_PERMISSIVE and places: a place that began behind a transaction of the source is not enough', () => {
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history
        .sees(source('ON_PERMISSIVE', sets('db1:1-100,db2:1-3', 500)))
        .sees(replica('ON_PERMISSIVE', sets('db1:1-100,db2:2-3'), 500));
    expect(history.db1?.rejoined).toBe(false);
  });

  test('with ON_PERMISSIVE and no places: a transaction that was committed after the attachment must arrive', () => {
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history
        .sees(source('ON_PERMISSIVE', sets('db1:1-100')))
        .sees(replica('ON_PERMISSIVE', sets('db1:1-100')));
    expect(history.db1).toMatchObject({ rejoined: false });
    expect(history.db1?.target).toBeUndefined();
    history
      .sees(source('ON_PERMISSIVE', sets('db1:1-100,db2:1')))
      .sees(replica('ON_PERMISSIVE', sets('db1:1-100')));
    expect(history.db1).toMatchObject({ rejoined: false, target: { kind: 'gtids' } });
    history
      .sees(replica('ON_PERMISSIVE', sets('db1:1-100,db2:1')))
      .sees(source('ON_PERMISSIVE', sets('db1:1-100,db2:1')));
    expect(history.db1).toMatchObject({ rejoined: true });
    expect(history.db1?.hidden).toBe(false);
  });

  test('with OFF_PERMISSIVE it has what its set has, and its own writes are unknown', () => {
    const own = (executed: string) => ({ gtidReplicated: gtids(executed) });
    const history = new History()
      .sees(source('ON', sets('db1:1-100,db2:1-5')))
      .sees(replica('OFF_PERMISSIVE', own('db1:1-100')));
    history
      .sees(source('ON', sets('db1:1-100,db2:1-6')))
      .sees(replica('OFF_PERMISSIVE', own('db1:1-100,db2:1-5')));
    expect(history.db1?.rejoined).toBe(false);
    history
      .sees(replica('OFF_PERMISSIVE', own('db1:1-100,db2:1-6')))
      .sees(source('ON', sets('db1:1-100,db2:1-6')));
    expect(history.db1).toMatchObject({ rejoined: true, hidden: true });
  });

  test('an idle source with ON proves nothing about a replica that accepts transactions without GTIDs', () => {
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history.sees(source('ON', sets('db1:1-100'))).sees(replica('ON_PERMISSIVE', sets('db1:1-100')));
    expect(history.db1).toMatchObject({ rejoined: false });
    for (let n = 1; n < 4; n += 1)
      history.sees(source('ON', sets('db1:1-100'))).sees(replica('ON', sets('db1:1-100')));
    expect(history.db1).toMatchObject({ rejoined: true });
  });

  test('a replica with OFF is compared by its place, even if the source has GTIDs', () => {
    const history = new History();
    for (let n = 1; n < 4; n += 1)
      history.sees(source('ON_PERMISSIVE', sets('db1:1-100', 500))).sees(replica('OFF', {}, 499));
    expect(history.db1).toMatchObject({ rejoined: false, target: { kind: 'coordinates' } });
    history.sees(replica('OFF', {}, 500));
    expect(history.db1).toMatchObject({ rejoined: true, hidden: true });
  });

  test('a transaction of its own that has a GTID keeps it out, with OFF_PERMISSIVE too', () => {
    const history = new History();
    for (let n = 1; n < 6; n += 1)
      history
        .sees(source('ON', sets(`db1:1-100,db2:1-${n}`)))
        .sees(replica('OFF_PERMISSIVE', { gtidReplicated: gtids(`db1:1-101,db2:1-${n}`) }));
    expect(history.db1).toMatchObject({ rejoined: false, errant: 1 });
  });

  test('when the source has no GTIDs, the place decides, whatever the sets are', () => {
    const old = { gtidReplicated: gtids('db1:1-100'), binlogEnd: place(500) };
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history.sees(source('OFF_PERMISSIVE', old)).sees(replica('ON_PERMISSIVE', sets('db1:1-100'), 499));
    expect(history.db1).toMatchObject({ rejoined: false, target: { kind: 'coordinates' } });
    history.sees(replica('ON_PERMISSIVE', sets('db1:1-100'), 500)).sees(source('OFF_PERMISSIVE', old));
    expect(history.db1?.rejoined).toBe(true);
  });

  test('when the source has no GTIDs, a GTID that the former source wrote before it stepped down keeps it out', () => {
    const old = { gtidReplicated: gtids('db1:1-100'), binlogEnd: place(500) };
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history
        .sees(source('OFF_PERMISSIVE', old))
        .sees(replica('OFF_PERMISSIVE', { gtidReplicated: gtids('db1:1-101') }, 500));
    expect(history.db1).toMatchObject({ rejoined: false, errant: 1, hidden: true });
  });

  test('when the mode of the source changes on the way, the comparison begins anew, in what both sides tell now', () => {
    const history = new History()
      .sees(source('ON_PERMISSIVE', sets('db1:1-100', 500)))
      .sees(replica('ON_PERMISSIVE', sets('db1:1-100'), 400));
    history.sees(source('ON_PERMISSIVE', sets('db1:1-100', 500)));
    expect(history.db1?.target?.kind).toBe('gtids-and-coordinates');
    history.sees(source('OFF_PERMISSIVE', { gtidReplicated: gtids('db1:1-100'), binlogEnd: place(600) }));
    expect(history.db1?.target).toEqual({ kind: 'coordinates', at: place(600) });
    history
      .sees(replica('ON_PERMISSIVE', sets('db1:1-100'), 600))
      .sees(source('OFF', { binlogEnd: place(600) }));
    expect(history.db1?.rejoined).toBe(true);
  });

  test('MariaDB without its binary log has caught up by its position, and its own writes are unknown', () => {
    const position = (text: string) => parseMariadbGtids(text)!;
    const mariadb = (name: string, serverId: number, over: Partial<ServerFacts>): ServerFacts => {
      const { gtidExecuted: _none, ...plain } = factsOf(name, { flavour: 'mariadb', serverId });
      return { ...plain, ...over };
    };
    const channels = [{ ...channelFrom('db2'), sourceServerId: 12 }];
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history
        .sees(mariadb('db2', 12, { gtidExecuted: position(`0-11-100,0-12-${100 + n}`) }))
        .sees(mariadb('db1', 11, { readOnly: true, channels, gtidReplicated: position(`0-12-${100 + n}`) }));
    expect(history.db1).toMatchObject({ rejoined: true, hidden: true });
  });

  test('a write without a GTID stays unknown when the mode is ON again', () => {
    const history = new History()
      .sees(source('ON', sets('db1:1-100')))
      .sees(inMode('db1', 'OFF_PERMISSIVE', { gtidReplicated: gtids('db1:1-100') }));
    for (let n = 1; n < 4; n += 1)
      history.sees(source('ON', sets(`db1:1-100,db2:${n}`))).sees(replica('ON', sets(`db1:1-100,db2:${n}`)));
    history.sees(source('ON', sets('db1:1-100,db2:1-9')));
    expect(history.db1).toMatchObject({ hidden: true });
  });
});

describe('a former source without GTIDs', () => {
  const place = (text: string) => ({
    file: `binlog.${text.split(':')[0]}`,
    position: Number(text.split(':')[1]),
  });
  const { gtidExecuted: _none, ...plain } = factsOf('db2');
  const source = (end: string): ServerFacts => ({ ...plain, binlogEnd: place(end) });
  const replica = (applied: string): ServerFacts => ({
    ...plain,
    id: uuid('db1'),
    readOnly: true,
    channels: [{ ...channelFrom('db2'), applied: place(applied) }],
  });

  test('has rejoined when it has applied past the place where the source was after it attached', () => {
    const history = new History().sees(source('000009:100')).sees(replica('000008:900'));
    history.sees(source('000009:500')).sees(replica('000009:400'));
    expect(history.db1).toMatchObject({ rejoined: false, target: { kind: 'coordinates' } });
    history.sees(source('000010:4')).sees(replica('000010:4'));
    expect(history.db1?.rejoined).toBe(true);
  });

  test('has not rejoined when the binary log of the source began anew: the old place is never reached', () => {
    const history = new History()
      .sees(source('000009:100'))
      .sees(replica('000009:90'))
      .sees(source('000009:500'));
    history.sees(source('000001:200')).sees(replica('000001:150'));
    expect(history.db1?.rejoined).toBe(false);
    history.sees(source('000001:200')).sees(replica('000001:200'));
    expect(history.db1?.rejoined).toBe(true);
  });

  test('has not rejoined where our account may not see the places', () => {
    const history = new History();
    for (let n = 1; n < 9; n += 1)
      history.sees(plain).sees({ ...replica('000001:1'), channels: [channelFrom('db2')] });
    expect(history.db1?.rejoined).toBe(false);
  });
});

describe('a former source in the same Galera cluster', () => {
  const node = (name: string, lastCommitted: number, over: Partial<Wsrep> = {}): ServerFacts => {
    const { gtidExecuted: _own, ...facts } = factsOf(name);
    const [size, view, index] = [2, 7, name === 'db1' ? 0 : 1];
    const state = {
      primaryComponent: true,
      ready: true,
      state: 'synced',
      closed: false,
      desynced: false,
    } as const;
    return {
      ...facts,
      wsrep: { clusterUuid: 'c', size, view, index, lastCommitted, ...state, ...over },
    };
  };

  test('has rejoined when it is synced, and has what the source had after that', () => {
    const history = new History()
      .sees(node('db2', 100))
      .sees(node('db1', 90, { state: 'joined' }))
      .sees(node('db2', 110));
    expect(history.db1?.attachedAt).toBeUndefined();
    history.sees(node('db1', 105)).sees(node('db2', 120)).sees(node('db1', 119));
    expect(history.db1).toMatchObject({ rejoined: false, target: { kind: 'write-set', number: 120 } });
    expect(history.sees(node('db1', 120)).db1?.rejoined).toBe(true);
  });

  test('has not rejoined outside of the primary component', () => {
    const outside = node('db1', 500, { primaryComponent: false, ready: false });
    const history = new History();
    for (let n = 1; n < 9; n += 1) history.sees(node('db2', 100)).sees(outside);
    expect(history.db1?.rejoined).toBe(false);
  });
});

test('an Aurora reader has rejoined at once: it reads the storage that the writer writes', () => {
  const instance = (name: string, own: string, writer: boolean): ServerFacts => {
    const { gtidExecuted: _none, ...facts } = factsOf(name, { readOnly: !writer });
    const members = ['shop-1', 'shop-2'].map((one) => ({ name: one, writer: one === 'shop-2' }));
    return { ...facts, id: `aurora:${own}` as ServerId, managed: { kind: 'aurora', self: own, members } };
  };
  const servers = { db1: seen(instance('db1', 'shop-1', false)), db2: seen(instance('db2', 'shop-2', true)) };
  const ledger = ledgerOf('db2', {
    uuid: 'aurora:shop-2' as ServerId,
    was: [{ uuid: 'aurora:shop-1' as ServerId, address: address('db1') }],
  });
  let state = stateOf({ servers, ledger });
  for (let n = 1; n < 6; n += 1) {
    const publication = state.publications.get('ns1')!;
    const rejoins = trackRejoins(situationOf(state, publication, at(n)));
    state = withPublication(state, { ...publication, evidence: { ...publication.evidence, rejoins } });
    for (const [name, probe] of Object.entries(servers))
      state = withServer(state, observe(state.servers.get(address(name))!, probe, at(n)).memory);
  }
  expect(state.publications.get('ns1')?.evidence.rejoins.get(address('db1'))).toMatchObject({
    rejoined: true,
    target: { kind: 'shared' },
  });
});

describe('a former source in the same group', () => {
  const name = 'aaaaaaaa-aaaa-11f1-8000-000000000000';
  const group: Group = {
    name,
    singlePrimary: true,
    members: [
      { id: uuid('db1'), state: 'ONLINE', role: 'SECONDARY' },
      { id: uuid('db2'), state: 'ONLINE', role: 'PRIMARY' },
    ],
  };
  const member = (server: string, executed: string): ServerFacts =>
    factsOf(server, {
      readOnly: server === 'db1',
      gtidExecuted: gtids(executed.replaceAll('group', name)),
      group,
    });

  test('rejoins with transactions that the group committed: each member applies them in its own time', () => {
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history
        .sees(member('db1', `db1:1-100,group:1-${n * 10}`))
        .sees(member('db2', `db1:1-100,group:1-${n * 10 - 5}`));
    expect(history.db1).toMatchObject({ errant: 0 });
  });

  test('is kept out by what it wrote under its own UUID', () => {
    const history = new History();
    for (let n = 1; n < 5; n += 1)
      history.sees(member('db1', 'db1:1-102,group:1-10')).sees(member('db2', 'db1:1-100,group:1-10'));
    expect(history.db1).toMatchObject({ rejoined: false, errant: 2 });
  });
});
