/** The failover of the manual with MariaDB; also the fallback if MySQL is not available. */

import { makeWritable } from '../dba/dba.ts';
import {
  caughtUp,
  mariadbSemiSyncOptions,
  mostAdvanced,
  replicateByGtid,
  replicatingByGtid,
  stopReplicatingByGtid,
  waitForReplica,
} from '../dba/mariadb-dba.ts';
import type { MariadbSeries } from '../programs/mariadb-programs.ts';
import type { LabServer } from '../servers/cluster.ts';
import type { Scenario, Step } from '../stage/scenario.ts';
import { isReplicaAgain, nameFollows, nameIsBack, sourceCrashes, sourceReturns } from './failover-steps.ts';
import { fourServers } from './picture.ts';

const namesOf = (servers: readonly LabServer[]): string => servers.map(({ name }) => name).join(', ');

const promotion: Step = {
  title: 'The most advanced replica is promoted; nobody tells source-dns',
  async play(scene) {
    const [source, ...replicas] = scene.all;
    const { accounts } = scene.stage.cluster;
    const { chosen, others } = await mostAdvanced(replicas);
    scene.narrator.say(
      `STOP REPLICA IO_THREAD on all; ${chosen.name} has executed everything that any replica had received`,
    );
    await stopReplicatingByGtid(chosen);
    await waitForReplica(chosen, true);
    scene.promoted(source, chosen, await makeWritable(chosen));
    scene.narrator.say(`${chosen.name}: RESET REPLICA ALL; SET GLOBAL read_only = OFF`);
    await Promise.all(others.map((replica) => replicateByGtid(replica, chosen, accounts)));
    await replicatingByGtid(others);
    scene.narrator.say(`${namesOf(others)}: CHANGE MASTER TO ${chosen.name}, MASTER_USE_GTID=slave_pos`);
    return { held: true, text: "the topology is that of the manual's picture after the failover" };
  },
};

const rebuild: Step = {
  title: 'Source is rebuilt and becomes a replica',
  async play(scene) {
    const [source] = scene.all;
    const { published: current, narrator } = scene;
    narrator.explain(
      'If Source became a replica as it is, it would keep the stale row. The binary logs of the new source go back to the first',
    );
    narrator.explain(
      'transaction, so an empty server gets everything from them. On a production server, use mariadb-backup.',
    );
    await source.mysqld.stop();
    await source.mysqld.forgetData();
    await source.mysqld.start(['--read-only=ON']);
    await replicateByGtid(source, current, scene.stage.cluster.accounts);
    await replicatingByGtid([source]);
    await caughtUp(source, current);
    narrator.say(`Source: empty again, read_only; CHANGE MASTER TO ${current.name}; it has caught up`);
    await scene.rejoined(source);
    return {
      held: await isReplicaAgain(scene, source),
      text: 'Source has rejoined: no longer superseded, no alarm left',
    };
  },
};

const wayBack: Step = {
  title: 'The way back: Source becomes the source again',
  async play(scene) {
    const [source] = scene.all;
    const { published: old, narrator } = scene;
    const { accounts } = scene.stage.cluster;
    const others = scene.all.filter((each) => each !== source);
    await old.mysqld.sql('SET GLOBAL read_only = ON');
    await caughtUp(source, old);
    narrator.say(
      `${old.name}: SET GLOBAL read_only = ON; Source has executed everything that ${old.name} has`,
    );
    await stopReplicatingByGtid(source);
    await waitForReplica(source, true);
    scene.promoted(old, source, await makeWritable(source));
    narrator.say('Source: RESET REPLICA ALL; SET GLOBAL read_only = OFF');
    await waitForReplica(old, false);
    // What it executed as a source becomes its position as a replica.
    await old.mysqld.sql('SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_binlog_pos');
    await Promise.all(others.map((replica) => replicateByGtid(replica, source, accounts)));
    await replicatingByGtid(others);
    narrator.say(`${namesOf(others)}: CHANGE MASTER TO Source`);
    return nameIsBack(scene);
  },
};

const scenarioOf = (name: string, series: MariadbSeries): Scenario => ({
  name,
  summary: 'semi-sync with MariaDB by GTID; one replica acknowledges; the most advanced one is promoted',
  seconds: 8,
  servers: {
    product: `MariaDB ${series}`,
    names: fourServers,
    readOnly: (index) => index > 0,
    options: () => mariadbSemiSyncOptions,
  },
  async arrange({ all: [source, ...replicas], accounts }) {
    for (const replica of replicas) await replicateByGtid(replica, source, accounts);
    await replicatingByGtid(replicas);
    await waitForReplica(source, true);
    return 'Replica 1, 2 and 3 replicate from Source; a commit is acknowledged when one of them has it';
  },
  steps: [sourceCrashes, promotion, nameFollows, sourceReturns, rebuild, wayBack],
});

export const mariadb = scenarioOf('mariadb', '10.11');
export const mariadb118 = scenarioOf('mariadb-11.8', '11.8');
