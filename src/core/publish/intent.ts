/** What to write next, from the decision and the zone as it was read: at most one thing, the most important first. */

import { groupPrimary } from '../decide/elections.ts';
import { differingForm, moveForm } from '../decide/form.ts';
import { lineMarkFor } from '../decide/line-mark.ts';
import { moveSeenAt } from '../decide/promotion.ts';
import { backWords } from '../decide/rejoin.ts';
import { isLedgerBehind, isPublished, type Situation } from '../decide/situation.ts';
import type { Decision } from '../model/decision.ts';
import { type Form, type Former, formText, type Ledger, withReplicas } from '../model/ledger.ts';
import { repairLimit, repairWindowMs } from '../model/limits.ts';
import type { ReplicasName } from '../model/settings.ts';
import { isoTime, plusMs, type ServerId } from '../model/units.ts';
import type { Wanted } from '../model/zone.ts';
import type { ServerView } from '../observe/topology.ts';
import { isSide, wantedForForm } from './desired.ts';
import { freshUntil, portOf, rewritten, type Write } from './intended.ts';
import { replicasWrite } from './keep-replicas.ts';
import { differs, isInZone } from './plan.ts';
import { isPaused, obstructingSides } from './refusals.ts';
import { wantedReplicas } from './wanted-replicas.ts';

