/** Group Replication: a planned switchover, there and back. */

import { firstWritable, makeGroup, membershipOf, setAsPrimary, threeMembers } from '../dba/group.ts';
import type { Scenario, Step } from '../stage/scenario.ts';

const switchTo = (index: number, title: string): Step => ({
  title,
  async play(scene) {
    const old = scene.published;
    const target = scene.all[index];
    if (target === undefined) throw new Error(`the group has no member ${index + 1}`);
    const [{ at }] = await Promise.all([firstWritable([target]), setAsPrimary(target)]);
    scene.promoted(old, target, at);
    scene.narrator.say(
      `SELECT group_replication_set_as_primary('${target.name}'): the group lets running transactions end, then switches`,
    );
    const { reason } = await scene.theMove();
    await scene.writes();
    const { alarms, decision } = await scene.stage.daemon.snapshot();
    const { role, superReadOnly } = await membershipOf(old);
    return {
      held: reason === 'group-primary' && role === 'SECONDARY' && superReadOnly && alarms.length === 0,
      text: `${old.name} is a secondary now, and no alarm is raised. source-dns: ${decision.sentence}`,
    };
  },
});

export const groupSwitch: Scenario = {
  name: 'group-switch',
  summary: 'Group Replication: group_replication_set_as_primary, there and back',
  seconds: 14,
  servers: threeMembers,
  arrange: makeGroup,
  steps: [
    switchTo(1, 'Member 2 is made the primary'),
    switchTo(0, 'The way back: Member 1 is made the primary'),
  ],
};
