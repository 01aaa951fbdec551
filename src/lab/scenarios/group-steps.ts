/** Steps of several scenarios with a group. */

import { firstWritable, joinGroup, membershipOf, online } from '../dba/group.ts';
import type { LabServer } from '../servers/cluster.ts';
import type { Step } from '../stage/scenario.ts';
import type { Scene } from '../stage/scene.ts';

/** The other members elect a primary, and the name follows. */
export const electionOf = (title: string): Step => ({
  title,
  async play(scene) {
    const old = scene.published;
    const { server, at } = await firstWritable(scene.all.filter((each) => each !== old));
    scene.promoted(old, server, at);
    scene.narrator.say(
      `${server.name} is writable: the others have expelled ${old.name} and elected ${server.name}`,
    );
    const { reason } = await scene.theMove();
    await scene.writes();
    const { decision } = await scene.stage.daemon.snapshot();
    return {
      held: reason === 'group-primary',
      text: `the web application now writes to ${server.name}. source-dns: ${decision.sentence}`,
    };
  },
});

/** Whether a former primary is an ordinary secondary, for its group and for source-dns. */
export async function secondaryAgain(scene: Scene, member: LabServer): Promise<boolean> {
  await online([member]);
  await scene.rejoined(member);
  const { role, superReadOnly } = await membershipOf(member);
  const { alarms } = await scene.stage.daemon.snapshot();
  return role === 'SECONDARY' && superReadOnly && !alarms.some(({ subject }) => subject === member.server);
}

/** A former primary, which runs outside the group, joins it again. */
export const rejoins = (title: string): Step => ({
  title,
  async play(scene) {
    const [first] = scene.all;
    const stays = scene.watchTheName();
    await joinGroup(first, scene.stage.cluster.accounts);
    scene.narrator.say(`${first.name}: START GROUP_REPLICATION; the group sends it what it lacks`);
    const secondary = await secondaryAgain(scene, first);
    return {
      held: secondary && stays(),
      text: `${first.name} is a secondary, super_read_only, and no alarm is about it`,
    };
  },
});
