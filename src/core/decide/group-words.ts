/** Sentences about groups: never close their primary, never open a member that is out of its group. */

import { names } from '../model/decision.ts';
import type { ServerView } from '../observe/topology.ts';
import { follow, startAnewFrom } from './advice.ts';
import { groupNameOf, isLeftToGroup, isSecondary, publishedGroup, silentBeside } from './elections.ts';
import type { Situation } from './situation.ts';

/** A PRIMARY with silent members. Reads on from its name. */
export const lonePrimary = (silent: readonly ServerView[]): string =>
  `is PRIMARY of its group, but ${names(silent)} ${silent.length === 1 ? 'has not said that it' : 'have not said that they'} left`;

/** The same for the first such candidate, with what to do next. */
export function lonePrimaryText(situation: Situation): string | undefined {
  const lone = lonePrimaryOf(situation);
  return (
    lone &&
    `${lone.server.address} ${lonePrimary(lone.silent)}. Start ${names(lone.silent)}, or run \`${follow(situation, lone.server)}\`.`
  );
}

/** What would change it; undefined: no candidate is such a PRIMARY. */
export function lonePrimaryWouldChange(situation: Situation): readonly string[] | undefined {
  const lone = lonePrimaryOf(situation);
  if (lone === undefined) return undefined;
  const { server, silent } = lone;
  return [
    `An answer from ${names(silent)}: ${silent.length === 1 ? 'it is' : 'they are'} out of the group, or ${server.address} is ${silent.length === 1 ? 'its' : 'their'} primary.`,
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

/** The servers that a statement may close. Servers in a group are opened and closed by the group. */
export const ungrouped = (servers: readonly ServerView[]): readonly ServerView[] =>
  servers.filter((server) => groupNameOf(server) === undefined);

/** Whether the name follows a promotion there: no group, or the published source's group, which runs. */
export const mayFollowItsGroup = (situation: Situation, server: ServerView): boolean =>
  groupNameOf(server) === undefined ||
  (groupNameOf(server) === publishedGroup(situation) && isLeftToGroup(situation, server));

/** What to do about a lost group. Only a person can tell which group shall write. */
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
    `If the group of ${name} is lost, it must be ${startAnewFrom('the member that has most')}. Then the name follows its primary.`,
    ...primaries.map(
      (primary) =>
        `Or make the group of ${primary.address} the primary one by force; then: ${follow(situation, primary)}`,
    ),
  ];
}

/** Whether the published source has a group that no server is heard to be in. */
export const isGroupAway = (situation: Situation): boolean => {
  const group = publishedGroup(situation);
  return (
    group !== undefined &&
    !situation.members.some((member) => groupNameOf(member) === group && isLeftToGroup(situation, member))
  );
};
