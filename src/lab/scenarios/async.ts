/** The failover without semi-synchronous replication: the name is right as ever, but writes are lost. */

import { catchUpFromPeers, makeWritable, replicateFrom, replicating, stopReplicating } from '../dba/dba.ts';
import type { Scenario, Step } from '../stage/scenario.ts';
import { crash, nameFollows, sourceReturns } from './failover-steps.ts';
import { fourServers, picture } from './picture.ts';

const crashAhead: Step = {
  title: 'Source crashes while its replicas are behind',
  async play(scene) {
    const { replicas } = picture(scene);
    await Promise.all(replicas.map(({ mysqld }) => mysqld.sql('STOP REPLICA IO_THREAD')));
    scene.narrator.say('Replica 1, 2 and 3: STOP REPLICA IO_THREAD, as a network that fails would do');
    await scene.writes();
    const source = await crash(scene);
    return {
      held: scene.published === source,
      text: 'only Source has the last writes; no server is promoted yet, so the name stays',
    };
  },
};

const promotion: Step = {
  title: "Replica 1 is promoted by the manual's procedure; nobody tells source-dns",
  async play(scene) {
    const { source, first, second, third, accounts } = picture(scene);
    const lacked = await catchUpFromPeers(first, [second, third], accounts);
    scene.narrator.say(
      `Replica 1 lacked ${lacked} transactions that another replica had received, and has them now`,
    );
    await stopReplicating(first);
    await first.mysqld.sql('SET GLOBAL super_read_only = OFF');
    scene.promoted(source, first, await makeWritable(first));
    scene.narrator.say('Replica 1: RESET REPLICA ALL; SET GLOBAL read_only = OFF');
    const lost = await scene.lacking(first);
    await Promise.all([second, third].map((replica) => replicateFrom(replica, first, accounts)));
    await replicating([second, third]);
    scene.narrator.say('Replica 2 and 3: CHANGE REPLICATION SOURCE TO Replica 1');
    return {
      held: lost.length > 0,
      text: `${lost.length} writes that Source had acknowledged never reached a replica: asynchronous replication does not promise that`,
    };
  },
};

const errant: Step = {
  title: 'The lost writes can still be found',
  async play(scene) {
    const { source, first } = picture(scene);
    const lost = await scene.lacking(first);
    const onlyThere = new Set(
      (await source.mysqld.sql('SELECT n FROM shop.orders')).map((row) => Number(row['n'])),
    );
    const { count = 0 } = await scene.alarm('stale-source', source, lost.length);
    return {
      held: lost.every((number) => onlyThere.has(number)) && count > lost.length,
      text: `all ${lost.length} lost writes are among the ${count} errant transactions of Source: read them there before you rebuild it`,
    };
  },
};

export const asynchronous: Scenario = {
  name: 'async',
  summary: 'the source crashes ahead of its replicas: acknowledged writes are lost, and counted',
  seconds: 10,
  servers: { product: 'MySQL', names: fourServers, readOnly: (index) => index > 0 },
  async arrange({ all: [source, ...replicas], accounts }) {
    for (const replica of replicas) await replicateFrom(replica, source, accounts);
    await replicating(replicas);
    return 'Replica 1, 2 and 3 replicate from Source; a commit waits for none of them';
  },
  steps: [crashAhead, promotion, nameFollows, sourceReturns, errant],
  mayLose: true,
  leftOut: ['Source'],
};
