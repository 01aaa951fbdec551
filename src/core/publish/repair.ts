/** The zone does not say what the ledger says: where, and the write that repairs it. */

import type { Situation } from '../decide/situation.ts';
import type { Ledger } from '../model/ledger.ts';
import { repairLimit, repairWindowMs } from '../model/limits.ts';
import type { Wanted } from '../model/zone.ts';
import type { ServerView } from '../observe/topology.ts';
import { isSide, wantedForForm } from './desired.ts';
import { freshUntil, portOf, rewritten, type Write } from './intended.ts';
import { differs, isInZone } from './plan.ts';
import { obstructingSides } from './refusals.ts';

/** The RRsets that differ from the ledger. */
export function drift({ publication, settings }: Situation, ledger: Ledger): readonly Wanted[] {
  const { view } = publication.zone;
  if (view === undefined) return [];
  return wantedForForm(settings, ledger.form, portOf(ledger.source)).filter(
    (want) => isInZone(view, want) && differs(view, want),
  );
}

/** Writes the source's RRsets again as the ledger says, within the limit of repairs. */
export function repair(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  const wrong = drift(situation, ledger);
  const recent = situation.publication.limits.repairs.filter(
    (at) => situation.now.mono - at < repairWindowMs,
  );
  if (wrong.length === 0 || recent.length >= repairLimit) return undefined;
  const wanted = wantedForForm(situation.settings, ledger.form, portOf(ledger.source));
  const isOwn = (want: Wanted): boolean => !isSide(situation.settings.source, want);
  // The source's own RRsets do not wait for a side name.
  const withoutSides = obstructingSides(situation.publication) !== undefined && wrong.some(isOwn);
  return {
    what: 'repair',
    aim: 'repair',
    sentence: `${wrong.map((want) => `${want.name} ${want.type}`).join(', ')} ${wrong.length === 1 ? 'was' : 'were'} ${situation.publication.writing.leftOut ? 'left out of the last move' : 'changed by hand'}, and now follows the ledger again.`,
    ledger: rewritten(situation, ledger),
    wanted: withoutSides ? wanted.filter(isOwn) : wanted,
    notAfter: freshUntil(situation, target),
  };
}
