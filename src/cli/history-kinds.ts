/** The kinds of history entries that `history --kind` chooses by. Pure. */

import type { HistoryEntry } from '../core/model/events.ts';

type Kind =
  | 'moves'
  | 'propagation'
  | 'holds'
  | 'decisions'
  | 'alarms'
  | 'writes'
  | 'failures'
  | 'fences'
  | 'hooks';

/** The most general kind of an entry; some entries have a second one. */
const kinds: Readonly<Record<HistoryEntry['kind'], Kind>> = {
  move: 'moves',
  'moved-elsewhere': 'moves',
  propagated: 'propagation',
  decision: 'decisions',
  written: 'writes',
  'update-failed': 'failures',
  alarm: 'alarms',
  fenced: 'fences',
  hook: 'hooks',
};

export const historyKinds: readonly string[] = [...new Set([...Object.values(kinds), 'holds'])].sort();

/** Whether an entry is of this kind; unknown kinds have no entries. */
export const isOfKind = (entry: HistoryEntry, kind: string): boolean =>
  kinds[entry.kind] === kind ||
  (kind === 'holds' && entry.kind === 'decision' && entry.decision.kind === 'hold');
