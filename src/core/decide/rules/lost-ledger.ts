/** Rule 2, third part: the ledger that we remember is gone, or went back. */

import { type Decision, hold, pointTo } from '../../model/decision.ts';
import type { ServerView } from '../../observe/topology.ts';
import { disqualification } from '../candidates.ts';
import { isLedgerBehind, reachable, type Situation } from '../situation.ts';

/** Rule 2, third part: published again only while the remembered source is a healthy candidate, and only when the loss lasts. */
export function lostLedger(situation: Situation): Decision | undefined {
  const { publication, ledger, state, command } = situation;
  const { remembered, lostSince, view } = publication.zone;
  // Whoever names a server by hand knows more than our memory of the ledger.
  if (command !== undefined) return undefined;
  // A person has frozen it as it is: rule 3.
  if (ledger?.frozen) return undefined;
  if (remembered === undefined || lostSince === undefined || (ledger && !isLedgerBehind(situation)))
    return undefined;
  const said = ledger ? `went back to epoch ${ledger.epoch}` : 'vanished';
  const healthy = reachable(situation.members).find((member) => member.id === remembered.uuid);
  const wrong = healthy ? disqualificationWithoutLedger(situation, healthy) : 'is not seen';
  // That it lasts a read must say: time alone would restore it after a single old one.
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

/** The remembered source is judged by its own state alone: the line is what was lost. */
function disqualificationWithoutLedger(situation: Situation, server: ServerView): string | undefined {
  return disqualification({ ...situation, ledger: undefined, published: undefined }, server);
}
