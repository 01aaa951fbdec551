/** Somebody edits the zone by hand. */

import { findRrset } from '../../src/core/zone.ts';
import type { Act } from './script.ts';
import { addresses, ipOf, ledgerOwner, sourceName } from './settings.ts';
import { ledgerIn } from './sight.ts';
import type { World } from './world-types.ts';

/** A ledger that was taken away is put back later, if nobody wrote another one meanwhile. */
export function byHand({ nameserver, judge, timeline, script }: World, act: Act & { kind: 'hand' }): void {
  const { zone } = nameserver;
  const there = zone.find(sourceName, 'A');
  if (there === undefined || there.type !== 'A') return;
  const address = ipOf(addresses[act.to] as (typeof addresses)[number]);
  if (act.edit === 'address') nameserver.byHand(() => zone.put({ ...there, rdata: [address] }));
  if (act.edit === 'no-address') nameserver.byHand(() => zone.remove(sourceName, 'A'));
  if (act.edit === 'ttl') nameserver.byHand(() => zone.put({ ...there, ttlSeconds: 3600 }));
  const ledger = findRrset(zone.all(), ledgerOwner, 'TXT');
  if (act.edit !== 'no-ledger' || ledger === undefined) return;
  judge.ledgerTouched = true;
  judge.stale.clear();
  nameserver.byHand(() => zone.remove(ledgerOwner, 'TXT'));
  timeline.at(Math.min(timeline.now + act.forMs, script.calmAt - 1), () => {
    if (ledgerIn(zone.all()) === undefined) nameserver.byHand(() => zone.put(ledger));
  });
}
