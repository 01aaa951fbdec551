/** The failover of the manual's picture "redundancy using replication" (19.4.8), there and back. */

import {
  catchUpFromPeers,
  cloneFrom,
  executed,
  executedOf,
  makeReadOnly,
  makeWritable,
  replicateFrom,
  replicating,
  stopReplicating,
  waitForAcknowledgements,
} from '../dba/dba.ts';
import { semiSyncOptions } from '../servers/mysqld.ts';
import type { Scenario, Step } from '../stage/scenario.ts';
import { isReplicaAgain, nameFollows, nameIsBack, sourceCrashes, sourceReturns } from './failover-steps.ts';
import { fourServers, picture } from './picture.ts';

const promotion: Step = {
  title: "Replica 1 is promoted by the manual's procedure; nobody tells source-dns",
  async play(scene) {
    const { source, first, second, third, accounts } = picture(scene);
    const { narrator } = scene;
    const lacked = await catchUpFromPeers(first, [second, third], accounts);
    narrator.say(
      `STOP REPLICA IO_THREAD on all; Replica 1 lacked ${lacked} transactions that another replica had received, and has them now`,
    );
    await stopReplicating(first);
    await waitForAcknowledgements(first, 2);
    await first.mysqld.sql('SET GLOBAL super_read_only = OFF');
    scene.promoted(source, first, await makeWritable(first));
    narrator.say('Replica 1: RESET REPLICA ALL; SET GLOBAL read_only = OFF');
    await Promise.all([second, third].map((replica) => replicateFrom(replica, first, accounts)));
    await replicating([second, third]);
    narrator.say('Replica 2 and 3: CHANGE REPLICATION SOURCE TO Replica 1');
    return { held: true, text: "the topology is that of the manual's picture after the failover" };
  },
};

const rebuild: Step = {
  title: 'Source is rebuilt from Replica 1 and becomes its replica',
  async play(scene) {
    const { source, first, accounts } = picture(scene);
    const { narrator } = scene;
    narrator.explain(
      'If Source became a replica as it is, it would keep the stale row. If it were promoted later, it would send that row to every',
    );
    narrator.explain(
      'replica: with auto-positioning, replicas ask for every transaction that they lack. So CLONE replaces the data of Source.',
    );
    await cloneFrom(source, first, accounts);
    narrator.say('Source: CLONE INSTANCE FROM Replica 1; restarted, super_read_only');
    await replicateFrom(source, first, accounts);
    await replicating([source]);
    await waitForAcknowledgements(first, 3);
    await executed(source, await executedOf(first));
    narrator.say(
      'Source: CHANGE REPLICATION SOURCE TO Replica 1; it has caught up, and acknowledges like the others',
    );
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
    const { source, first, replicas, accounts } = picture(scene);
    const { narrator } = scene;
    narrator.explain(
      'The manual resets the binary log here (RESET BINARY LOGS AND GTIDS), so that replicas by file and position start again. With',
    );
    narrator.explain(
      'GTIDs a reset is wrong: each replica asks for what it lacks, and a reset deletes the record of what was executed.',
    );
    await makeReadOnly(first);
    await executed(source, await executedOf(first));
    narrator.say(
      'Replica 1: SET GLOBAL super_read_only = ON; Source has executed everything that Replica 1 has',
    );
    await stopReplicating(source);
    await waitForAcknowledgements(source, 3);
    await source.mysqld.sql('SET GLOBAL super_read_only = OFF');
    scene.promoted(first, source, await makeWritable(source));
    narrator.say('Source: RESET REPLICA ALL; SET GLOBAL read_only = OFF');
    await Promise.all(replicas.map((replica) => replicateFrom(replica, source, accounts)));
    await replicating(replicas);
    await first.mysqld.sql('SET GLOBAL rpl_semi_sync_source_enabled = OFF');
    narrator.say('Replica 1, 2 and 3: CHANGE REPLICATION SOURCE TO Source');
    return nameIsBack(scene);
  },
};

export const semiSync: Scenario = {
  name: 'semi-sync',
  summary: "the manual's failover and the way back; commits wait for all replicas, so nothing is lost",
  seconds: 16,
  servers: {
    product: 'MySQL',
    names: fourServers,
    readOnly: (index) => index > 0,
    options: () => semiSyncOptions,
  },
  async arrange({ all: [source, ...replicas], accounts }) {
    for (const replica of replicas) await replicateFrom(replica, source, accounts);
    await replicating(replicas);
    await waitForAcknowledgements(source, replicas.length);
    return 'Replica 1, 2 and 3 replicate from Source; a commit is acknowledged when all three have it';
  },
  steps: [sourceCrashes, promotion, nameFollows, sourceReturns, rebuild, wayBack],
};
