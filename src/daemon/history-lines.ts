/** The history as JSON lines: which lines are valid, and what a restart remembers. Pure. */

import type { HistoryEntry } from '../core/model/events.ts';
import { highestEpoch } from '../core/model/ledger.ts';
import type { Remembered } from '../core/model/remembered.ts';
import type { WallMs } from '../core/model/units.ts';

export const entryLine = (entry: HistoryEntry): string => `${JSON.stringify(entry)}\n`;

export interface ReadLines {
  readonly entries: readonly HistoryEntry[];
  /** Invalid lines: torn by a power cut, or written by another program. */
  readonly broken: number;
}

/** Oldest first. A rotation copies the moves to remember: each counts once. */
export function readLines(text: string): ReadLines {
  const entries: HistoryEntry[] = [];
  const moves = new Set<string>();
  let broken = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const entry = readEntry(line);
    if (entry === undefined) {
      broken += 1;
      continue;
    }
    if (isMove(entry)) {
      if (moves.has(line)) continue;
      moves.add(line);
    }
    entries.push(entry);
  }
  return { entries, broken };
}

type MoveEntry = Extract<HistoryEntry, { readonly kind: 'move' | 'moved-elsewhere' }>;

const isMove = (entry: HistoryEntry): entry is MoveEntry =>
  entry.kind === 'move' || entry.kind === 'moved-elsewhere';

/** What each kind must have, apart from `at`, `cluster` and `nameserver`. */
const shapes: Readonly<Record<HistoryEntry['kind'], (entry: Readonly<Record<string, unknown>>) => boolean>> =
  {
    decision: (entry) => hasTexts(entry['decision'], 'kind', 'reason', 'sentence'),
    move: (entry) =>
      isEpoch(entry['epoch']) &&
      hasTexts(entry['to'], 'server', 'uuid') &&
      (entry['from'] === undefined || hasTexts(entry['from'], 'server', 'uuid')) &&
      hasTexts(entry, 'reason', 'sentence', 'name', 'seenAt', 'decidedAt', 'sentAt', 'appliedAt'),
    propagated: (entry) =>
      isEpoch(entry['epoch']) &&
      Array.isArray(entry['nameservers']) &&
      entry['nameservers'].every((one) => hasTexts(one, 'nameserver')),
    'moved-elsewhere': (entry) => isEpoch(entry['epoch']) && hasTexts(entry, 'source', 'uuid', 'by', 'why'),
    written: (entry) => isEpoch(entry['epoch']) && hasTexts(entry, 'what', 'sentence'),
    'update-failed': (entry) =>
      hasTexts(entry, 'what', 'outcome') && hasTexts(entry['failure'], 'code', 'message'),
    alarm: (entry) =>
      hasTexts(entry['alarm'], 'code', 'subject', 'sentence') && typeof entry['raised'] === 'boolean',
    fenced: (entry) => hasTexts(entry, 'server', 'uuid'),
    hook: (entry) =>
      hasTexts(entry, 'place', 'hook', 'outcome', 'sentence') && hasTexts(entry['about'], 'kind'),
  };

function readEntry(line: string): HistoryEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!hasTexts(value, 'at', 'cluster', 'nameserver', 'kind')) return undefined;
  const shape = Object.entries(shapes).find(([kind]) => kind === value['kind'])?.[1];
  return shape?.(value) ? (value as unknown as HistoryEntry) : undefined;
}

function hasTexts(value: unknown, ...keys: readonly string[]): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    keys.every((key) => typeof (value as Record<string, unknown>)[key] === 'string')
  );
}

const isEpoch = (value: unknown): boolean =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= highestEpoch;

/** The move with the highest epoch of each cluster and nameserver. */
interface Memory {
  note(entry: HistoryEntry): void;
  remembered(cluster: string): readonly Remembered[];
  /** The entries to copy into a new file. */
  carried(): readonly HistoryEntry[];
}

export function createMemory(): Memory {
  const highest = new Map<string, MoveEntry>();
  return {
    note(entry) {
      if (!isMove(entry)) return;
      const key = JSON.stringify([entry.cluster, entry.nameserver]);
      const known = highest.get(key);
      // Of two moves with one epoch the later one counts: the first may have lost to it.
      if (known === undefined || entry.epoch >= known.epoch) highest.set(key, entry);
    },
    remembered: (cluster) =>
      [...highest.values()].filter((entry) => entry.cluster === cluster).map(toRemembered),
    carried: () => [...highest.values()],
  };
}

function toRemembered(entry: MoveEntry): Remembered {
  const at = Date.parse(entry.at);
  const when = Number.isNaN(at) ? {} : { at: at as WallMs };
  const { nameserver, epoch } = entry;
  if (entry.kind === 'move')
    return { nameserver, epoch, source: entry.to.server, uuid: entry.to.uuid, ...when };
  return { nameserver, epoch, source: entry.source, uuid: entry.uuid, ...when };
}
