/** Group Replication: the primary hangs. To its clients it looks like a dead disk or a lost network. */

import { makeGroup, membershipOf, threeMembers } from '../dba/group.ts';
import type { Scenario, Step } from '../stage/scenario.ts';
import { electionOf, secondaryAgain } from './group-steps.ts';

const stopped: Step = {
  title: 'SIGSTOP stops the primary: its connections stay open, and it answers nothing',
  async play(scene) {
    const [first] = scene.all;
    await first.mysqld.suspend();
    scene.narrator.say(`kill -STOP ${first.mysqld.pid}`);
    await scene.unseen(first);
    await scene.sayDecision();
    return {
      held: scene.published === first,
      text: 'source-dns never takes "unknown" for "down": the name stays until the group has elected',
    };
  },
};

const continued: Step = {
  title: 'The old primary wakes up, and does not know of the election',
  async play(scene) {
    const [first] = scene.all;
    const { name } = scene.published;
    const stays = scene.watchTheName();
    first.mysqld.resume();
    const woken = await membershipOf(first);
    scene.narrator.say(
      `kill -CONT ${first.mysqld.pid}; Member 1 calls itself ${woken.state} ${woken.role}${woken.superReadOnly ? '' : ', and is not read-only'}`,
    );
    // It learns of its expulsion some seconds later: until then the alarm is about it.
    await scene.alarmRaised('stale-source', first);
    const secondary = await secondaryAgain(scene, first);
    await scene.writes();
    return {
      held: secondary && stays(),
      text: `it was expelled, and rejoined by itself as a secondary; the name never left ${name}`,
    };
  },
};

export const groupStop: Scenario = {
  name: 'group-stop',
  summary: 'Group Replication: the primary hangs (SIGSTOP), and wakes up after the election',
  seconds: 22,
  servers: threeMembers,
  arrange: makeGroup,
  steps: [stopped, electionOf('The group elects, and the name follows'), continued],
};
