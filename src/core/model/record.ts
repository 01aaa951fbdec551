import type { Effect, HistoryEntry } from './events.ts';
import type { PublicationState } from './publication.ts';
import type { ClusterState } from './state.ts';
import { isoTime, type Now } from './units.ts';

type Entry = HistoryEntry extends infer T
  ? T extends HistoryEntry
    ? Omit<T, 'at' | 'cluster' | 'nameserver'>
    : never
  : never;

/** A line for the history and the log. */
export function record(state: ClusterState, publication: PublicationState, now: Now, entry: Entry): Effect {
  const { cluster } = state.settings;
  return {
    kind: 'record',
    entry: {
      at: isoTime(now.wall),
      cluster,
      nameserver: publication.settings.nameserver,
      ...entry,
    } as HistoryEntry,
  };
}
