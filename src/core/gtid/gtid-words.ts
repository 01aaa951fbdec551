/** A GTID set, shortened for a person. The API's JSON has the whole set (formatGtidSet). */

import { countGtids, formatGtidSet } from './gtid.ts';
import { type GtidSet, type Interval, isMariadbKey, uuidOf } from './gtid-set.ts';

/** Keys of a set that are shown. */
const shownKeys = 4;
/** Intervals of a key that are shown: the first ones, and the newest. */
const shownIntervals = 4;

/** Of a long set: the first keys and intervals, and how much more there is. Keys that matter come first. */
export function gtidWords(set: GtidSet, matters: (uuid: string) => boolean): string {
  const keys = [...set.keys()].filter((key) => set.get(key)?.length);
  const ordered = [
    ...keys.filter((key) => matters(uuidOf(key))),
    ...keys.filter((key) => !matters(uuidOf(key))),
  ];
  const shown = ordered.slice(0, shownKeys);
  const intervals = (key: string): readonly Interval[] => set.get(key) ?? [];
  const hidden = keys.reduce(
    (sum, key) => sum + intervals(key).length - (shown.includes(key) ? fewOf(intervals(key)).length : 0),
    0,
  );
  if (hidden === 0) return formatGtidSet(set);
  const text = shown.map((key) => keyWords(key, intervals(key))).join(',');
  const what = keys.some(isMariadbKey) ? 'positions' : 'intervals';
  return `${text} and ${hidden} more ${hidden === 1 ? what.slice(0, -1) : what} (${countGtids(set)} transactions in all)`;
}

const fewOf = (intervals: readonly Interval[]): readonly Interval[] =>
  intervals.length <= shownIntervals
    ? intervals
    : [...intervals.slice(0, shownIntervals - 1), ...intervals.slice(-1)];

/** `uuid:1-5:7:9:...:200001`. */
function keyWords(key: string, intervals: readonly Interval[]): string {
  const text = formatGtidSet(new Map([[key, fewOf(intervals)]]));
  if (intervals.length <= shownIntervals) return text;
  const last = text.lastIndexOf(':');
  return `${text.slice(0, last)}:...${text.slice(last)}`;
}
