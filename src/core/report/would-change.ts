/** What would change the decision, with this cluster's names, commands and statements: for people. */

import { closing, electing, follow, forget, thaw } from '../decide/advice.ts';
import { isLeftToGroup } from '../decide/elections.ts';
import type { Situation } from '../decide/situation.ts';
import { type Decision, names } from '../model/decision.ts';
import { formerLimit, ledgerName } from '../model/ledger.ts';
import type { ServerId } from '../model/units.ts';
import type { HoldReason } from '../model/vocabulary.ts';
import { multiPrimaryOf } from '../observe/multi-primary.ts';
import { whyNotWritten } from '../publish/refusals.ts';
import {
  candidateBehind,
  followOneOf,
  minorityView,
  noCandidate,
  others,
  published,
  publishedAlive,
  stranger,
  supersededSource,
  target,
  twoSources,
  unknownSource,
  unproven,
} from './which-source.ts';

type Explanation = (situation: Situation) => readonly string[];

/** One to three short sentences. */
export function wouldChange(situation: Situation, decision: Decision): readonly string[] {
  if (decision.kind === 'hold') return holds[decision.reason](situation);
  return decision.reason === 'steady' ? steady(situation) : inMotion(situation);
}

const holds: Readonly<Record<HoldReason, Explanation>> = {
  'ledger-unknown': unknownLedger,
  'foreign-ledger': ({ settings, ledger }) => [
    `Give one of the two clusters another source.name: in the configuration of this one, or of ${ledger?.cluster ?? 'the other one'}.`,
    `If that cluster is gone for good: delete the TXT RRset of ${ledgerName(settings.source)}, and set adopt: true.`,
  ],
  'foreign-rrset': ({ settings }) => [
    `To take ${settings.source.name} over: set adopt: true under publish in the configuration of this cluster.`,
    `Or delete the RRsets of ${settings.source.name}: then the name is published anew.`,
  ],
  'ledger-lost': lostLedger,
  frozen: (situation) => [
    `${thaw(situation)} lets the name move again. Nothing else does, not even a follow command.`,
  ],
  'unknown-source': unknownSource,
  'two-sources': twoSources,
  'published-source-alive': publishedAlive,
  'minority-view': minorityView,
  'unproven-candidate': unproven,
  'superseded-source': supersededSource,
  stranger,
  settling: (situation) => [
    `Time: the situation must last for settle (${situation.state.settings.watch.settleMs / 1000} s). An answer of ${published(situation)} ends the wait.`,
    `At once, if ${published(situation)} is certainly gone: ${followOneOf(situation, situation.candidates)}`,
  ],
  'no-candidate': noCandidate,
  'candidate-behind': candidateBehind,
  flapping: (situation) => [
    `First find the tools that work against each other. Then ${thaw(situation)} lets the name move by itself again.`,
    `Or name the source: ${follow(situation)}`,
  ],
  'unsafe-address': (situation) => [
    `Clients must reach the address: correct what the host name of ${target(situation)?.address ?? 'that server'} resolves to, or set publish: for it.`,
    ...(situation.publication.decision.sentence.includes('loopback')
      ? ['Loopback addresses are published only with allow_loopback: true.']
      : []),
  ],
  'ledger-full': ledgerFull,
};

/**
 * The ledger is full of former sources, or the hold names a value that does not fit: then no former source
 * helps.
 */
function ledgerFull(situation: Situation): readonly string[] {
  const was = situation.ledger?.was ?? [];
  const { settings } = situation;
  if (was.length < formerLimit)
    return [
      `The value that does not fit must be changed by hand, in the ledger of ${settings.source.name} or on the server.`,
    ];
  return [
    'One of the former sources must become a replica of the source again, and catch up.',
    ...was
      .slice(0, 1)
      .map((former) => `If ${former.address} will not come back: ${forget(situation, former)}`),
  ];
}

/** The update is on its way, unless it was refused. */
function inMotion({ state, publication }: Situation): readonly string[] {
  if (state.settings.mode === 'observe')
    return ['This instance only observes and writes nothing. Set mode: active to let it move the name.'];
  const refused = whyNotWritten(publication);
  const onItsWay =
    'Nothing is needed: the update is on its way. If the servers say something else before it is in the zone, it is called back.';
  return refused.length > 0 ? refused : [onItsWay];
}

function steady(situation: Situation): readonly string[] {
  const source = published(situation);
  const rest = others(situation);
  if (rest.length === 0) return [`Nothing changes it by itself: ${source} is the only server.`];
  const one = rest.length === 1 ? names(rest) : 'one of the others';
  // A command to another server is refused.
  const peers = situation.candidates.filter((candidate) => candidate !== situation.published);
  const byHand = peers.length === 0 ? [] : [`By hand: ${followOneOf(situation, peers)}`];
  if (situation.published?.known?.managed?.kind === 'aurora')
    return [`A failover by the service: it makes ${one} the writer.`, ...byHand];
  if (situation.published && isLeftToGroup(situation, situation.published))
    return [`The group chooses another primary, by itself or by: ${electing('UUID' as ServerId)}`, ...byHand];
  if (multiPrimaryOf(situation.published?.known) !== undefined)
    return [
      `If ${source} no longer writes for its cluster, the name moves to the first of its peers, in configured order.`,
      ...byHand,
    ];
  return [
    `A switchover: first ${source} becomes read-only${situation.published ? ` (${closing(situation.published)})` : ''}. Then ${one} executes all that it lacks, and is promoted.`,
    `A failover: ${source} does not answer, no server replicates from it any more, and ${one} is promoted.`,
    ...byHand,
  ];
}

function unknownLedger({ publication, reading, settings }: Situation): readonly string[] {
  const { failure } = publication.zone;
  const hints = failure?.hint ? [failure.hint] : [];
  if (failure)
    return [`Nameserver ${settings.nameserver} must answer. It is asked again all the time.`, ...hints];
  if (reading === undefined) return [`Nameserver ${settings.nameserver} must answer for the first time.`];
  return [
    `Correct the TXT RRset of ${ledgerName(settings.source)}, or upgrade this instance to the version that wrote the ledger.`,
  ];
}

function lostLedger(situation: Situation): readonly string[] {
  const { publication, state } = situation;
  const source = publication.zone.remembered?.source ?? 'the server that it named';
  return [
    `By itself: when ${source} is writable and replicates from nobody, and the ledger has been lost for fresh_for (${state.settings.watch.freshForMs / 1000} s).`,
    `Or restore a version of the zone that has epoch ${publication.zone.remembered?.epoch ?? '?'}.`,
    `Or name the source: ${follow(situation)}`,
  ];
}
