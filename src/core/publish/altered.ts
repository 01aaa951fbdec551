/** Our writes as the nameserver changed them: it may limit a TTL or drop an RRset. They are not repeated. */

import { findRrset, questionKey, type Rrset, sameRdata, type Wanted } from '../model/zone.ts';
import type { Altered, ZoneView } from '../model/zone-view.ts';

/** The first time a person may have changed it. A change after every write is the nameserver's. */
const settledAfter = 2;

/**
 * The RRsets that differ from what an update wrote. `written`: what it wrote, if the zone shows that it was
 * applied. Differences that were known before stay while the zone still shows them.
 */
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

/** What the zone shows, perhaps with another TTL. */
export const apartFromTtl = (view: ZoneView, written: readonly Wanted[] = []): readonly Wanted[] =>
  written.filter(({ name, type, rrset }) => differsByTtlAtMost(findRrset(view.rrsets, name, type), rrset));

/** Whether the zone shows exactly what the nameserver makes of this write. */
export const isAsNearAsItGets = (view: ZoneView, want: Wanted): boolean =>
  view.altered.some(
    (altered) => isSettled(altered) && isSameWish(altered.wrote, want) && isShown(view, want, altered.shows),
  );

/** True after two equal changes, or at once if only the TTL differs: a person would change more. */
export const isSettled = ({ wrote, shows, times }: Altered): boolean =>
  times >= settledAfter || differsByTtlAtMost(shows, wrote.rrset);

const isSameWish = (a: Wanted, b: Wanted): boolean =>
  questionKey(a) === questionKey(b) && isSame(a.rrset, b.rrset);

const isShown = (view: ZoneView, { name, type }: Wanted, shows: Rrset | undefined): boolean =>
  isSame(findRrset(view.rrsets, name, type), shows);

/** The TTL counts. */
export const isSame = (a: Rrset | undefined, b: Rrset | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.ttlSeconds === b.ttlSeconds && sameRdata(a, b);

export const differsByTtlAtMost = (a: Rrset | undefined, b: Rrset | undefined): boolean =>
  a !== undefined && b !== undefined && sameRdata(a, b);
