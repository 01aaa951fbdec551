/** Group Replication: a primary without a majority does not know that it is no longer the primary. */

import { makeGroup, membershipOf, threeMembers } from '../dba/group.ts';
import type { Network } from '../host/network.ts';
import { until } from '../host/until.ts';
import type { LabServer } from '../servers/cluster.ts';
import type { Scenario, Step } from '../stage/scenario.ts';
import type { Scene } from '../stage/scene.ts';
import { electionOf, secondaryAgain } from './group-steps.ts';

function networkOf({ stage: { network } }: Scene): Network {
  if (network === undefined) throw new Error('this scenario needs a network');
  return network;
}

/** What the isolated primary says about itself, and whether that would deceive a client that asks only it. */
async function claim(member: LabServer): Promise<{ readonly tempting: boolean; readonly text: string }> {
  const { state, role, superReadOnly } = await membershipOf(member);
  return {
    tempting: state === 'ONLINE' && role === 'PRIMARY' && !superReadOnly,
    text: `${member.name} calls itself ${state} ${role}, ${superReadOnly ? 'super_read_only' : 'and is not read-only'}`,
  };
}

const isolated: Step = {
  title: 'The primary is cut off from the other members; clients and source-dns still reach all three',
  async play(scene) {
    const [first] = scene.all;
    await networkOf(scene).isolate(0);
    scene.narrator.say(
      'ip rule add from Member 1 to Member 2 blackhole; the same from 2 to 1, and for Member 3',
    );
    return { held: scene.published === first, text: 'no member has noticed it yet, so the name stays' };
  },
};

const twoPrimaries: Step = {
  title: 'Two members call themselves the primary',
  async play(scene) {
    const [first] = scene.all;
    const stays = scene.watchTheName();
    const { tempting, text } = await claim(first);
    scene.narrator.say(`${text}; but it has no majority, so none of its commits completes`);
    await scene.alarmRaised('stale-source', first);
    await scene.writes();
    return {
      held: tempting && stays(),
      text: `the name stays with ${scene.published.name}: it is the primary of the majority`,
    };
  },
};

const mended: Step = {
  title: 'The network is repaired',
  async play(scene) {
    const [first] = scene.all;
    const { name } = scene.published;
    const stays = scene.watchTheName();
    await networkOf(scene).join(0);
    await until(
      'Member 1 to learn that it is not the primary any more',
      async () => !(await claim(first)).tempting,
    );
    scene.narrator.say('Member 1 learns that it was expelled');
    const secondary = await secondaryAgain(scene, first);
    await scene.writes();
    return {
      held: secondary && stays(),
      text: `it rejoined by itself as a secondary; the name never left ${name}`,
    };
  },
};

export const groupIsolate: Scenario = {
  name: 'group-isolate',
  summary: 'Group Replication: the primary is cut off, and still calls itself the primary',
  seconds: 31,
  servers: threeMembers,
  network: true,
  arrange: makeGroup,
  steps: [isolated, electionOf('The majority elects, and the name follows'), twoPrimaries, mended],
};