export function intendedWrite(situation: Situation, decision: Decision): Write | undefined {
  if (decision.kind === 'hold') return backAgain(situation, decision) ?? withdrawal(situation);
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

/** The most important first. What was refused waits, and the others do not wait for it. */
function firstUnpaused(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  let paused: Write | undefined;
  for (const intends of [ownForm, repair, rejoined, replicasWrite]) {
    const intended = intends(situation, ledger, target);
    if (intended !== undefined && !isPaused(situation.publication, intended.what, situation.now))
      return intended;
    paused ??= intended;
  }
  return paused;
}

function move(
  situation: Situation,
  decision: Decision & { kind: 'point-to' },
  target: ServerView,
): Write | undefined {
  const { ledger, settings, state, now, publication, command } = situation;
  const form = moveForm(situation, target);
  if ('unsafe' in form) return undefined;
  const epoch = Math.max(ledger?.epoch ?? 0, publication.zone.remembered?.epoch ?? 0) + 1;
  const previous = newest(ledger, publication.zone.lastLedger);
  const uuid = target.id ?? ('-' as ServerId);
  const line = lineMarkFor(target.known, previous);
  const next: Ledger = {
    cluster: state.settings.cluster,
    epoch,
    source: target.address,
    uuid,
    by: state.settings.instance,
    at: isoTime(now.wall),
    why: decision.reason,
    try: now.token,
    form,
    ...(line ? { line } : {}),
    was: formersAfter(previous, target, uuid),
    unknown: unknownFields(ledger, previous),
  };
  const leftOut = obstructingSides(publication);
  // By force nobody was asked, so nothing is known of the replicas: their RRset is left to the next look.
  const wanted = [
    ...wantedForForm(settings, form, portOf(target.address)),
    ...(command?.force ? [] : wantedReplicas(situation, target.address)),
  ];
  return {
    what: 'move',
    aim: `move ${epoch} ${uuid} ${target.address}`,
    sentence: decision.sentence,
    ledger: withReplicas(next, replicasAfterMove(situation, previous)),
    wanted: leftOut === undefined ? wanted : wanted.filter((want) => !isSide(settings.source, want)),
    leftOut,
    move: {
      epoch,
      ...(previous ? { from: { server: previous.source, uuid: previous.uuid } } : {}),
      to: { server: target.address, uuid },
      reason: decision.reason,
      sentence: decision.sentence,
      name: settings.source.name,
      seenAt: isoTime(moveSeenAt(decision.reason, situation.published, target, now)),
    },
    // A forced move has no evidence that could get stale.
    notAfter: command?.force
      ? plusMs(now.mono, state.settings.watch.freshForMs)
      : freshUntil(situation, target),
  };
}

/** A move writes the replicas' RRset by the rules of this configuration; what was published under another name is remembered until it is removed. */
function replicasAfterMove(
  { settings, command, publication }: Situation,
  previous: Ledger | undefined,
): ReplicasName | undefined {
  const written = previous?.replicas;
  const isElsewhere = written !== undefined && written.name !== settings.replicas?.name;
  return command?.force || isElsewhere || obstructingSides(publication) !== undefined
    ? written
    : settings.replicas;
}

/** After a ledger was lost, the one that we remember knows more than the one that is there. */
const newest = (ledger: Ledger | undefined, last: Ledger | undefined): Ledger | undefined =>
  last !== undefined && (ledger === undefined || last.epoch > ledger.epoch) ? last : ledger;

/** Of a ledger that went back as well as of the newer one that we remember: where both have a field, the zone's is kept. */
function unknownFields(ledger: Ledger | undefined, previous: Ledger | undefined): readonly string[] {
  const nameOf = (field: string): string => field.split('=', 1)[0] as string;
  const there = ledger?.unknown ?? [];
  const names = new Set(there.map(nameOf));
  return [...there, ...(previous?.unknown ?? []).filter((field) => !names.has(nameOf(field)))];
}

/** The former sources after a move: the old source joins them, the new one leaves them. */
function formersAfter(ledger: Ledger | undefined, target: ServerView, uuid: ServerId): readonly Former[] {
  if (ledger === undefined) return [];
  const isTarget = (former: Former) => former.uuid === uuid || former.address === target.address;
  const old: Former = { uuid: ledger.uuid, address: ledger.source };
  return [...ledger.was.filter((former) => former.uuid !== old.uuid), old].filter(
    (former) => !isTarget(former),
  );
}

/** This configuration publishes the source in another form than the ledger says: ours to change only where we published it. */
function ownForm(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  const form = differingForm(situation, ledger, target);
  const unnamed = ledger.uuid === '-' && target.id !== undefined;
  const ours = ledger.by === situation.state.settings.instance || ledger.form.targets.length === 0;
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

/** The RRsets in which the zone is not as the ledger says. */
export function drift({ publication, settings }: Situation, ledger: Ledger): readonly Wanted[] {
  const { view } = publication.zone;
  if (view === undefined) return [];
  return wantedForForm(settings, ledger.form, portOf(ledger.source)).filter(
    (want) => isInZone(view, want) && differs(view, want),
  );
}

function repair(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  const wrong = drift(situation, ledger);
  const recent = situation.publication.limits.repairs.filter(
    (at) => situation.now.mono - at < repairWindowMs,
  );
  if (wrong.length === 0 || recent.length >= repairLimit) return undefined;
  const wanted = wantedForForm(situation.settings, ledger.form, portOf(ledger.source));
  const isOwn = (want: Wanted): boolean => !isSide(situation.settings.source, want);
  // The source's own RRsets do not wait for a side name here, either.
  const withoutSides = obstructingSides(situation.publication) !== undefined && wrong.some(isOwn);
  return {
    what: 'repair',
    aim: 'repair',
    sentence: `${wrong.map((want) => `${want.name} ${want.type}`).join(', ')} ${situation.publication.writing.leftOut ? 'was left out of the last move' : 'was changed by hand'}; it says again what the ledger says.`,
    ledger: rewritten(situation, ledger),
    wanted: withoutSides ? wanted.filter(isOwn) : wanted,
    notAfter: freshUntil(situation, target),
  };
}

/**
 * A group may give its old primary the role back before that was seen to have rejoined: the name waits for just that. Only in a group: elsewhere the published
 * server may by now replicate from the former source, and have its stale writes from there. Whom a person named keeps the name.
 */
const backAgain = (situation: Situation, { reason }: Decision): Write | undefined =>
  reason === 'superseded-source' &&
  situation.ledger &&
  situation.ledger.why !== 'commanded' &&
  situation.published &&
  groupPrimary(situation)
    ? rejoined(situation, situation.ledger, situation.published)
    : undefined;

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

/** `on_no_source: withdraw`: only when every server was seen for `settle`, and none is a source. */
function withdrawal(situation: Situation): Write | undefined {
  const { ledger, publication, state, now, settings } = situation;
  if (state.settings.onNoSource !== 'withdraw' || ledger === undefined || ledger.form.targets.length === 0)
    return undefined;
  if (ledger.frozen || publication.decision.reason !== 'no-candidate') return undefined;
  if (
    publication.evidence.sourcelessSince === undefined ||
    now.mono - publication.evidence.sourcelessSince < state.settings.watch.settleMs
  )
    return undefined;
  const form: Form = { ...ledger.form, targets: [] };
  return {
    what: 'withdraw',
    aim: 'withdraw',
    sentence: `Every server was seen for ${state.settings.watch.settleMs / 1000} s and none is a source: the name is withdrawn.`,
    ledger: rewritten(situation, ledger, { form }),
    wanted: wantedForForm(settings, form, portOf(ledger.source)),
    notAfter: plusMs(now.mono, state.settings.watch.freshForMs),
  };
}
