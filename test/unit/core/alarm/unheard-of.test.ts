/** An alarm about a server lasts until something newer is heard of that server. */

import { expect, test } from 'vitest';
import { raiseAlarms } from '../../../../src/core/alarm/alarms.ts';
import type { Effect } from '../../../../src/core/model/events.ts';
import type { Probe } from '../../../../src/core/model/observation.ts';
import type { ClusterState } from '../../../../src/core/model/state.ts';
import { topologyOf } from '../../../../src/core/observe/topology.ts';
import { at, factsOf, ledgerOf, replicaOf, seen, silent, stateOf, turnAt } from '../../../support/given.ts';

/** db2 gave this answer; absent: our connection to it waits for its turn. */
const stateWith = (db2: Probe | undefined, alarms: ClusterState['alarms'] = []): ClusterState => ({
  ...stateOf({ servers: { db1: seen(factsOf('db1', { readOnly: false })), db2 }, ledger: ledgerOf('db1') }),
  alarms,
});

/** The alarms about db2, and what the history gets. */
function raised(state: ClusterState) {
  const effects: Effect[] = [];
  const { alarms } = raiseAlarms(turnAt(1, effects), state, topologyOf(state, at(1)));
  return {
    alarms,
    ofDb2: alarms.filter(({ subject }) => subject === 'db2:3306').map(({ code }) => code),
    told: effects.flatMap((effect) =>
      effect.kind === 'record' && effect.entry.kind === 'alarm' && effect.entry.alarm.subject === 'db2:3306'
        ? [`${effect.entry.raised ? 'raised' : 'over'} ${effect.entry.alarm.code}`]
        : [],
    ),
  };
}

test('a process that asks a silent server late says once that the server does not answer', () => {
  const first = raised(stateWith(silent));
  expect(first).toMatchObject({ ofDb2: ['server-unknown'], told: ['raised server-unknown'] });
  const late = raised(stateWith(undefined, first.alarms));
  expect(late).toMatchObject({ ofDb2: ['server-unknown'], told: [] });
  expect(raised(stateWith(silent, late.alarms))).toMatchObject({ ofDb2: ['server-unknown'], told: [] });
  const back = raised(stateWith(seen(replicaOf('db1', 'db2')), late.alarms));
  expect(back).toMatchObject({ ofDb2: [], told: ['over server-unknown'] });
});

test('nothing is raised about a server of which nothing is known', () => {
  expect(raised(stateWith(undefined))).toMatchObject({ ofDb2: [], told: [] });
});
