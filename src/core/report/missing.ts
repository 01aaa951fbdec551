/** Why a server is not a candidate (rule 7). How to promote it by hand: promote-by-hand.ts. */

import { electing, follow, joining, opening, restarting, startAnewFrom } from '../decide/advice.ts';
import { bindingsOf, disqualification } from '../decide/candidates.ts';
import { leadsRound, writableInCircle } from '../decide/circles.ts';
import { isLeftToGroup, isOutOfGroup, isSecondary } from '../decide/elections.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from '../decide/situation.ts';
import { wayBack } from '../decide/way-back.ts';
import type { Wsrep } from '../model/observation.ts';
import { outsideMajority } from '../observe/multi-primary.ts';
import type { ServerView } from '../observe/topology.ts';

/** Each follows "not a candidate:". Empty: it is a candidate. */
export function missingOf(situation: Situation, server: ServerView): readonly string[] {
  // The name never moves to a server that was only discovered: this says enough.
  if (server.discovered !== undefined) return ['it is not in the configuration'];
  if (server.sameAs !== undefined)
    return [`it is the server ${server.sameAs}, and is counted under that address`];
  if (disqualification(situation, server) === undefined) return [];
  const conditions = [
    ...answering(situation, server),
    ...ofMajority(server),
    ...eligible(situation, server),
    ...detached(situation, server),
    ...writable(situation, server),
  ];
  // A condition that is not listed above.
  return conditions.length > 0 ? conditions : [`it ${disqualification(situation, server)}`];
}

function answering(situation: Situation, server: ServerView): readonly string[] {
  const { contact, servesNobody, known } = server;
  if (contact === 'reachable') return [];
  if (servesNobody && known?.wsrep) return ['it lets no clients in (wsrep_ready)'];
  if (servesNobody) {
    // This statement opens the server, so no other server may be writable.
    const isSafe =
      isPublished(situation, server) &&
      !situation.members.some((other) => other !== server && other.writable);
    return [`it lets no clients in (${isSafe ? 'SET GLOBAL offline_mode = OFF' : 'offline_mode'})`];
  }
  if (contact === 'alive') return ['it does not let us in'];
  return [contact === 'unobserved' ? 'it has not answered yet' : 'it does not answer'];
}

function writable(situation: Situation, server: ServerView): readonly string[] {
  const { known, writable: is } = server;
  // A group makes its primary writable. A statement on a secondary does not elect it.
  if (known === undefined || is || isSecondary(server)) return [];
  if (known.managed?.kind === 'aurora') return ['the service has not made it the writer'];
  // If it were opened by hand, it would write beside its group.
  if (isOutOfGroup(server)) return [isLeftToGroup(situation, server) ? joined(server) : startedAnew];
  return [...(opening(known) === '' ? [] : ['it is not writable']), ...restarting(known)];
}

const joined = ({ id, known }: ServerView): string =>
  `it is not in its group (${joining(known)}), and not its primary: ${electing(id)}`;

const startAnew = startAnewFrom('the member that has most');

/** A statement works only while some member is in the group. */
const elected = (situation: Situation, server: ServerView): string =>
  isLeftToGroup(situation, server)
    ? `it is not the primary of its group: ${electing(server.id)}`
    : `it is not the primary of its group: if the group is lost, it must be ${startAnew}`;

const startedAnew = `it is not in its group: the group must be ${startAnew}, and make this server its primary`;

/** For a cluster in which every member of the majority may write. */
function ofMajority({ known }: ServerView): readonly string[] {
  if (known === undefined || outsideMajority(known) === undefined) return [];
  return [
    known.wsrep
      ? `its Galera node is ${nodeWords(known.wsrep)}`
      : 'it is not ONLINE in the part of its group that has the majority',
  ];
}

function nodeWords({ primaryComponent, ready, closed }: Wsrep): string {
  const words = [
    primaryComponent ? '' : 'not in the primary component',
    ready ? '' : 'not ready (wsrep_ready)',
    closed ? 'closed (wsrep_on, wsrep_reject_queries, pxc_maint_mode)' : '',
  ];
  return words.filter((text) => text !== '').join(' and ');
}

function eligible(situation: Situation, server: ServerView): readonly string[] {
  const source = situation.published?.address ?? 'the source';
  return [
    ...(server.settings.candidate === 'never' ? ['its configuration says candidate: never'] : []),
    ...(server.duplicate
      ? [
          'another server has its UUID: on the server with the copied data folder, remove auto.cnf and restart',
        ]
      : []),
    ...(isSecondary(server) ? [elected(situation, server)] : []),
    ...(isSuperseded(situation, server)
      ? wayBack(situation, server) !== undefined
        ? [`it is a former source: to move the name back, ${follow(situation, server)}`]
        : [`it has not rejoined, as a replica of ${source} without transactions of its own`]
      : []),
    ...(belongsToLine(situation, server) || isSuperseded(situation, server)
      ? []
      : [`it does not belong to the line: it must be a replica of ${source} that has the source's data`]),
  ];
}

/** Channels of a circle stay: there one server writes at a time. */
function detached(situation: Situation, server: ServerView): readonly string[] {
  if (server.known === undefined) return [];
  const bound = bindingsOf(situation, server);
  const straight = bound.filter(({ member }) => !leadsRound(situation, server, member));
  const writers = straight.length < bound.length ? writableInCircle(situation, server) : [];
  return [
    ...straight.map(({ channel, member }) => `it is a replica of ${member ?? channel.sourceAddress}`),
    ...writers.map(({ address }) => `${address} writes in the same circle: it must be read-only`),
  ];
}
