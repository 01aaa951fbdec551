/** The ledger's `opened=`: which former sources somebody opened after the move (docs/LEDGER.md). */

import { isKeeper } from '../decide/keeper.ts';
import type { Situation } from '../decide/situation.ts';
import type { Former, Ledger } from '../model/ledger.ts';
import type { ServerView } from '../observe/topology.ts';
import { freshUntil, rewritten, type Write } from './intended.ts';

/**
 * Tells other processes which former sources somebody opened: a new process has not seen that. Each instance
 * that fences adds what it saw. Only the keeper takes back, so that no two take turns.
 */
export function noteOpened(situation: Situation, ledger: Ledger, target: ServerView): Write | undefined {
  const { state, members } = situation;
  if (state.settings.fence === undefined) return undefined;
  const before = ledger.opened ?? [];
  const isSeenOpened = ({ uuid }: Former): boolean =>
    [...state.fences.values()].some(({ id, opened }) => id === uuid && opened !== undefined);
  const isClosed = ({ uuid }: Former): boolean =>
    members.some(({ id, facts, writable }) => id === uuid && facts !== undefined && !writable);
  const found = ledger.was.filter(
    (former) => !before.includes(former.uuid) && isSeenOpened(former) && !isClosed(former),
  );
  const over = isKeeper(situation, ledger)
    ? ledger.was.filter((former) => before.includes(former.uuid) && isClosed(former))
    : [];
  if (found.length === 0 && over.length === 0) return undefined;
  const opened = [...before, ...found.map(({ uuid }) => uuid)];
  return {
    what: 'opened',
    aim: `opened ${[...found, ...over].map(({ uuid }) => uuid).join(' ')}`,
    sentence: [
      ...found.map(({ address }) => `Somebody opened the former source ${address}: nobody fences it.`),
      ...over.map(({ address }) => `The former source ${address} is closed again.`),
    ].join(' '),
    ledger: rewritten(situation, ledger, {
      opened: opened.filter((id) => over.every(({ uuid }) => uuid !== id)),
    }),
    wanted: [],
    notAfter: freshUntil(situation, target),
  };
}
