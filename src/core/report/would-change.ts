/** What would change the decision, with this cluster's names and the very command or statement where one is known: for people, nothing decides on it. */

import { closing, follow, forget, thaw } from '../decide/advice.ts';
import { isLeftToGroup } from '../decide/elections.ts';
import type { Situation } from '../decide/situation.ts';
import { type Decision, names } from '../model/decision.ts';
import { ledgerName } from '../model/ledger.ts';
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
    `Give one of the two clusters another name: source.name in the configuration of this one, or of ${ledger?.cluster ?? 'the other one'}.`,
    `Where that cluster is gone for good: delete the TXT RRset of ${ledgerName(settings.source)}, and set adopt: true.`,
  ],
  'foreign-rrset': ({ settings }) => [
    `adopt: true under publish in the configuration of this cluster takes ${settings.source.name} over.`,
    `Or delete the RRsets of ${settings.source.name}: then it is published anew.`,
  ],
  'ledger-lost': lostLedger,
  frozen: (situation) => [`${thaw(situation)} lets it move again; nothing else does, not even a command.`],
  'unknown-source': unknownSource,
  'two-sources': twoSources,
  'published-source-alive': publishedAlive,
  'minority-view': minorityView,
  'unproven-candidate': unproven,
  'superseded-source': supersededSource,
  stranger,
  settling: (situation) => [
    `Time: it must last for settle, ${situation.state.settings.watch.settleMs / 1000} s. An answer of ${published(situation)} ends it.`,
    `At once, if ${published(situation)} is gone for certain: ${followOneOf(situation, situation.candidates)}`,
  ],
  'no-candidate': noCandidate,
  'candidate-behind': candidateBehind,
  flapping: (situation) => [
    `${thaw(situation)} lets it move by itself again, once the tools that fight are found.`,
    `Or name the source: ${follow(situation)}`,
  ],
  'unsafe-address': (situation) => [
    `An address that clients can reach: mend what the host name of ${target(situation)?.address ?? 'that server'} resolves to, or set publish: for it.`,
    ...(situation.publication.decision.sentence.includes('loopback')
      ? ['Loopback addresses are published only with allow_loopback: true.']
      : []),
  ],
  'ledger-full': (situation) => [
    'One former source less: one of them becomes a replica of the source again, and catches up.',
    ...(situation.ledger?.was ?? [])
      .slice(0, 1)
      .map((former) => `One that will not come back: ${forget(situation, former)}`),
  ],
};

/** The update that does it is on its way, unless something stands in its way. */
function inMotion({ state, publication }: Situation): readonly string[] {
  if (state.settings.mode === 'observe')
    return ['This instance only observes and writes nothing: mode: active lets it move the name.'];
  const refused = whyNotWritten(publication);
  const onItsWay =
    'Nothing is needed: the update is on its way. Until it is in the zone, a change of what the servers say calls it back.';
  return refused.length > 0 ? refused : [onItsWay];
}

function steady(situation: Situation): readonly string[] {
  const source = published(situation);
  const rest = others(situation);
  if (rest.length === 0) return [`Nothing by itself: ${source} is the only server.`];
  const one = rest.length === 1 ? names(rest) : 'one of the others';
  // A server that could not be the source is refused.
  const peers = situation.candidates.filter((candidate) => candidate !== situation.published);
  const byHand = peers.length === 0 ? [] : [`By hand: ${followOneOf(situation, peers)}`];
  if (situation.published?.known?.managed?.kind === 'aurora')
    return [`A failover by the service: it makes ${one} the writer.`, ...byHand];
  if (situation.published && isLeftToGroup(situation, situation.published))
    return [
      "The group's choice of another primary, by itself or by: SELECT group_replication_set_as_primary('UUID')",
      ...byHand,
    ];
  if (multiPrimaryOf(situation.published?.known) !== undefined)
    return [
      `${source} no longer writes for its cluster: then the first of its peers, in configured order.`,
      ...byHand,
    ];
  return [
    `A switchover: first ${source} becomes read-only${situation.published ? ` (${closing(situation.published)})` : ''}, then ${one} executes all that it lacks, and is promoted.`,
    `A failover: ${source} does not answer, nobody replicates from it any more, and ${one} is promoted.`,
    ...byHand,
  ];
}

function unknownLedger({ publication, reading, settings }: Situation): readonly string[] {
  const { failure: readFailure } = publication.zone;
  const hints = readFailure?.hint ? [readFailure.hint] : [];
  if (readFailure)
    return [`An answer of nameserver ${settings.nameserver}: it is asked again all the time.`, ...hints];
  if (reading === undefined) return [`The first answer of nameserver ${settings.nameserver}.`];
  return [
    `Upgrade this instance to the version that wrote the ledger, or mend the TXT RRset of ${ledgerName(settings.source)}.`,
  ];
}

function lostLedger(situation: Situation): readonly string[] {
  const { publication, state } = situation;
  const source = publication.zone.remembered?.source ?? 'the server that it named';
  return [
    `By itself: once ${source} is writable, replicates from nobody, and the loss has lasted for fresh_for (${state.settings.watch.freshForMs / 1000} s).`,
    `Or restore the zone from where epoch ${publication.zone.remembered?.epoch ?? '?'} is in it.`,
    `Or name the source: ${follow(situation)}`,
  ];
}
