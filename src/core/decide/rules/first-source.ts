/** Rule 5: nothing is published yet. */

import { type Decision, hold, holdWhileAsking, names, pointTo } from '../../model/decision.ts';
import { firstOfEach } from '../../observe/multi-primary.ts';
import type { ServerView } from '../../observe/topology.ts';
import { writableInCircle } from '../circles.ts';
import { electionOf, isLeftToGroup } from '../elections.ts';
import { standing } from '../rivals.ts';
import { reachable, type Situation } from '../situation.ts';
import { sourceUnlisted } from '../unlisted.ts';

export function firstSource(situation: Situation): Decision | undefined {
  const { ledger, quorumSet, members } = situation;
  if (ledger !== undefined) return undefined;
  const could = [...situation.candidates, ...standing(situation), ...writersInCircles(situation)];
  const candidates = firstOfEach(members, [...new Set(could)]);
  const [first, ...others] = candidates;
  // The first publication waits until every server was asked: any of them may be writable.
  const waiting = quorumSet.filter((member) => member.contact === 'unobserved');
  if (waiting.length > 0)
    return holdWhileAsking(
      `Nothing is published yet, and ${names(waiting)} ${waiting.length === 1 ? 'has' : 'have'} not been observed yet.`,
    );
  if (others.length > 0)
    return hold(
      'two-sources',
      `Nothing is published yet, and ${names(candidates)} are all writable: make all but the source read-only.`,
    );
  const seen = reachable(quorumSet).length;
  if (seen <= quorumSet.length / 2)
    return hold(
      'minority-view',
      `Nothing is published yet, and only ${seen} of ${quorumSet.length} servers ${seen === 1 ? 'is' : 'are'} seen.`,
    );
  if (first === undefined || !situation.candidates.includes(first))
    return (
      sourceUnlisted(situation) ??
      hold('no-candidate', `Nothing is published yet, and ${nobodyYet(situation)}.`)
    );
  // A person may have bootstrapped a group of one member while the others elect.
  if (isLeftToGroup(situation, first) && electionOf(situation, first) === undefined)
    return hold(
      'no-candidate',
      `Nothing is published yet, and ${first.address} is writable, but no majority of the configured group members says that it is the primary.`,
    );
  const writable = situation.candidates.length;
  const said =
    writable === 1
      ? 'the only writable server of'
      : `the first of ${writable} writable peers of one cluster, among`;
  return pointTo(
    'first-source',
    first,
    `${first.address} is ${said} ${quorumSet.length}${writable === 1 ? '' : ' servers'}.`,
  );
}

/** Servers that write in one circle are replicas of each other, and each could be the source. */
const writersInCircles = (situation: Situation): readonly ServerView[] =>
  situation.members.filter(
    (member) =>
      member.writable &&
      member.settings.candidate !== 'never' &&
      writableInCircle(situation, member).length > 0,
  );

function nobodyYet(situation: Situation): string {
  const away = standing(situation);
  if (away.length > 0)
    return `${names(away)} ${away.length === 1 ? 'was writable at its' : 'were writable at their'} last answer, and must answer again`;
  return situation.members.some((member) => member.writable)
    ? 'no writable server could be the source'
    : 'no server is writable';
}
