/** Our own write, changed by the nameserver: a TTL that it cuts, a CNAME that it keeps out. To write that again would help nothing. */

import { findRrset, questionKey, type Rrset, sameRdata, type Wanted } from '../model/zone.ts';
import type { Altered, ZoneView } from '../model/zone-view.ts';

/** A person may have changed it at that very moment; who changes it as often as we write is the nameserver. */
const settledAfter = 2;

/** What is different from what this update wrote, where the zone shows that it was applied; else what was known, as far as it still shows. */
export function alteredIn(
  view: ZoneView,
  known: readonly Altered[],
  written: readonly Wanted[] = [],
): readonly Altered[] {
  const others = known.filter(
    ({ wrote, shows }) =>
      !written.some((want) => questionKey(want) === questionKey(wrote)) && isShown(view, wrote, shows),
  );
  const found = written.flatMap((wrote): readonly Altered[] => {
    const shows = findRrset(view.rrsets, wrote.name, wrote.type);
    if (isSame(shows, wrote.rrset)) return [];
    const before = known.find((altered) => isSameWish(altered.wrote, wrote));
    const times = before !== undefined && isSame(before.shows, shows) ? before.times + 1 : 1;
    return [{ wrote, shows, times }];
  });
  return [...others, ...found];
}

/** Whether the zone shows just what the nameserver makes of this: then it is as near to it as it can be. */
export const isAsNearAsItGets = (view: ZoneView, want: Wanted): boolean =>
  view.altered.some(
    (altered) => isSettled(altered) && isSameWish(altered.wrote, want) && isShown(view, want, altered.shows),
  );

/** A TTL alone is the nameserver's doing: who changes something by hand changes more. */
export const isSettled = ({ wrote, shows, times }: Altered): boolean =>
  times >= settledAfter ||
  (shows !== undefined && wrote.rrset !== undefined && sameRdata(shows, wrote.rrset));

const isSameWish = (a: Wanted, b: Wanted): boolean =>
  questionKey(a) === questionKey(b) && isSame(a.rrset, b.rrset);

const isShown = (view: ZoneView, { name, type }: Wanted, shows: Rrset | undefined): boolean =>
  isSame(findRrset(view.rrsets, name, type), shows);

/** The TTL counts. */
export const isSame = (a: Rrset | undefined, b: Rrset | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.ttlSeconds === b.ttlSeconds && sameRdata(a, b);
