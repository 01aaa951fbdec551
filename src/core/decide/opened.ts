/**
 * Whether somebody opened a superseded source after the move. Then it did not come back: a person or a tool
 * may mean it, and it is not fenced (docs/decisions/042).
 */

import type { Fencing } from '../model/fence.ts';
import type { ServerView } from '../observe/topology.ts';
import { hasExecutedSince } from './line-mark.ts';
import type { Situation } from './situation.ts';

/**
 * What shows that it was opened: it reads on from "not fenced:". It stays so until the server is read-only
 * again, also over a restart. Undefined: nothing shows it.
 */
export function openedSince(
  situations: readonly Situation[],
  { promotedAt, facts, writable }: ServerView,
  { notFormerAt, opened }: Pick<Fencing, 'notFormerAt' | 'opened'>,
): string | undefined {
  if (facts === undefined) return opened;
  if (!writable) return undefined;
  if (opened !== undefined) return opened;
  // The promotion that once made it the source does not count.
  if (promotedAt !== undefined && (notFormerAt === undefined || promotedAt > notFormerAt))
    return 'somebody opened it after it was read-only';
  // A server that only came back has none of these. Nobody may have seen this server as a replica.
  const source = situations
    .flatMap(({ ledger }) => ledger ?? [])
    .find((ledger) => hasExecutedSince(facts, ledger));
  return source && `it has replicated from ${source.source} since the move, and somebody opened it then`;
}

/** The same, or what another process wrote into the ledger, unless this one saw the server closed since. */
export const openedWords = ({
  opened,
  markedAt,
  isMarkOver,
}: Pick<Fencing, 'opened' | 'markedAt' | 'isMarkOver'>): string | undefined =>
  opened ??
  (markedAt === undefined || isMarkOver
    ? undefined
    : 'the ledger says that somebody opened it after the move');
