import { describe, expect, it } from 'vitest';
import { parseMariadbGtids } from '../../src/core/mariadb-gtid.ts';
import type { ServerFacts } from '../../src/core/observation.ts';
import { observe } from '../../src/core/observe.ts';
import { trackRejoins } from '../../src/core/rejoin.ts';
import { situationOf } from '../../src/core/situation.ts';
import type { ClusterState, Rejoin } from '../../src/core/state.ts';
import { withPublication, withServer } from '../../src/core/state.ts';
import { address, at, channelFrom, factsOf, gtids, ledgerOf, replicaOf, seen, stateOf, uuid } from './given.ts';

const was = [{ uuid: uuid('db1'), address: address('db1') }];

/** db2 is the source; db1 was. Each call of `sees` is one observation, later than the one before. */
class History {
  #state: ClusterState;
  #now = 0;

  constructor() {
    const servers = { db1: undefined, db2: undefined };
    this.#state = stateOf({ servers, ledger: ledgerOf('db2', { was }) });
  }

  sees(facts: ServerFacts): this {
    this.#now += 10;
    const name = [...this.#state.servers.values()].find((memory) =>
      memory.settings.address.startsWith(facts.id === uuid('db1') ? 'db1' : 'db2'),
    )!;
    this.#state = withServer(this.#state, observe(name, seen(facts), at(this.#now)).memory);
    const publication = this.#state.publications.get('ns1')!;
    const rejoins = trackRejoins(situationOf(this.#state, publication, undefined, at(this.#now)));
    this.#state = withPublication(this.#state, { ...publication, rejoins });
    return this;
  }

  source(executed: string): this {
    return this.sees(factsOf('db2', { gtidExecuted: gtids(executed) }));
  }

  replica(executed: string, channel: Parameters<typeof channelFrom>[1] = {}): this {
    return this.sees(replicaOf('db2', 'db1', { gtidExecuted: gtids(executed), channels: [channelFrom('db2', channel)] }));
  }

  get db1(): Rejoin | undefined {
    return this.#state.publications.get('ns1')?.rejoins.get(address('db1'));
  }
}

describe('a former source has rejoined when', () => {
  it('it is attached, has a snapshot of the source taken after that, and a later one has all of its own', () => {
    const history = new History().source('db1:1-100,db2:1-5').replica('db1:1-100');
    expect(history.db1).toMatchObject({ rejoined: false, attachedAt: at(20).mono });
    history.source('db1:1-100,db2:1-7').replica('db1:1-100,db2:1-6');
    expect(history.db1?.rejoined).toBe(false);
    history.source('db1:1-100,db2:1-9').replica('db1:1-100,db2:1-8');
    expect(history.db1?.rejoined).toBe(false);
    history.source('db1:1-100,db2:1-11');
    expect(history.db1?.rejoined).toBe(true);
  });

  it('a busy source does not keep it out: it always lacks something now', () => {
    const history = new History();
    for (let n = 1; n < 6; n += 1) history.source(`db1:1-100,db2:1-${n * 10}`).replica(`db1:1-100,db2:1-${n * 10 - 5}`);
    expect(history.db1?.rejoined).toBe(true);
  });

  it('not while it has one transaction that the source lacks', () => {
    const history = new History();
    for (let n = 1; n < 9; n += 1) history.source(`db1:1-100,db2:1-${n}`).replica(`db1:1-101,db2:1-${n}`);
    expect(history.db1).toMatchObject({ rejoined: false, errant: 1 });
  });

  it.each([
    ['the applier is stopped', { applier: 'off' }],
    ['the receiver is connecting', { receiver: 'connecting' }],
    ['the receiver says on, and hears nothing', { heardAgoMs: 60_000 }],
  ] as const)('not while %s', (_, channel) => {
    const history = new History().source('db1:1-100').sees(factsOf('db1', { gtidExecuted: gtids('db1:1-100') }));
    for (let n = 0; n < 300; n += 1) history.source('db1:1-100').replica('db1:1-100', channel);
    expect(history.db1?.rejoined).toBe(false);
  });

  it('all begins anew when it is detached', () => {
    const history = new History().source('db1:1-100').replica('db1:1-100').source('db1:1-100').replica('db1:1-100');
    history.replica('db1:1-100', { receiver: 'off' }).source('db1:1-100');
    expect(history.db1).toMatchObject({ rejoined: false });
    expect(history.db1?.attachedAt).toBeUndefined();
  });

  it('all begins anew when another server is the source', () => {
    const servers = { db1: seen(replicaOf('db2', 'db1')), db2: seen(factsOf('db2')) };
    const rejoins = new Map([[address('db1'), { source: uuid('db3'), rejoined: true, errant: 0 }]]);
    const state = stateOf({ servers, ledger: ledgerOf('db2', { was }), publication: { rejoins } });
    const tracked = trackRejoins(situationOf(state, state.publications.get('ns1')!, undefined, at(1)));
    expect(tracked.get(address('db1'))).toEqual({ source: uuid('db2'), rejoined: false, attachedAt: at(1).mono });
  });

  it("another cluster's transactions do not count", () => {
    const history = new History();
    for (let n = 1; n < 4; n += 1) history.source('db1:1-100').replica('db1:1-100,db9:1-50');
    expect(history.db1).toMatchObject({ rejoined: true });
  });

  it('with the positions of MariaDB as well: also what a replica wrote itself counts, though the source never had anything of it', () => {
    const mariadb = (name: string, serverId: number, position: string, over: Partial<ServerFacts> = {}) =>
      factsOf(name, { flavour: 'mariadb', serverId, gtidExecuted: parseMariadbGtids(position)!, ...over });
    const replica = (position: string) =>
      mariadb('db1', 11, position, { readOnly: true, channels: [{ ...channelFrom('db2'), sourceServerId: 12 }] });
    const history = new History();
    for (let n = 1; n < 5; n += 1) history.sees(mariadb('db2', 12, `0-12-${100 + n}`)).sees(replica(`0-12-${100 + n},0-11-${101 + n}`));
    expect(history.db1).toMatchObject({ rejoined: false, errant: 1 });
    for (let n = 5; n < 9; n += 1) history.sees(mariadb('db2', 12, `0-12-${100 + n}`)).sees(replica(`0-12-${99 + n}`));
    expect(history.db1).toMatchObject({ rejoined: true, errant: 0 });
  });
});
