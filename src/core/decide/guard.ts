/** The guards: what may stop a move that a rule decided. */

import { type Decision, hold, holdWhileAsking, names } from '../model/decision.ts';
import { fits, formerLimit, highestEpoch } from '../model/ledger.ts';
import type { ServerId } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { candidateLacks } from './ahead.ts';
import { moveForm } from './form.ts';
import { lackWords } from './lack.ts';
import { unobserved } from './rivals.ts';
import { isPublished, type Situation, tellsItsState } from './situation.ts';
import { mayBeUnlisted } from './unlisted.ts';

/** The decision, or the hold that stops its move. */
export function guard(situation: Situation, decision: Decision): Decision {
  if (decision.kind === 'hold') return decision;
  const target = situation.members.find((member) => member.address === decision.source);
  if (target === undefined || (isPublished(situation, target) && situation.ledger !== undefined))
    return decision;
  const automatic = situation.command === undefined;
  return (
    tooManyFormer(situation) ??
    noRoom(situation, target) ??
    unsafeAddress(situation, target) ??
    (automatic
      ? (flapping(situation) ?? outdated(situation, target) ?? mayBeUnlisted(situation))
      : undefined) ??
    (situation.command?.force ? undefined : behind(situation, target)) ??
    decision
  );
}

function tooManyFormer({ ledger }: Situation): Decision | undefined {
  if (ledger === undefined || ledger.was.length < formerLimit) return undefined;
  return hold(
    'ledger-full',
    `${ledger.was.length} former sources have not rejoined (${ledger.was.map((former) => former.address).join(', ')}); the ledger has no room for another.`,
  );
}

/** What cannot be read again is not written. Configuration and prober allow no such values. */
function noRoom({ ledger, publication }: Situation, target: ServerView): Decision | undefined {
  const epoch = Math.max(ledger?.epoch ?? 0, publication.zone.remembered?.epoch ?? 0);
  if (epoch >= highestEpoch)
    return hold(
      'ledger-full',
      `Epoch ${epoch} is the highest that a ledger can hold: somebody wrote it by hand.`,
    );
  const uuid = target.id ?? ('-' as ServerId);
  return fits({ uuid, address: target.address })
    ? undefined
    : hold('ledger-full', `The identity or the address of ${target.address} is too long for the ledger.`);
}

/** Another instance moved the name after these answers: old answers must not move it back. */
function outdated(
  { publication, published, ledger, state }: Situation,
  target: ServerView,
): Decision | undefined {
  const { movedElsewhereAt } = publication.zone;
  if (movedElsewhereAt === undefined) return undefined;
  const known = [target, ...(published && tellsItsState(published) ? [published] : [])];
  const saidAt = (server: ServerView) =>
    server.servesNobody ? state.servers.get(server.address)?.latest?.at : server.observedAt;
  const old = known.filter((server) => (saidAt(server) ?? movedElsewhereAt) <= movedElsewhereAt);
  if (old.length === 0) return undefined;
  return holdWhileAsking(
    `${names(old)} ${old.length === 1 ? 'has' : 'have'} not been observed since ${ledger?.by ?? 'another instance'} moved the name.`,
  );
}

function unsafeAddress(situation: Situation, target: ServerView): Decision | undefined {
  const form = moveForm(situation, target);
  return 'unsafe' in form ? hold('unsafe-address', `${target.address} ${form.unsafe}.`) : undefined;
}

function flapping({ publication, state }: Situation): Decision | undefined {
  if (!publication.limits.flapping) return undefined;
  const { maxMoves, maxMovesWindowMs } = state.settings.watch;
  return hold(
    'flapping',
    `The name moved ${maxMoves} times within ${maxMovesWindowMs / 60_000} minutes. Thaw it, or name the source with follow.`,
  );
}

function behind(situation: Situation, target: ServerView): Decision | undefined {
  if (situation.state.settings.gtidGuard !== 'hold') return undefined;
  const waiting = situation.command === undefined ? unobserved(situation) : [];
  if (waiting.length > 0)
    return hold(
      'candidate-behind',
      `${names(waiting)} ${waiting.length === 1 ? 'is' : 'are'} still being asked, and may have transactions that ${target.address} lacks.`,
    );
  // Received transactions do not hold a move: a relay log may be discarded, and the hold would never end
  // (note 014).
  const lacks = candidateLacks(situation, target);
  return lacks?.executed
    ? hold('candidate-behind', `${target.address} lacks ${lackWords(lacks)}.`)
    : undefined;
}
