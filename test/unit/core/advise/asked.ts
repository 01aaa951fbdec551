/** Small clusters in the situations for which there is advice, and how a test asks. */

import { advise } from '../../../../src/core/advise/advise.ts';
import { decide } from '../../../../src/core/decide/table.ts';
import type { Channel, ServerFacts } from '../../../../src/core/model/observation.ts';
import type { Advice, Procedure, Wish } from '../../../../src/core/model/procedure.ts';
import {
  address,
  channelFrom,
  factsOf,
  type Given,
  given,
  gtids,
  ledgerOf,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';

const line = new Set(['db1', 'db2', 'db3', 'db4'].map(uuid));
const evidence = { ready: true, evidence: { line } };
export const was = [{ uuid: uuid('db1'), address: address('db1') }];

export function ask(world: Given, wish: Wish = {}): Advice {
  const undecided = given({ publication: evidence, ...world });
  const decision = decide(undecided);
  return advise({ ...undecided, publication: { ...undecided.publication, decision } }, wish);
}

export function proceduresOf(world: Given, wish: Wish = {}): readonly Procedure[] {
  const advice = ask(world, wish);
  if (advice.kind !== 'procedures') throw new Error(advice.sentence);
  return advice.procedures;
}

/** The statements of a procedure with its checks, each after its server. */
export const told = ({ steps }: Procedure): readonly string[] =>
  steps.flatMap(({ on, statements, commands, verify }) =>
    [...statements, ...commands, ...verify.map(({ statement }) => statement)].map(
      (text) => `${on ?? 'shell'}: ${text}`,
    ),
  );

export const orphan = (name: string, over: Partial<Channel> = {}, facts: Partial<ServerFacts> = {}) =>
  seen(
    replicaOf('db1', name, {
      channels: [channelFrom('db1', { receiver: 'connecting', retrieved: gtids('db1:50-100'), ...over })],
      ...facts,
    }),
  );
/** db1 is dead, and its replicas try to reach it. */
export const dead: Given = {
  servers: { db1: silent, db2: orphan('db2'), db3: orphan('db3') },
  ledger: ledgerOf('db1'),
};
/** db2 was promoted, and db1 came back writable. */
export const back = (db1: Partial<ServerFacts> = {}, over: Partial<Given> = {}): Given => ({
  servers: {
    db1: seen(factsOf('db1', db1)),
    db2: seen(factsOf('db2', { gtidExecuted: gtids('db1:1-100,db2:1-5') })),
    db3: seen(replicaOf('db2', 'db3', { gtidExecuted: gtids('db1:1-100,db2:1-5') })),
  },
  ledger: ledgerOf('db2', { was }),
  ...over,
});
export const healthy: Given = {
  servers: {
    db1: seen(factsOf('db1')),
    db2: seen(replicaOf('db1', 'db2')),
    db3: seen(replicaOf('db1', 'db3')),
  },
  ledger: ledgerOf('db1'),
};
export const without = (world: Given, over: Given['servers']): Given => ({
  ...world,
  servers: { ...world.servers, ...over },
});
export const toSource = { aim: 'source', server: address('db2') } as const;
