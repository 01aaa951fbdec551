/** The core's own sentences about real servers: probes go through the core, up to the snapshot. */

import { raiseAlarms } from '../../../src/core/alarm/alarms.ts';
import { settle } from '../../../src/core/decide/settle.ts';
import { situationOf } from '../../../src/core/decide/situation-of.ts';
import { decide } from '../../../src/core/decide/table.ts';
import { lookedOnce, type ServerFacts } from '../../../src/core/model/observation.ts';
import {
  type ClusterState,
  initialState,
  withPublication,
  withServer,
} from '../../../src/core/model/state.ts';
import type { Now, ServerAddress } from '../../../src/core/model/units.ts';
import { observe } from '../../../src/core/observe/observe.ts';
import { topologyOf } from '../../../src/core/observe/topology.ts';
import { snapshot } from '../../../src/core/report/snapshot.ts';
import type { ServerSnapshot, Snapshot } from '../../../src/core/report/snapshot-types.ts';
import type { ServerProber } from '../../../src/ports.ts';
import { clusterSettings, ledgerOf, viewOf } from '../../support/given.ts';
import { clock, deadline, until } from './probing.ts';

/** A cluster of real servers, of which one is published. */
export interface Advised {
  /** Probes every server once, and returns the view of the core. */
  look(): Promise<Snapshot>;
  /** Looks again until the condition holds, at most 20 s. */
  lookUntil(wanted: (snapshot: Snapshot) => boolean): Promise<Snapshot>;
}

/** `published` answers now, and the ledger names it. */
export async function advise(
  prober: ServerProber,
  servers: readonly ServerAddress[],
  published: ServerAddress,
): Promise<Advised> {
  const now = (): Now => ({ mono: clock.mono(), wall: clock.wall(), token: 't' });
  let state = initialState(
    clusterSettings([], { servers: servers.map((address) => ({ address, candidate: 'auto' })) }),
    [],
    now(),
  );
  let facts: ServerFacts | undefined;
  const askAll = async (): Promise<void> => {
    const probes = await Promise.all(servers.map((server) => prober.probe(server, deadline())));
    for (const [index, probe] of probes.entries()) {
      const address = servers[index]!;
      state = withServer(state, observe(state.servers.get(address)!, lookedOnce(probe), now()).memory);
      if (address === published && probe.kind === 'reachable') facts ??= probe.facts;
    }
    const [publication] = state.publications.values();
    if (facts === undefined) throw new Error(`${published} must answer at first`);
    const view = viewOf(ledgerOf('db1', { source: published, uuid: facts.id }));
    state = decided(
      withPublication(state, { ...publication!, ready: true, zone: { ...publication!.zone, view } }),
      now(),
    );
  };
  const look = async (): Promise<Snapshot> => {
    await askAll();
    return snapshot(state, now());
  };
  await until(look, ({ servers: seen }) => seen.every(({ reachable }) => reachable));
  return { look, lookUntil: (wanted) => until(look, wanted) };
}

/** Decision and alarms as in a step; nothing is written. */
function decided(state: ClusterState, now: Now): ClusterState {
  const [publication] = state.publications.values();
  const situation = situationOf(state, publication!, now);
  const decision = decide(situation);
  const settled = withPublication(state, { ...settle(situation, decision), decision });
  const turn = { cluster: state.settings.cluster, now, effects: [] };
  return raiseAlarms(turn, settled, topologyOf(settled, now));
}

/** The sentences about one server. */
export const of = ({ servers }: Snapshot, address: ServerAddress): ServerSnapshot =>
  servers.find(({ server }) => server === address)!;

/** A replica was seen that has received so many transactions, the newest too, and executed none of them. */
export const holdsBack = ({ lacks }: ServerSnapshot, transactions: number): boolean =>
  lacks?.received === null && lacks.executed?.transactions === transactions;

/** The sentence of an alarm; empty: it is not raised. */
export const alarmOf = ({ alarms }: Snapshot, code: string, subject: ServerAddress): string =>
  alarms.find((alarm) => alarm.code === code && alarm.subject === subject)?.sentence ?? '';
