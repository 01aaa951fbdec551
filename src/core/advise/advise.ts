/** Chooses the procedure: by what the reader asks for, else the most urgent one. */

import { groupNameOf, publishedGroup } from '../decide/elections.ts';
import { errantGtids } from '../decide/rejoin.ts';
import { waysToSource } from '../decide/replica-lag.ts';
import { isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { countGtids, restrict } from '../gtid/gtid.ts';
import { emptyGtidSet } from '../gtid/gtid-set.ts';
import { names } from '../model/decision.ts';
import { isOwnOrigin } from '../model/observation.ts';
import type { Advice, AdviceAim, Wish } from '../model/procedure.ts';
import { arePeers } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';
import { groupAdvice } from './group.ts';
import { promoteAdvice } from './lost-source.ts';
import { isOfCluster, mayWrite } from './promotion.ts';
import { inDoubt, refused } from './refusals.ts';
import { rejoinAdvice } from './rejoin.ts';
import { removalAdvice } from './removal.ts';
import { galeraAdvice, managedAdvice } from './services.ts';
import { sourceAdvice } from './switchover.ts';

/** Pure: nothing is executed, and nothing is remembered. */
export function advise(decided: Situation, { aim, server: address }: Wish): Advice {
  const situation = withSource(decided);
  const named = situation.topology.servers.find((server) => server.address === address);
  if (address !== undefined && named === undefined)
    return refused('unsuitable', `${address} is not a server of this cluster.`);
  if (situation.members.every(({ facts, contact }) => facts === undefined && contact !== 'alive'))
    return refused(
      'no-answer',
      'No server of this cluster answers us, so nobody can tell what must be done. See whether this machine reaches them, and ask again from a machine that does.',
    );
  const wanted = named?.sameAs === undefined ? named : memberOf(situation, named.sameAs);
  const chosen = choose(situation, aim, wanted);
  return 'kind' in chosen ? chosen : adviceFor(situation, chosen);
}

/** While nothing is published (`mode: observe`): the server to which the name would point. */
function withSource(situation: Situation): Situation {
  const { decision } = situation.publication;
  return situation.ledger !== undefined || decision.kind === 'hold'
    ? situation
    : { ...situation, published: memberOf(situation, decision.source) };
}

const memberOf = ({ members }: Situation, address: string): ServerView | undefined =>
  members.find((member) => member.address === address);

interface Choice {
  readonly aim: AdviceAim;
  /** Undefined for a promotion: the most advanced server. */
  readonly server: ServerView | undefined;
}

function choose(
  situation: Situation,
  aim: AdviceAim | undefined,
  server: ServerView | undefined,
): Choice | Advice {
  if (aim === undefined) return server === undefined ? mostUrgent(situation) : fitting(situation, server);
  if (server !== undefined || aim === 'promote') return { aim, server };
  const only = onlyFor(situation, aim);
  return only === undefined
    ? refused('unsuitable', `Name the server: --to ${aim} --server SERVER`)
    : { aim, server: only };
}

/** Undefined: more than one server may be meant. */
function onlyFor(situation: Situation, aim: AdviceAim): ServerView | undefined {
  const rest = situation.members.filter((member) => !isPublished(situation, member));
  if (aim === 'rejoin') return rest.find((member) => isAway(situation, member));
  const { published } = situation;
  if (aim === 'source' && published?.facts !== undefined && !published.writable) return published;
  return aim === 'source' && rest.length === 1 ? rest[0] : undefined;
}

/** It answers, and gets nothing from the source; or it is a former source that has not rejoined. */
function isAway(situation: Situation, member: ServerView): boolean {
  const { published, members } = situation;
  if (isPublished(situation, member) || member.facts === undefined) return false;
  if (isSuperseded(situation, member)) return true;
  return !(published && arePeers(members, published, member)) && !waysToSource(situation).has(member.address);
}

function mostUrgent(situation: Situation): Choice | Advice {
  const doubt = inDoubt(situation);
  if (doubt !== undefined) return doubt;
  const { published, members } = situation;
  if (published !== undefined && !published.writable)
    return published.facts === undefined
      ? { aim: 'promote', server: undefined }
      : { aim: 'source', server: published };
  const back = members.find((member) => isAway(situation, member));
  if (back !== undefined) return { aim: 'rejoin', server: back };
  const unwell = members.find((member) => isUnwell(situation, member));
  if (unwell !== undefined) return { aim: 'rejoin', server: unwell };
  return {
    kind: 'nothing',
    sentence: `${published?.address} is the source, and every server that answers gets its data.${rest(situation)} For a change on purpose: --to source, --to remove`,
  };
}

/** It replicates, and it is writable or has transactions of its own. */
function isUnwell(situation: Situation, member: ServerView): boolean {
  const { published, members } = situation;
  if (published === undefined || isPublished(situation, member) || member.facts === undefined) return false;
  if (arePeers(members, published, member) || isOfItsGroup(situation, member)) return false;
  const errant = errantGtids(situation, published, member) ?? emptyGtidSet;
  // A replica of a replica may have got writes of the source since the source answered.
  const own = restrict(errant, (origin) => !published.known || !isOwnOrigin(published.known, origin));
  return mayWrite(situation, member) || countGtids(own) > 0;
}

/** What is not well although every server gets the data. */
function rest(situation: Situation): string {
  const { published, members, state } = situation;
  const hidden = members.filter(({ facts }) => facts === undefined);
  const ring = published?.known?.channels.find((channel) => isOfCluster(situation, published, channel));
  return [
    ...(hidden.length === 0
      ? []
      : [
          ` Nobody knows the state of ${names(hidden)}: source-dns status ${state.settings.cluster} says why.`,
        ]),
    ...(ring === undefined
      ? []
      : [
          ` But ${published?.address} itself has a channel from ${ring.sourceAddress}: this is a ring, or is left from an earlier role. source-dns explain ${state.settings.cluster} says what it does.`,
        ]),
  ].join('');
}

/** What a reader most likely wants with that server now. */
function fitting(situation: Situation, server: ServerView): Choice {
  const { published } = situation;
  const isLost = published !== undefined && published.facts === undefined;
  if (isPublished(situation, server))
    return isLost ? { aim: 'promote', server: undefined } : { aim: 'source', server };
  if (isLost) return { aim: 'promote', server };
  if (server.facts === undefined || isAway(situation, server)) return { aim: 'rejoin', server };
  return { aim: 'source', server };
}

function adviceFor(situation: Situation, { aim, server }: Choice): Advice {
  const { published } = situation;
  const about = server ?? published;
  if (about?.known?.managed !== undefined) return managedAdvice(situation, aim, about);
  if (about?.known?.wsrep !== undefined) return galeraAdvice(situation, aim, about);
  if (about !== undefined && isOfItsGroup(situation, about)) return groupAdvice(situation, aim, about);
  if (aim === 'promote') return promoteAdvice(situation, server);
  if (server === undefined) return refused('unsuitable', 'Name the server: --server SERVER');
  switch (aim) {
    case 'rejoin':
      return rejoinAdvice(situation, server);
    case 'source':
      return sourceAdvice(situation, server);
    case 'remove':
      return removalAdvice(situation, server);
  }
}

const isOfItsGroup = (situation: Situation, server: ServerView): boolean =>
  groupNameOf(server) !== undefined && groupNameOf(server) === publishedGroup(situation);
