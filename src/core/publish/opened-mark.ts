/** The ledger's `opened=`: which former sources somebody opened after the move (docs/LEDGER.md). */

import type { Situation } from '../decide/situation.ts';
import type { Fencing } from '../model/fence.ts';
import type { Former, Ledger } from '../model/ledger.ts';
import { plusMs } from '../model/units.ts';
import type { ServerView } from '../observe/topology.ts';
import { rewritten, type Write } from './intended.ts';

/**
 * Tells other processes which former sources somebody opened: a new process has not seen that. Each instance
 * that fences writes what it saw, and takes back what it saw closed since it read of that.
 */
export function noteOpened(situation: Situation, ledger: Ledger): Write | undefined {
  const { state, members, now } = situation;
  if (state.settings.fence === undefined) return undefined;
  const before = ledger.opened ?? [];
  const fencingOf = ({ uuid }: Former): Fencing | undefined =>
    [...state.fences.values()].find(({ id }) => id === uuid);
  const viewOf = ({ uuid }: Former): ServerView | undefined => members.find(({ id }) => id === uuid);
  const found = ledger.was.filter((former) => {
    const isNew = fencingOf(former)?.opened !== undefined && !before.includes(former.uuid);
    return isNew && viewOf(former)?.writable === true;
  });
  const over = ledger.was.filter(
    (former) => before.includes(former.uuid) && fencingOf(former)?.isMarkOver === true,
  );
  if (found.length === 0 && over.length === 0) return undefined;
  const opened = [...before, ...found.map(({ uuid }) => uuid)];
  return {
    what: 'opened',
    aim: `opened ${[...found, ...over].map(({ uuid }) => uuid).join(' ')}`,
    sentence: [
      ...found.map(({ address }) => `Somebody opened the former source ${address}: nobody fences it.`),
      ...over.map(({ address }) => `The former source ${address} was closed again.`),
    ].join(' '),
    ledger: rewritten(situation, ledger, {
      opened: opened.filter((id) => over.every(({ uuid }) => uuid !== id)),
    }),
    wanted: [],
    notAfter: plusMs(now.mono, state.settings.watch.freshForMs),
  };
}
