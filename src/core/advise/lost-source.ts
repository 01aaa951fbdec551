/** The source is lost: the most advanced replica is promoted now (manual 19.4.8). */

import { advise as adviseCommand, rebuilding } from '../decide/advice.ts';
import { lacksOf, receivedBy } from '../decide/ahead.ts';
import { countOf, lackWords, plural } from '../decide/lack.ts';
import { isSuperseded, type Situation } from '../decide/situation.ts';
import { countGtids, subtract } from '../gtid/gtid.ts';
import type { Advice, Check, Procedure } from '../model/procedure.ts';
import type { ServerView } from '../observe/topology.ts';
import { areByGtids, isAtPlace } from './checks.ts';
import { couldBePromoted, mayWrite, promotionOf } from './promotion.ts';
import { inDoubt, type Refused, refused, writesElsewhere } from './refusals.ts';
import {
  beyondOf,
  followersOf,
  repointSteps,
  sortedFollowers,
  stopReceivers,
  unlistedSteps,
} from './repoint.ts';
import {
  closeStep,
  detachStep,
  executeStep,
  fitStep,
  inShell,
  isTold,
  mendSteps,
  openStep,
  ownChannel,
  statusStep,
  type Told,
  undelaySteps,
  writePlaceStep,
} from './steps.ts';
import { foreignWarnings, sourceWarnings } from './warnings.ts';

/** `wanted`: the reader's choice; absent: the most advanced one. */
export function promoteAdvice(situation: Situation, wanted: ServerView | undefined): Advice {
  const { published } = situation;
  const doubt = inDoubt(situation) ?? alive(situation) ?? formerWriter(situation);
  if (doubt !== undefined || published === undefined) return doubt ?? { kind: 'nothing', sentence: '' };
  const chosen = wanted ?? mostAdvanced(situation);
  if (chosen === undefined)
    return refused(
      'unsuitable',
      `No server that answers can be promoted: source-dns explain ${situation.state.settings.cluster} says why.`,
    );
  const promotion = promotionOf(situation, chosen);
  if (promotion === undefined || !isTold(chosen))
    return chosen.writable
      ? {
          kind: 'nothing',
          sentence: `${chosen.address} is writable already. If it is the source: source-dns follow ${situation.state.settings.cluster} ${chosen.address}`,
        }
      : refused(
          'unsuitable',
          `${chosen.address} cannot be promoted: source-dns explain ${situation.state.settings.cluster} says why.`,
        );
  if (promotion.kind === 'stale')
    return refused(
      'unsuitable',
      `Do not promote ${chosen.address}: it is a former source, and its data may be stale.`,
    );
  if (promotion.kind === 'obstacle')
    return refused('source-alive', `Do not promote ${chosen.address} now: ${promotion.because}.`);
  return {
    kind: 'procedures',
    aim: 'promote',
    server: chosen.address,
    procedures: [procedureOf(situation, published, { ...promotion, chosen })],
  };
}

/** A source that answers still has all its data: a promotion without it would lose what no replica has. */
function alive({ published, state }: Situation): Refused | undefined {
  if (published === undefined) return undefined;
  const { address, facts, servesNobody, writable } = published;
  const { cluster } = state.settings;
  const switchover = `For a switchover without loss: source-dns advise ${cluster} --to source --server SERVER`;
  if (servesNobody)
    return refused(
      'source-alive',
      `The source ${address} lives, and lets no client in. It has all its data: end this (SET GLOBAL offline_mode = OFF) instead of a promotion.`,
    );
  if (facts === undefined) return undefined;
  return writable
    ? refused(
        'source-alive',
        `The source ${address} answers, and takes writes: do not promote another server. ${switchover}`,
      )
    : refused(
        'source-alive',
        `The source ${address} answers, and takes no writes. It has all its data. To open it again: source-dns advise ${cluster} --to source --server ${address}. ${switchover}`,
      );
}

/** A former source that takes writes would be a second source. It is not the way: its writes are its own. */
function formerWriter(situation: Situation): Refused | undefined {
  const former = situation.members.find(
    (member) => isSuperseded(situation, member) && mayWrite(situation, member),
  );
  if (!isTold(former)) return undefined;
  const { address } = former;
  return {
    ...refused(
      'former-source-writable',
      `${address} is a former source, and takes writes. First close it, then ask again: ${adviseCommand(situation)}`,
    ),
    first: closeStep(former, `Close ${address}.`),
  };
}

/** What it has executed and received counts; of equal ones the first in configured order. */
function mostAdvanced(situation: Situation): ServerView | undefined {
  const could = situation.members.filter(
    (member) => member !== situation.published && couldBePromoted(situation, member),
  );
  const lacking = (server: ServerView): number => {
    const received = lacksOf(situation, server)?.received;
    return received ? (received.transactions ?? received.bytes ?? Number.POSITIVE_INFINITY) : 0;
  };
  const least = Math.min(...could.map(lacking));
  return could.find((server) => lacking(server) === least);
}

