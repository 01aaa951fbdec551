/** What a person is told where a group decides: its primary is never to be closed, and a member that is out of it never to be opened, since either would write beside the group. */

import { names } from '../model/decision.ts';
import type { ServerView } from '../observe/topology.ts';
import { follow, startAnewFrom } from './advice.ts';
import { groupNameOf, isLeftToGroup, isSecondary, publishedGroup, silentBeside } from './elections.ts';
import type { Situation } from './situation.ts';

/** Of a PRIMARY beside silent members. Reads on from its name. */
export const lonePrimary = (silent: readonly ServerView[]): string =>
  `is PRIMARY of its group, but ${names(silent)} ${silent.length === 1 ? 'has not said that it' : 'have not said that they'} left`;

/** The same with what to do next, of the first candidate that it is true of; undefined: of none. */
export function lonePrimaryText(situation: Situation): string | undefined {
  const lone = lonePrimaryOf(situation);
  return (
    lone &&
    `${lone.server.address} ${lonePrimary(lone.silent)}: start ${names(lone.silent)}, or \`${follow(situation, lone.server)}\`.`
  );
}

/** What would settle it; undefined: no candidate is such a PRIMARY. */
export function lonePrimaryWouldChange(situation: Situation): readonly string[] | undefined {
  const lone = lonePrimaryOf(situation);
  if (lone === undefined) return undefined;
  const { server, silent } = lone;
  return [
    `An answer of ${names(silent)}: that ${silent.length === 1 ? 'it is' : 'they are'} out of the group, or that ${server.address} is ${silent.length === 1 ? 'its' : 'their'} primary.`,
    `If ${names(silent)} ${silent.length === 1 ? 'does' : 'do'} not write elsewhere: ${follow(situation, server)}`,
  ];
}

function lonePrimaryOf(
  situation: Situation,
): { readonly server: ServerView; readonly silent: readonly ServerView[] } | undefined {
  for (const server of situation.candidates) {
    const silent = silentBeside(situation, server);
    if (silent !== undefined) return { server, silent };
  }
  return undefined;
}

/** Of candidates, those that a statement may close: who is in a group is closed and opened by the group. */
export const ungrouped = (servers: readonly ServerView[]): readonly ServerView[] =>
  servers.filter((server) => groupNameOf(server) === undefined);

/** What is promoted there gets the name without a command: a server of no group, or one whose group goes on and is the published source's. */
export const mayFollowItsGroup = (situation: Situation, server: ServerView): boolean =>
  groupNameOf(server) === undefined ||
  (groupNameOf(server) === publishedGroup(situation) && isLeftToGroup(situation, server));

/** What to do about a lost group: its sentences, also where another group could take over. Who shall write, only a person can tell. */
export function groupAwayWouldChange(situation: Situation): readonly string[] {
  const { published, ledger } = situation;
  const primaries = situation.members.filter(
    (member) =>
      !mayFollowItsGroup(situation, member) &&
      isLeftToGroup(situation, member) &&
      member.facts !== undefined &&
      !isSecondary(member),
  );
  const name = published?.address ?? ledger?.source;
  return [
    `The group of ${name}, if it is lost, must be ${startAnewFrom('the member that has most')}: the name follows its primary.`,
    ...primaries.map(
      (primary) =>
        `Or the group of ${primary.address} becomes the primary one by force; then: ${follow(situation, primary)}`,
    ),
  ];
}

/** Whether the published source is of a group in which nobody is heard to be. */
export const isGroupAway = (situation: Situation): boolean => {
  const group = publishedGroup(situation);
  return (
    group !== undefined &&
    !situation.members.some((member) => groupNameOf(member) === group && isLeftToGroup(situation, member))
  );
};
