/** The ledger's `line=`: a transaction of every server of the line. It tells a replica from a stranger. */

import { newestOf } from '../gtid/gtid.ts';
import { isMariadbKey, writerOf } from '../gtid/gtid-set.ts';
import { isMark, isMarkKey, type Ledger, type LineMark } from '../model/ledger.ts';
import type { ServerFacts } from '../model/observation.ts';
import type { ServerId } from '../model/units.ts';
import { gtidsOf } from '../observe/comparison.ts';

/** Whether the server has executed the mark's transaction. */
export function hasLineMark(facts: ServerFacts, { uuid, gno }: LineMark): boolean {
  if (facts.wsrep?.clusterUuid === uuid) return facts.wsrep.lastCommitted >= gno;
  return (
    gtidsOf(facts)
      ?.get(uuid)
      ?.some(([first, last]) => first <= gno && gno <= last) ?? false
  );
}

/** The mark for a new ledger: the newest transaction of the previous source that the next one has. */
export function lineMarkFor(
  next: ServerFacts | undefined,
  previous: Ledger | undefined,
): LineMark | undefined {
  const ofGalera = next?.wsrep && { uuid: next.wsrep.clusterUuid, gno: next.wsrep.lastCommitted };
  if (ofGalera && isMark(ofGalera)) return ofGalera;
  // A group commits under its own name, so the mark also tells the group.
  const ofGroup = next?.group?.singlePrimary ? markOfWriter(next, next.group.name as ServerId) : undefined;
  if (ofGroup !== undefined) return ofGroup;
  const writer = previous?.uuid ?? next?.id;
  return markOfWriter(next, writer) ?? previous?.line ?? anyMark(next);
}

/** MariaDB may write to several domains: the one with the most transactions is its own. */
const markOfWriter = (facts: ServerFacts | undefined, writer: ServerId | undefined): LineMark | undefined =>
  marksOfWriter(facts, writer).toSorted((a, b) => b.gno - a.gno)[0];

/** The mark `own=` for a new ledger: the newest transaction that the next source has written itself. */
export function ownMarkOf(next: ServerFacts | undefined): LineMark | undefined {
  const isNumbered = next !== undefined && gtidsOf(next) !== undefined && isMarkKey(next.id);
  return markOfWriter(next, next?.id) ?? (isNumbered ? { uuid: next.id, gno: 0 } : undefined);
}

/** Whether the server has executed what this ledger's source wrote after it was published. */
export function hasExecutedSince(facts: ServerFacts, { uuid, own }: Ledger): boolean {
  if (own === undefined) return false;
  const newest = marksOfWriter(facts, uuid).find((mark) => mark.uuid === own.uuid);
  return newest !== undefined && newest.gno > own.gno;
}

/** The newest transaction in each of the writer's sequences: MariaDB has one for each domain. */
function marksOfWriter(facts: ServerFacts | undefined, writer: ServerId | undefined): readonly LineMark[] {
  const executed = facts && gtidsOf(facts);
  if (executed === undefined || writer === undefined) return [];
  const number = /^mariadb:(\d+)@/.exec(writer)?.[1];
  const keys =
    number === undefined
      ? [writer]
      : [...executed.keys()].filter((key) => isMariadbKey(key) && writerOf(key) === Number(number));
  return keys.flatMap((uuid): LineMark[] => {
    const gno = newestOf(executed, uuid);
    return gno === undefined ? [] : [{ uuid, gno }];
  });
}

/** Any transaction without a tag: the mark has no place for a tag. */
function anyMark(facts: ServerFacts | undefined): LineMark | undefined {
  const executed = facts && gtidsOf(facts);
  const uuid = executed && [...executed.keys()].find((key) => key.length <= 36);
  const gno = uuid === undefined || executed === undefined ? undefined : newestOf(executed, uuid);
  return uuid === undefined || gno === undefined ? undefined : { uuid, gno };
}