type Chosen = Extract<ReturnType<typeof promotionOf>, { readonly kind: 'parts' }> & { readonly chosen: Told };

function procedureOf(situation: Situation, old: ServerView, { chosen, channels, open }: Chosen): Procedure {
  const followers = followersOf(situation, old, chosen);
  const { fit, apart } = sortedFollowers(situation, chosen, followers, (replica) =>
    beyondOf(situation, chosen, replica),
  );
  const byGtids = areByGtids(chosen.known);
  const end = ownChannel(situation, chosen)?.received;
  const atEnd = (replica: Told, name: string): Check | undefined =>
    end && isAtPlace(replica.known, name, end);
  return {
    title: `Promote ${chosen.address} now: the source ${old.address} is lost`,
    why: `${rankOf(situation, chosen)} ${lossOf(situation, old, chosen)}`,
    preconditions: [
      `${old.address} does not answer us, and no server that answers replicates from it.`,
      'More than half of the other servers answer.',
      ...writesElsewhere(situation, [old, chosen]),
    ],
    steps: [
      inShell(
        `Make sure that ${old.address} takes no writes any more: end its mysqld, and keep it from starting again, or cut it off the network. We cannot see that for you.`,
      ),
      ...channels.flatMap(({ channel }) => undelaySteps(chosen, channel)),
      ...stopReceivers(situation, [chosen, ...followers]),
      ...unlistedSteps(situation, old),
      fitStep(chosen, ownChannel(situation, chosen)),
      ...channels.flatMap((part) => [
        ...mendSteps(chosen, part.channel),
        ...(part.waiting === undefined ? [] : [executeStep(chosen, part)]),
        ...(part.stays
          ? []
          : [detachStep(chosen, part.channel, `Detach ${chosen.address} from the lost source.`)]),
      ]),
      ...(byGtids ? [] : [writePlaceStep(chosen)]),
      ...(open === ''
        ? []
        : [
            openStep(
              chosen,
              `Open ${chosen.address}. From here on there is no way back without a loss.`,
              open,
            ),
          ]),
      statusStep(situation, `Look whether the name follows: ${chosen.address} is the source.`),
      ...repointSteps(situation, chosen, fit, atEnd),
      ...apart,
      statusStep(situation, `Look whether all servers replicate from ${chosen.address}.`),
    ],
    warnings: [
      `When ${old.address} comes back, it may have transactions that no other server has. It must not be opened: source-dns advise ${situation.state.settings.cluster} --to rejoin --server ${old.address}`,
      ...aheadWarnings(situation, chosen),
      ...channels.flatMap(({ channel: { applierError } }) =>
        applierError === undefined
          ? []
          : [
              `The applier of ${chosen.address} is stopped by an error (${applierError}). First mend this, or promote another server: what waits behind the error is lost by the step that detaches.`,
            ],
      ),
      ...foreignWarnings(situation, chosen),
      ...sourceWarnings(situation, chosen),
    ],
  };
}

function rankOf(situation: Situation, chosen: Told): string {
  const ahead = lacksOf(situation, chosen)?.received;
  return ahead
    ? `${ahead.server} has executed or received more than ${chosen.address}.`
    : `No server that answers has executed and received more than ${chosen.address}.`;
}

/** Only what the source told at its last answer is known: it may have committed more since. */
function lossOf(situation: Situation, { known, address }: ServerView, chosen: Told): string {
  const unknown = `What ${address} committed, and no replica received, is lost`;
  const own = receivedBy(chosen.known);
  if (known === undefined) return `${unknown}. We never saw what it had executed, so we cannot count it.`;
  if (known.gtidExecuted === undefined || own === undefined || !areByGtids(known, chosen.known))
    return `${unknown}. Without GTIDs nobody can count it.`;
  const missing = countGtids(subtract(known.gtidExecuted, own));
  // What it has received it executes before it is opened.
  const ahead = { executed: null, received: lacksOf(situation, chosen)?.received ?? null };
  const said = countOf(ahead) > 0 ? ` It lacks ${lackWords(ahead)}.` : '';
  return missing === 0
    ? `It has all that ${address} had executed at its last answer.${said} ${unknown}: nobody can count what came after that answer.`
    : `AT LEAST ${plural(missing)} of ${address} would be lost: it had executed them at its last answer, and ${chosen.address} has not received them.${said}`;
}

/** A server that may not be promoted can be ahead: its transactions can still be saved. */
function aheadWarnings(situation: Situation, chosen: Told): readonly string[] {
  const ahead = lacksOf(situation, chosen)?.received;
  return ahead
    ? [
        `${ahead.server} has more than ${chosen.address}. To lose nothing, promote that server, or first make ${chosen.address} its replica until both have the same. Else ${ahead.server} has transactions of its own afterwards: ${rebuilding(chosen.known, chosen.address)}.`,
      ]
    : [];
}
