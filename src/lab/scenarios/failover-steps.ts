/** Steps of several scenarios: the source crashes, the name follows, and the old source returns. */

import type { LabServer } from '../servers/cluster.ts';
import type { Step, Verdict } from '../stage/scenario.ts';
import type { Scene } from '../stage/scene.ts';

/** Only the returned source has this row: the web application counts from 1. */
const staleRow = -1;

/** Sends kill -9 to the first server; resolves when source-dns has seen that, and has told its decision. */
export async function crash(scene: Scene): Promise<LabServer> {
  const [source] = scene.all;
  const { pid } = source.mysqld;
  await source.mysqld.kill9();
  scene.narrator.say(`kill -9 ${pid}`);
  await scene.unseen(source);
  await scene.sayDecision();
  return source;
}

export const sourceCrashes: Step = {
  title: 'Source crashes',
  async play(scene) {
    const source = await crash(scene);
    return { held: scene.published === source, text: 'no server is promoted yet, so the name stays' };
  },
};

/** On a busy machine the replicas may follow the new source before a probe sees the promotion. */
const promotionReasons: readonly string[] = ['failover', 'followers-moved'];

/** The name follows the promotion of the previous step. */
export const nameFollows: Step = {
  title: 'The name follows',
  async play(scene) {
    const { reason, to } = await scene.theMove();
    await scene.writes();
    const { decision } = await scene.stage.daemon.snapshot();
    return {
      held: promotionReasons.includes(reason),
      text: `the web application now writes to ${to}. source-dns: ${decision.sentence}`,
    };
  },
};

export const sourceReturns: Step = {
  title: 'Source comes back, writable, with a stale write of its own',
  async play(scene) {
    const [source] = scene.all;
    const { name } = scene.published;
    const stays = scene.watchTheName();
    await source.mysqld.start();
    await source.mysqld.sql(`INSERT INTO shop.orders (n) VALUES (${staleRow})`);
    scene.narrator.say(
      `Source is up again: read_only is OFF, as its my.cnf says; and a script has written row ${staleRow} to it`,
    );
    const { count } = await scene.alarm('stale-source', source, 1);
    await scene.writes();
    return {
      held: stays(),
      text: `the name stays with ${name}; Source is superseded, with ${count} errant ${count === 1 ? 'transaction' : 'transactions'}`,
    };
  },
};

/** The way back: the name has followed to the old source, and no stale write is left. */
export async function nameIsBack(scene: Scene): Promise<Verdict> {
  const { reason } = await scene.theMove();
  await scene.writes();
  const clean = await isClean(scene);
  return {
    held: clean && (reason === 'switchover' || reason === 'followers-moved'),
    text: `the name follows (${reason}), the web application continues to write, and ${clean ? 'no server has the stale row' : 'A SERVER STILL HAS THE STALE ROW'}`,
  };
}

/** Whether no server has the stale row. */
async function isClean({ all }: Scene): Promise<boolean> {
  const stale = await Promise.all(
    all.map(({ mysqld }) => mysqld.sql(`SELECT n FROM shop.orders WHERE n = ${staleRow}`)),
  );
  return stale.every((rows) => rows.length === 0);
}

/** Whether the server is a replica for source-dns, and no alarm is left. */
export async function isReplicaAgain({ stage }: Scene, { server }: LabServer): Promise<boolean> {
  const { servers, alarms } = await stage.daemon.snapshot();
  return alarms.length === 0 && servers.find((each) => each.server === server)?.role === 'replica';
}
