/** Opens the real client of a nameserver. What a test does not vary has one value here. */
import { systemClock } from '../../../src/daemon/clock.ts';
import type { DnsClient } from '../../../src/dns/client/dns-client.ts';
import { type NameserverOptions, openZoneClient } from '../../../src/dns/open-zone-client.ts';
import type { Clock } from '../../../src/ports.ts';

/** Where a nameserver listens. */
export interface Listening {
  readonly address: string;
  readonly port: number;
}

/** The nameserver as one that the client waits for after an update. */
export const verifyAt = ({ address, port }: Listening) => ({ host: address, port });

/** By our own packets over TCP, unless `options` differs. Throws the message of a failure. */
export async function openClient(
  { address, port }: Listening,
  options: Partial<NameserverOptions>,
  clock: Clock = systemClock,
): Promise<DnsClient> {
  const usual = { name: 'ns1', via: 'rfc2136', transport: 'tcp', fudgeMs: 30_000, timeoutMs: 5000 } as const;
  const opened = await openZoneClient({ ...usual, address, port, ...options }, clock);
  if (opened.kind === 'failed') throw new Error(opened.failure.message);
  return opened.client;
}
