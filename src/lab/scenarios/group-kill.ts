/** Group Replication: a group loses its primary, elects another, and takes the old one back. */

import { makeGroup, threeMembers } from '../dba/group.ts';
import type { Scenario, Step } from '../stage/scenario.ts';
import { crash } from './failover-steps.ts';
import { electionOf, rejoins } from './group-steps.ts';

const killed: Step = {
  title: 'The primary is killed',
  async play(scene) {
    const primary = await crash(scene);
    return {
      held: scene.published === primary,
      text: 'the others call it UNREACHABLE and have not elected yet, so the name stays',
    };
  },
};

const outside: Step = {
  title: 'Member 1 comes back outside of its group, and writable',
  async play(scene) {
    const [first] = scene.all;
    const stays = scene.watchTheName();
    await first.mysqld.start();
    scene.narrator.say(
      'Member 1 is up again: group_replication_start_on_boot is OFF in its my.cnf, and nobody has made it read-only',
    );
    await scene.alarm('stale-source', first, 0);
    await scene.writes();
    return { held: stays(), text: `the name stays with ${scene.published.name}` };
  },
};

export const groupKill: Scenario = {
  name: 'group-kill',
  summary: 'Group Replication: kill -9 of the primary, which comes back outside of the group',
  seconds: 25,
  servers: threeMembers,
  arrange: makeGroup,
  steps: [
    killed,
    electionOf('The group elects, and the name follows'),
    outside,
    rejoins('Member 1 rejoins its group'),
  ],
};
