/** A hold names every other writable server: why it is not chosen, and the command that chooses it. */

import type { Decision } from '../model/decision.ts';
import type { HoldReason } from '../model/vocabulary.ts';
import type { ServerView } from '../observe/topology.ts';
import { advise, closing, follow } from './advice.ts';
import { disqualification } from './candidates.ts';
import { silentBeside } from './elections.ts';
import { lonePrimary } from './group-words.ts';
import { isPromotedOutsideIncident } from './promotion.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from './situation.ts';
import { strongEvidence } from './strong-evidence.ts';
import { wayBack } from './way-back.ts';

/** The zone decides these: no command about a server passes them. */
const ofTheZone: ReadonlySet<HoldReason> = new Set([
  'ledger-unknown',
  'foreign-ledger',
  'foreign-rrset',
  'frozen',
]);
/** No command passes these. */
const ofTheGuards: ReadonlySet<HoldReason> = new Set(['unsafe-address', 'ledger-full']);
const namedAtMost = 4;

/** The hold with one sentence for each writable server for which it has no command yet. */
export function withWritableServers(situation: Situation, decision: Decision): Decision {
  if (decision.kind !== 'hold' || ofTheZone.has(decision.reason) || isFirstLook(situation)) return decision;
  const others = situation.members.filter(
    (member) =>
      member.writable &&
      !isPublished(situation, member) &&
      !decision.sentence.includes(follow(situation, member)),
  );
  if (others.length === 0) return decision;
  const more =
    others.length > namedAtMost
      ? [
          `${others.length - namedAtMost} more ${others.length - namedAtMost === 1 ? 'server is' : 'servers are'} writable.`,
        ]
      : [];
  const clauses = [
    ...others.slice(0, namedAtMost).map((member) => clauseOf(situation, member, decision.reason)),
    ...more,
  ];
  return { ...decision, sentence: [decision.sentence, ...clauses].join(' ') };
}

/** Before the first publication the answers are still arriving. */
const isFirstLook = ({ ledger, members }: Situation): boolean =>
  ledger === undefined && members.some(({ contact }) => contact === 'unobserved');

function clauseOf(situation: Situation, server: ServerView, reason: HoldReason): string {
  const { address } = server;
  const back = wayBack(situation, server);
  if (back !== undefined)
    return `${address} is writable, and nothing is lost when the name goes back to it: ${back}. If it is the source: \`${follow(situation, server)}\`.`;
  // As a command would see it.
  const against = disqualification({ ...situation, command: { server: address, force: false } }, server);
  const mayBeForced =
    against !== undefined && (isSuperseded(situation, server) || !belongsToLine(situation, server));
  const said =
    against === undefined
      ? ` (${proofWords(situation, server)})`
      : `, but ${against}${mayBeForced ? ', so its data may be wrong' : ''}`;
  // Servers that lose nothing may be there: `explain` has the forced command.
  if (isSuperseded(situation, server))
    return `${address} is writable${said}. Close it (on ${address}: \`${closing(server)}\`), then: \`${advise(situation)}\`.`;
  if (ofTheGuards.has(reason) || (against !== undefined && !mayBeForced))
    return `${address} is writable${said}.`;
  // Only a forced command passes this guard.
  const isForced = mayBeForced || reason === 'candidate-behind';
  return `${address} is writable${said}. If it is the source${isForced ? ' nevertheless' : ''}: \`${follow(situation, server, isForced)}\`.`;
}

/** The evidence for a writable server, or that there is none. */
export function proofWords(situation: Situation, server: ServerView): string {
  const proof = strongEvidence(situation, server);
  if (proof.length > 0) return proof.join('; ');
  const silent = silentBeside(situation, server);
  if (silent !== undefined) return `it ${lonePrimary(silent)}`;
  const source = situation.published;
  return source && isPromotedOutsideIncident(source, server)
    ? `its promotion proves nothing: ${source.lostAskedAt === undefined ? `${source.address} is not lost` : `it came before ${source.address} was lost, or nobody knows which came first`}`
    : 'nothing shows that it was promoted';
}
