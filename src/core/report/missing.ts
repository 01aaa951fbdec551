/** What a server lacks to be a candidate (rule 7), one condition after the other. How to promote it by hand, and whether that is safe now: promote-by-hand.ts. */

import { follow, joining, opening, restarting, startAnewFrom } from '../decide/advice.ts';
import { bindingsOf, disqualification } from '../decide/candidates.ts';
import { leadsRound, writableInCircle } from '../decide/circles.ts';
import { isLeftToGroup, isOutOfGroup, isSecondary } from '../decide/elections.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { wayBack } from '../decide/way-back.ts';
import type { Wsrep } from '../model/observation.ts';
import { outsideMajority } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';

/** Each reads on from "would be a candidate if". Empty: it is one. */
export function missingOf(situation: Situation, server: ServerView): readonly string[] {
  // Whatever else it lacks: nothing is published to a server that was only discovered.
  if (server.discovered !== undefined) return ['it were among the servers of the configuration'];
  if (server.sameAs !== undefined)
    return [`it were a server of its own: it is ${server.sameAs}, which is counted by that address`];
  if (disqualification(situation, server) === undefined) return [];
  const conditions = [
    ...answering(situation, server),
    ...ofMajority(server),
    ...eligible(situation, server),
    ...detached(situation, server),
    ...writable(situation, server),
  ];
  // Whatever a rule may ask for that is not known here.
  return conditions.length > 0
    ? conditions
    : [`it were not so that it ${disqualification(situation, server)}`];
}

function answering(situation: Situation, server: ServerView): readonly string[] {
  const { contact, servesNobody, known } = server;
  if (contact === 'reachable') return [];
  if (servesNobody && known?.wsrep) return ['it let clients in (wsrep_ready)'];
  if (servesNobody) {
    // To let clients in again is to open it.
    const isSafe =
      isPublished(situation, server) &&
      !situation.members.some((other) => other !== server && other.writable);
    return [`it let clients in (${isSafe ? 'SET GLOBAL offline_mode = OFF' : 'offline_mode'})`];
  }
  return [contact === 'alive' ? 'it let us in' : 'it answered'];
}

function writable(situation: Situation, server: ServerView): readonly string[] {
  const { known, writable: is } = server;
  // Its group makes its primary writable; who does it by hand elects nobody.
  if (known === undefined || is || isSecondary(server)) return [];
  if (known.managed?.kind === 'aurora') return ['the service made it the writer'];
  // Opened by hand, it would write beside its group.
  if (isOutOfGroup(server)) return [isLeftToGroup(situation, server) ? joined(server) : startedAnew];
  return [...(opening(known) === '' ? [] : ['it were writable']), ...restarting(known)];
}

const joined = ({ id, known }: ServerView): string =>
  `it were in its group (${joining(known)}), and its primary: SELECT group_replication_set_as_primary('${id}')`;

const startAnew = startAnewFrom('the member that has most');

/** By a statement only while somebody is heard to be in the group. */
const elected = (situation: Situation, server: ServerView): string =>
  isLeftToGroup(situation, server)
    ? `its group made it the primary: SELECT group_replication_set_as_primary('${server.id}')`
    : `its group made it the primary; a group that is lost must be ${startAnew}`;

const startedAnew = `its group were ${startAnew}, and this were its primary`;

/** Of a cluster in which every member of the majority may write. */
function ofMajority({ known }: ServerView): readonly string[] {
  if (known === undefined || outsideMajority(known) === undefined) return [];
  return [
    known.wsrep
      ? `its Galera node were ${nodeWords(known.wsrep)}`
      : 'it were ONLINE in its group, in the part that has the majority',
  ];
}

function nodeWords({ primaryComponent, ready, closed }: Wsrep): string {
  const words = [
    primaryComponent ? '' : 'in the primary component',
    ready ? '' : 'ready (wsrep_ready)',
    closed ? 'open (wsrep_on, wsrep_reject_queries, pxc_maint_mode)' : '',
  ];
  return words.filter((text) => text !== '').join(' and ');
}

function eligible(situation: Situation, server: ServerView): readonly string[] {
  const source = situation.published?.address ?? 'the source';
  return [
    ...(server.settings.candidate === 'never' ? ['its configuration said candidate: auto'] : []),
    ...(server.duplicate
      ? [
          'no other server had its UUID: of the one whose data folder is the copy remove auto.cnf, and restart that one',
        ]
      : []),
    ...(isSecondary(server) ? [elected(situation, server)] : []),
    ...(isSuperseded(situation, server)
      ? wayBack(situation, server) !== undefined
        ? [`the name went back to it by command: ${follow(situation, server)}`]
        : [`it had rejoined, as a replica of ${source} without transactions of its own`]
      : []),
    ...(belongsToLine(situation, server) || isSuperseded(situation, server)
      ? []
      : [`it belonged to the line: a replica of ${source} that has its data`]),
  ];
}

/** A channel that leads round is what makes the circle: it stays. There one server writes at a time. */
function detached(situation: Situation, server: ServerView): readonly string[] {
  if (server.known === undefined) return [];
  const bound = bindingsOf(situation, server);
  const straight = bound.filter(({ member }) => !leadsRound(situation, server, member));
  const writers = straight.length < bound.length ? writableInCircle(situation, server) : [];
  return [
    ...straight.map(({ channel, member }) => `it were no replica of ${member ?? channel.sourceAddress}`),
    ...writers.map(({ address }) => `${address}, which writes in the same circle, were read-only`),
  ];
}
