/** The write that moves the name: a new epoch, the new source, and the old one among the former sources. */

import { moveForm } from '../decide/form.ts';
import { lineMarkFor, ownMarkOf } from '../decide/line-mark.ts';
import { moveSeenAt } from '../decide/promotion.ts';
import type { Situation } from '../decide/situation.ts';
import type { Decision } from '../model/decision.ts';
import { type Former, type Ledger, withReplicas } from '../model/ledger.ts';
import type { ReplicasName } from '../model/settings.ts';
import { isoTime, plusMs, type ServerId } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { isSide, wantedForForm } from './desired.ts';
import { freshUntil, portOf, type Write } from './intended.ts';
import { obstructingSides } from './refusals.ts';
import { wantedReplicas } from './wanted-replicas.ts';

/** Moves the name to `target`, at the next epoch. Undefined: its address cannot be published. */
export function move(
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
  const own = ownMarkOf(target.known);
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
    ...(own ? { own } : {}),
    was: formersAfter(previous, target, uuid),
    opened: previous?.opened,
    unknown: unknownFields(ledger, previous),
  };
  const leftOut = obstructingSides(publication);
  // A forced move has no evidence about the replicas: their RRset is written later.
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
      from: previous && { server: previous.source, uuid: previous.uuid },
      to: { server: target.address, uuid },
      reason: decision.reason,
      sentence: decision.sentence,
      name: settings.source.name,
      seenAt: isoTime(moveSeenAt(decision.reason, situation.published, target, now)),
    },
    // A forced move has no evidence that could become stale.
    notAfter: command?.force
      ? plusMs(now.mono, state.settings.watch.freshForMs)
      : freshUntil(situation, target),
  };
}

/** The replicas' rules of this configuration. The ledger keeps a former name until that is removed. */
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

/** After the ledger was lost, the remembered ledger may be newer than the one in the zone. */
const newest = (ledger: Ledger | undefined, last: Ledger | undefined): Ledger | undefined =>
  last !== undefined && (ledger === undefined || last.epoch > ledger.epoch) ? last : ledger;

/** The unknown fields of both ledgers. If both have a field, the zone's is kept. */
function unknownFields(ledger: Ledger | undefined, previous: Ledger | undefined): readonly string[] {
  const nameOf = (field: string): string => field.split('=', 1)[0] as string;
  const there = ledger?.unknown ?? [];
  const names = new Set(there.map(nameOf));
  return [...there, ...(previous?.unknown ?? []).filter((field) => !names.has(nameOf(field)))];
}

/** The former sources after a move: with the old source, without the new one. */
function formersAfter(ledger: Ledger | undefined, target: ServerView, uuid: ServerId): readonly Former[] {
  if (ledger === undefined) return [];
  const isTarget = (former: Former) => former.uuid === uuid || former.address === target.address;
  const old: Former = { uuid: ledger.uuid, address: ledger.source };
  return [...ledger.was.filter((former) => former.uuid !== old.uuid), old].filter(
    (former) => !isTarget(former),
  );
}
