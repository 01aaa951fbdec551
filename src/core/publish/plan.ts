/** Makes one UPDATE message of what was read and what is wanted. */

import { type Ledger, ledgerName } from '../model/ledger.ts';
import { writeLedger } from '../model/ledger-text.ts';
import type { PublicationSettings } from '../model/settings.ts';
import {
  type Change,
  findRrset,
  type Prerequisite,
  type Question,
  type UpdatePlan,
  type Wanted,
} from '../model/zone.ts';
import type { ZoneView } from '../model/zone-view.ts';
import { isAsNearAsItGets, isSame } from './altered.ts';

/**
 * The ledger and every wanted RRset must be exactly as they were read. So the update never overwrites a
 * change that another instance or a person made after the read.
 */
export function planUpdate(
  settings: PublicationSettings,
  view: ZoneView,
  ledger: Ledger,
  wanted: readonly Wanted[],
): UpdatePlan {
  const name = ledgerName(settings.source);
  const text: Wanted = {
    name,
    type: 'TXT',
    rrset: { name, type: 'TXT', ttlSeconds: settings.source.ttlSeconds, rdata: [writeLedger(ledger)] },
  };
  const all = [...wanted, text];
  const differing = all.filter((want) => differs(view, want));
  return {
    zone: view.zone,
    prerequisites: all.map((want) => asRead(view, want)),
    changes: [
      // Deletions first: a CNAME beside an A is silently ignored (RFC 2136 3.4.2.2).
      ...differing
        .filter((want) => findRrset(view.rrsets, want.name, want.type))
        .map(({ name, type }): Change => ({ kind: 'delete-rrset', name, type })),
      ...differing.flatMap((want): Change[] =>
        want.rrset ? [{ kind: 'add-rrset', rrset: want.rrset }] : [],
      ),
    ],
  };
}

/** Whether the zone differs from this, and from what the nameserver makes of this. A TTL counts. */
export const differs = (view: ZoneView, want: Wanted): boolean =>
  !isSame(findRrset(view.rrsets, want.name, want.type), want.rrset) && !isAsNearAsItGets(view, want);

function asRead(view: ZoneView, { name, type }: Question): Prerequisite {
  const there = findRrset(view.rrsets, name, type);
  return there ? { kind: 'rrset-is', rrset: there } : { kind: 'rrset-absent', name, type };
}

/** Not a side name that is delegated to another zone: nothing of it can be read or written here. */
export const isInZone = ({ outside }: ZoneView, { name }: Question): boolean =>
  outside.every((other) => other.name !== name);
