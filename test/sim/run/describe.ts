/** Events as the readable log tells them. */

import type { Event } from '../../../src/core/model/events.ts';
import { isWritable, type Probe, type Unasked } from '../../../src/core/model/observation.ts';
import type { ZoneReading } from '../../../src/core/model/zone.ts';
import { sourceName } from '../world/settings.ts';
import { ledgerIn } from '../world/sight.ts';

export function describeEvent(event: Event): string {
  switch (event.kind) {
    case 'observed':
      return `observed ${event.server} ${describeProbe(event.probe)}`;
    case 'resolved':
      return `resolved ${event.server} ${event.addresses?.join(' ') ?? 'not'}`;
    case 'address-tried':
      return `address-tried ${event.server} ${describeProbe(event.probe)}`;
    case 'zone-read':
      return `zone-read ${describeReading(event.reading)}`;
    case 'update-done':
      return `update-done ${event.outcome.kind}`;
    case 'fenced':
      return `fenced ${event.server} ${JSON.stringify(event.result)}`;
    case 'command':
      return `command ${JSON.stringify(event.command)}`;
    default:
      return event.kind;
  }
}

function describeProbe(probe: Probe | Unasked): string {
  if (probe.kind !== 'reachable') return `${probe.kind} ${probe.failure.code}`;
  const channels = probe.facts.channels.map((channel) => ` ${channel.receiver} ${channel.sourceAddress}`);
  const group =
    probe.facts.group?.members.map(({ id, state, role }) => ` ${id.slice(-1)} ${state} ${role}`) ?? [];
  return `${isWritable(probe.facts) ? 'WRITABLE' : 'read-only'}${channels.join('')}${group.join()}`;
}

function describeReading(reading: ZoneReading): string {
  if (reading.kind === 'failed') return 'failed';
  const shown = reading.rrsets
    .flatMap((rrset) =>
      (rrset.name === sourceName && rrset.type === 'A') || rrset.type === 'CNAME' ? rrset.rdata : [],
    )
    .join(' ');
  const ledger = ledgerIn(reading.rrsets);
  if (ledger === undefined) return `${shown} without a ledger`;
  const was = ledger.was.map((former) => ` was ${former.address}`).join('');
  return `${shown} epoch ${ledger.epoch} ${ledger.source} by ${ledger.by} try ${ledger.try}${was}${ledger.frozen ? ' frozen' : ''}`;
}
