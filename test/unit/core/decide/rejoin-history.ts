/** The history of a former source that comes back, observation by observation. */

import { trackRejoins } from '../../../../src/core/decide/rejoin.ts';
import { situationOf } from '../../../../src/core/decide/situation-of.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import type { Rejoin } from '../../../../src/core/model/publication.ts';
import { type ClusterState, withPublication, withServer } from '../../../../src/core/model/state.ts';
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

export const was = [{ uuid: uuid('db1'), address: address('db1') }];

/**
 * db2 is the source; db1 is the former source; db3 answers only where it is told to. Each call of `sees` is
 * one observation, later than the one before.
 */
export class History {
  #state: ClusterState;
  #now = 0;

  constructor() {
    const servers = { db1: undefined, db2: undefined, db3: undefined };
    this.#state = stateOf({ servers, ledger: ledgerOf('db2', { was }) });
  }

  sees(facts: ServerFacts): this {
    this.#now += 10;
    const name = ['db1', 'db2', 'db3'].find((known) => facts.id === uuid(known))!;
    const memory = this.#state.servers.get(address(name))!;
    this.#state = withServer(this.#state, observe(memory, seen(facts), at(this.#now)).memory);
    const publication = this.#state.publications.get('ns1')!;
    const rejoins = trackRejoins(situationOf(this.#state, publication, at(this.#now)));
    this.#state = withPublication(this.#state, {
      ...publication,
      evidence: { ...publication.evidence, rejoins },
    });
    return this;
  }

  source(executed: string): this {
    return this.sees(factsOf('db2', { gtidExecuted: gtids(executed) }));
  }

  replica(executed: string, channel: Parameters<typeof channelFrom>[1] = {}): this {
    return this.sees(
      replicaOf('db2', 'db1', { gtidExecuted: gtids(executed), channels: [channelFrom('db2', channel)] }),
    );
  }

  /** db1 replicates from db3, and db3 from db2, by these channels. */
  chain(
    executed: string,
    first: Parameters<typeof channelFrom>[1] = {},
    second: Parameters<typeof channelFrom>[1] = {},
  ): this {
    this.sees(
      replicaOf('db2', 'db3', { gtidExecuted: gtids(executed), channels: [channelFrom('db2', second)] }),
    );
    return this.sees(
      replicaOf('db3', 'db1', { gtidExecuted: gtids(executed), channels: [channelFrom('db3', first)] }),
    );
  }

  get db1(): Rejoin | undefined {
    return this.#state.publications.get('ns1')?.evidence.rejoins.get(address('db1'));
  }
}
