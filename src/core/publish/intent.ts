/** What to write next, by the decision and the zone that was read: the most important write only. */

import { groupPrimary } from '../decide/elections.ts';
import { differingForm } from '../decide/form.ts';
import { isKeeper } from '../decide/keeper.ts';
import { backWords } from '../decide/rejoin.ts';
import { isLedgerBehind, isPublished, type Situation } from '../decide/situation.ts';
import type { Decision } from '../model/decision.ts';
import { type Form, type Former, formText, type Ledger } from '../model/ledger.ts';
import { plusMs } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { wantedForForm } from './desired.ts';
import { freshUntil, portOf, rewritten, type Write } from './intended.ts';
import { replicasWrite } from './keep-replicas.ts';
import { move } from './move.ts';
import { noteOpened } from './opened-mark.ts';
import { isPaused } from './refusals.ts';
import { repair } from './repair.ts';

export function intendedWrite(situation: Situation, decision: Decision): Write | undefined {
  if (decision.kind === 'hold')
    return backAgain(situation, decision) ?? duringFreeze(situation, decision) ?? withdrawal(situation);
  const target = situation.members.find((member) => member.address === decision.source);
  if (target === undefined) return undefined;
  const isAnew =
    decision.reason === 'ledger-restored' || (decision.reason === 'commanded' && isLedgerBehind(situation));
  if (!isPublished(situation, target) || situation.ledger === undefined || isAnew) {
    return move(situation, decision, target);
  }
  if (decision.reason !== 'steady') return undefined;
  return firstUnpaused(situation, situation.ledger, target);
}

/** The most important write first. One that was refused waits, and the others do not wait for it. */
function firstUnpaused(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  let paused: Write | undefined;
  for (const intends of [ownForm, repair, rejoined, noteOpened, replicasWrite]) {
    const intended = intends(situation, ledger, target);
    if (intended !== undefined && !isPaused(situation.publication, intended.what, situation.now))
      return intended;
    paused ??= intended;
  }
  return paused;
}

/** This configuration wants another form than the ledger has. Only the keeper changes it. */
function ownForm(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  const form = differingForm(situation, ledger, target);
  const unnamed = ledger.uuid === '-' && target.id !== undefined;
  const ours = isKeeper(situation, ledger) || ledger.form.targets.length === 0;
  if ((form === undefined && !unnamed) || !ours) return undefined;
  const shown = form ?? ledger.form;
  return {
    what: 'form',
    aim: `form ${formText(shown)}`,
    sentence:
      ledger.form.targets.length === 0
        ? `${target.address} is a source again: ${situation.settings.source.name} is published again.`
        : `${situation.settings.source.name} is published as ${formText(shown)} instead of ${formText(ledger.form)}.`,
    ledger: rewritten(situation, ledger, {
      form: shown,
      source: target.address,
      uuid: target.id ?? ledger.uuid,
      by: situation.state.settings.instance,
    }),
    wanted: wantedForForm(situation.settings, shown, portOf(target.address)),
    notAfter: freshUntil(situation, target),
  };
}

/**
 * A group may choose its old primary again before that server's rejoin was noted: note it now.
 * Only in a group: elsewhere the published server may already have the former source's stale writes.
 * A source that was named by command keeps the name.
 */
const backAgain = (situation: Situation, { reason }: Decision): Write | undefined =>
  reason === 'superseded-source' &&
  situation.ledger &&
  situation.ledger.why !== 'commanded' &&
  situation.published &&
  groupPrimary(situation)
    ? rejoined(situation, situation.ledger, situation.published)
    : undefined;

/** Who freezes the name may open a former source, and thaw the name after a restart of ours. */
const duringFreeze = (situation: Situation, { reason }: Decision): Write | undefined =>
  reason === 'frozen' && situation.ledger ? noteOpened(situation, situation.ledger) : undefined;

function rejoined(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  const isBack = (former: Former) =>
    situation.members.some(
      (member) =>
        (member.id === former.uuid || member.address === former.address) &&
        situation.publication.evidence.rejoins.get(member.address)?.rejoined === true,
    );
  const back = ledger.was.filter(isBack);
  if (back.length === 0) return undefined;
  return {
    what: 'rejoin',
    aim: `rejoin ${back.map((former) => former.uuid).join(' ')}`,
    sentence: `${back.map(({ address }) => backWords(situation, address, target.address)).join(', ')}: no longer superseded.`,
    ledger: rewritten(situation, ledger, { was: ledger.was.filter((former) => !back.includes(former)) }),
    wanted: [],
    notAfter: freshUntil(situation, target),
  };
}

/** `on_no_source: withdraw`: only if every server was seen for `settle` and none is a source. */
function withdrawal(situation: Situation): Write | undefined {
  const { ledger, publication, state, now, settings } = situation;
  if (state.settings.onNoSource !== 'withdraw' || ledger === undefined || ledger.form.targets.length === 0)
    return undefined;
  const { sourcelessSince } = publication.evidence;
  if (ledger.frozen || publication.decision.reason !== 'no-candidate') return undefined;
  if (sourcelessSince === undefined || now.mono - sourcelessSince < state.settings.watch.settleMs)
    return undefined;
  const form: Form = { ...ledger.form, targets: [] };
  return {
    what: 'withdraw',
    aim: 'withdraw',
    sentence: `Every server was seen for ${state.settings.watch.settleMs / 1000} s, and none is a source. The name is withdrawn.`,
    ledger: rewritten(situation, ledger, { form }),
    wanted: wantedForForm(settings, form, portOf(ledger.source)),
    notAfter: plusMs(now.mono, state.settings.watch.freshForMs),
  };
}
