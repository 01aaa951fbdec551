/** Rule 2: the ledger that we remember vanished, or went back. */

import { type Decision, hold, pointTo } from '../../model/decision.ts';
import type { ServerView } from '../../observe/topology.ts';
import { disqualification } from '../candidates.ts';
import { isLedgerBehind, reachable, type Situation } from '../situation.ts';

/** Publishes again only if the remembered source is healthy and the loss lasts. */
export function lostLedger(situation: Situation): Decision | undefined {
  const { publication, ledger, state, command } = situation;
  const { remembered, lostSince, view } = publication.zone;
  // A person who names a server knows more than our memory.
  if (command !== undefined) return undefined;
  if (ledger?.frozen) return undefined;
  if (remembered === undefined || lostSince === undefined || (ledger && !isLedgerBehind(situation)))
    return undefined;
  const said = ledger ? `went back to epoch ${ledger.epoch}` : 'vanished';
  const healthy = reachable(situation.members).find((member) => member.id === remembered.uuid);
  const wrong = healthy ? disqualificationWithoutLedger(situation, healthy) : 'is not seen';
  // A read must show that the loss lasts: after one old read, time alone proves nothing.
  const lasted = (view?.readAt ?? lostSince) - lostSince;
  if (healthy && wrong === undefined && lasted >= state.settings.watch.freshForMs) {
    return pointTo(
      'ledger-restored',
      healthy,
      `The ledger ${said}. Epoch ${remembered.epoch} named ${healthy.address}, which is healthy: it is published again.`,
    );
  }
  return hold(
    'ledger-lost',
    `The ledger ${said}, but epoch ${remembered.epoch} was seen. Its source was ${remembered.source}${wrong === undefined ? '' : `, which ${wrong}`}.`,
  );
}

/** Judges the remembered source by its own state: the line is lost. */
function disqualificationWithoutLedger(situation: Situation, server: ServerView): string | undefined {
  return disqualification({ ...situation, ledger: undefined, published: undefined }, server);
}
