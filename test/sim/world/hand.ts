/** Somebody edits the zone by hand. */

import type { Rrset } from '../../../src/core/model/zone.ts';
import type { Act } from './script.ts';
import { hostOf, ipOf, ledgerOwner, sourceName } from './settings.ts';
import { ledgerIn } from './sight.ts';
import type { World } from './world-types.ts';

/**
 * A ledger that was taken away is put back later if nobody wrote another ledger meanwhile; a zone that was
 * made anew stays so.
 */
export function byHand(
  { primary, judge, timeline, phase, script, members }: World,
  act: Act & { kind: 'hand' },
): void {
  if (act.edit === 'everything') {
    judge.ledgerTouched = true;
    judge.stale.clear();
    for (const { name, type } of primary.rrsets()) primary.remove(name, type);
    return;
  }
  if (act.edit === 'backup') {
    const kept = primary.rrsets();
    timeline.at(Math.min(timeline.now + act.forMs, phase.endsAt - 1), () => {
      judge.ledgerTouched = true;
      judge.stale.clear();
      for (const { name, type } of primary.rrsets()) primary.remove(name, type);
      for (const rrset of kept) primary.put(rrset);
    });
    return;
  }
  const type = script.shape.alias ? 'CNAME' : 'A';
  const there = primary.find(sourceName, type);
  const server = members[act.to];
  if (there === undefined || server === undefined) return;
  if (act.edit === 'address')
    primary.put({ ...there, rdata: [script.shape.alias ? hostOf(server) : ipOf(server)] } as Rrset);
  if (act.edit === 'no-address') primary.remove(sourceName, type);
  if (act.edit === 'ttl') primary.put({ ...there, ttlSeconds: 3600 });
  const ledger = primary.find(ledgerOwner, 'TXT');
  if (act.edit !== 'no-ledger' || ledger === undefined) return;
  judge.ledgerTouched = true;
  judge.stale.clear();
  primary.remove(ledgerOwner, 'TXT');
  timeline.at(Math.min(timeline.now + act.forMs, phase.endsAt - 1), () => {
    if (ledgerIn(primary.rrsets()) === undefined) primary.put(ledger);
  });
}
