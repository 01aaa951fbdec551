/**
 * What a channel has received but not executed. It may be the last copy: CHANGE and RESET delete it (manual
 * 15.4.2.2 and 15.4.2.3).
 */

import { countGtids, subtract } from '../gtid/gtid.ts';
import { domainOf, emptyGtidSet, type GtidSet } from '../gtid/gtid-set.ts';
import { type Channel, hasEveryGtid, type ServerFacts } from '../model/observation.ts';
import { plural } from './lack.ts';

export type Waiting =
  | { readonly kind: 'counted'; readonly set: GtidSet; readonly count: number }
  /** By two places in the source's binary log. */
  | { readonly kind: 'uncounted' }
  /** The server tells neither. */
  | { readonly kind: 'unknown' };

/** Undefined: nothing waits. */
export function waitingOf(
  facts: ServerFacts,
  { retrieved, received, applied }: Channel,
): Waiting | undefined {
  if (facts.gtidExecuted && retrieved) {
    const set = unexecutedOf(facts, retrieved);
    const count = countGtids(set);
    if (count > 0) return { kind: 'counted', set, count };
    if (hasEveryGtid(facts)) return undefined;
  }
  if (received === undefined || applied === undefined) return { kind: 'unknown' };
  return received.file === applied.file && received.position === applied.position
    ? undefined
    : { kind: 'uncounted' };
}

function unexecutedOf({ gtidExecuted = emptyGtidSet, positions }: ServerFacts, retrieved: GtidSet) {
  return positions === undefined ? subtract(retrieved, gtidExecuted) : beyond(retrieved, positions.replica);
}

/**
 * MariaDB: Gtid_IO_Pos has only the newest GTID of each domain, so the domain counts and not its writer.
 */
function beyond(retrieved: GtidSet, replica: GtidSet): GtidSet {
  const executed = new Map<string, number>();
  for (const [key, intervals] of replica)
    executed.set(domainOf(key), Math.max(intervals.at(-1)?.[1] ?? 0, executed.get(domainOf(key)) ?? 0));
  return new Map(
    [...retrieved].flatMap(([key, intervals]) => {
      const [done, last] = [executed.get(domainOf(key)) ?? 0, intervals.at(-1)?.[1] ?? 0];
      return last > done ? [[key, [[done + 1, last]]] as const] : [];
    }),
  );
}

/** `3 transactions`, `transactions`. */
export const waitingWords = (waiting: Waiting): string =>
  waiting.kind === 'counted' ? plural(waiting.count) : 'transactions';
