/** Replicas choose their source themselves (manual 19.4.9): the new one, and then the old one again. */

import { makeWritable, replicateFrom, replicating, stopReplicating } from '../dba/dba.ts';
import { until } from '../host/until.ts';
import type { Accounts } from '../servers/accounts.ts';
import type { LabServer } from '../servers/cluster.ts';
import type { Scenario, Step } from '../stage/scenario.ts';
import { nameFollows, sourceCrashes } from './failover-steps.ts';
import { fourServers, picture } from './picture.ts';

/** A replica follows the source with the highest weight that answers, and returns to it later. */
const weights = { source: 80, first: 60 };

/** With a list of sources (manual 19.4.9.1): after three failures, a second apart, it takes the next. */
async function followList(
  replica: LabServer,
  [source, first]: readonly [LabServer, LabServer],
  { repl }: Accounts,
): Promise<void> {
  const add = ({ mysqld: { address, port } }: LabServer, weight: number) =>
    `DO asynchronous_connection_failover_add_source('', '${address}', ${port}, '', ${weight})`;
  await replica.mysqld.sql(
    add(source, weights.source),
    add(first, weights.first),
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${source.mysqld.address}', SOURCE_PORT=${source.mysqld.port}, SOURCE_USER='repl', SOURCE_PASSWORD='${repl}',
     SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1, SOURCE_CONNECT_RETRY=1, SOURCE_RETRY_COUNT=3, SOURCE_HEARTBEAT_PERIOD=0.2, SOURCE_CONNECTION_AUTO_FAILOVER=1`,
    'START REPLICA',
  );
}

/** The server that a replica receives from now, or undefined. */
async function receivesFrom(replica: LabServer, all: readonly LabServer[]): Promise<LabServer | undefined> {
  const [row] = await replica.mysqld.sql(
    `SELECT c.HOST AS host FROM performance_schema.replication_connection_configuration c
     JOIN performance_schema.replication_connection_status s USING (CHANNEL_NAME) WHERE s.SERVICE_STATE = 'ON'`,
  );
  return all.find(({ mysqld }) => mysqld.address === row?.['host']);
}

const promotion: Step = {
  title: 'Replica 1 is promoted; the others find it by themselves',
  async play(scene) {
    const { source, first, second, third } = picture(scene);
    await stopReplicating(first);
    await first.mysqld.sql('SET GLOBAL super_read_only = OFF');
    scene.promoted(source, first, await makeWritable(first));
    scene.narrator.say('Replica 1: RESET REPLICA ALL; SET GLOBAL read_only = OFF');
    const others = [second, third];
    await until('Replica 2 and 3 to receive from Replica 1, the next in their lists', async () =>
      (await Promise.all(others.map((replica) => receivesFrom(replica, scene.all)))).every(
        (from) => from === first,
      ),
    );
    scene.narrator.say(
      'Replica 2 and 3 have tried Source three times, and then taken the next server of their lists',
    );
    return { held: true, text: 'nobody told them, and nobody told source-dns' };
  },
};

const higherWeight: Step = {
  title: 'Source comes back, writable, and with the higher weight in the lists',
  async play(scene) {
    const { source, first, second, third } = picture(scene);
    const stays = scene.watchTheName();
    await source.mysqld.start();
    await scene.alarm('stale-source', source, 0);
    const others = [second, third];
    await until('Replica 2 and 3 to go back to Source, the first in their lists', async () =>
      (await Promise.all(others.map((replica) => receivesFrom(replica, scene.all)))).every(
        (from) => from === source,
      ),
    );
    scene.narrator.say(
      'Replica 2 and 3 have gone back to Source by themselves: it has the higher weight, and nothing checks whether it is the source',
    );
    // Until source-dns has seen that, it cannot be wrong about it.
    await until('source-dns to see Replica 2 and 3 replicate from Source', async () => {
      const { servers } = await scene.stage.daemon.snapshot();
      const [, , ...theirs] = servers.map(({ replicatesFrom }) => replicatesFrom[0]?.source);
      return theirs.every((from) => from === source.server);
    });
    await scene.writes();
    const sentence = await scene.sayDecision();
    return {
      held: stays() && sentence.startsWith(first.server),
      text: 'most replicas follow Source, but it is superseded: the name stays with Replica 1',
    };
  },
};

const listsPutRight: Step = {
  title: 'The lists are corrected',
  async play(scene) {
    const { source, first, second, third } = picture(scene);
    const stays = scene.watchTheName();
    const { address, port } = source.mysqld;
    for (const { mysqld } of [second, third]) {
      await mysqld.sql(
        `DO asynchronous_connection_failover_delete_source('', '${address}', ${port}, '')`,
        'STOP REPLICA',
        `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${first.mysqld.address}', SOURCE_PORT=${first.mysqld.port}`,
        'START REPLICA',
      );
    }
    await replicating([second, third]);
    scene.narrator.say(
      'Replica 2 and 3: Source is out of their lists; CHANGE REPLICATION SOURCE TO Replica 1',
    );
    await scene.writes();
    return { held: stays(), text: 'Replica 2 and 3 follow the name again' };
  },
};

export const failoverLists: Scenario = {
  name: 'failover-lists',
  summary: 'replicas find the new source by their lists, and go back to the old one; the name does not',
  seconds: 15,
  servers: { product: 'MySQL', names: fourServers, readOnly: (index) => index > 0 },
  async arrange({ all, accounts }) {
    const [source, first, ...others] = all;
    if (first === undefined) throw new Error('the picture has four servers');
    await replicateFrom(first, source, accounts);
    for (const other of others) await followList(other, [source, first], accounts);
    await replicating([first, ...others]);
    return `Replica 1, 2 and 3 replicate from Source; 2 and 3 have lists: Source (${weights.source}), Replica 1 (${weights.first})`;
  },
  steps: [sourceCrashes, promotion, nameFollows, higherWeight, listsPutRight],
  mayLose: true,
  leftOut: ['Source'],
};
