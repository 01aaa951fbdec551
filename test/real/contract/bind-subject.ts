/** A real BIND and its clients, for tests outside of the contract's suite. */
import type { MonoMs } from '../../../src/core/model/units.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import type { DnsClient } from '../../../src/dns/client/dns-client.ts';
import { type NameserverOptions, openZoneClient } from '../../../src/dns/open-zone-client.ts';
import type { Clock } from '../../../src/ports.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import type { NamedFixture } from '../../support/servers/named-fixture.ts';

export const soon = (ms = 5000) => (systemClock.mono() + ms) as MonoMs;

export const startBindFor = (...clusters: readonly string[]): Promise<BindFixture> => startBind({ clusters });

/**
 * A client of a named with the configuration of the test, with key `one`, over TCP. Only that named is waited
 * for.
 */
export async function openOn({ named, keys, keyText }: NamedFixture, timeoutMs = 5000): Promise<DnsClient> {
  const { address: host, port } = named;
  const way = { via: 'rfc2136', transport: 'tcp', keyText: keyText(keys.one) } as const;
  const options = {
    name: 'ns1',
    address: host,
    port,
    ...way,
    fudgeMs: 30_000,
    timeoutMs,
    verify: [{ host, port }],
  };
  const opened = await openZoneClient(options, systemClock);
  if (opened.kind === 'failed') throw new Error(opened.failure.message);
  return opened.client;
}

/** A client with the key that may update, apart from the given options. */
export async function openAt(
  bind: BindFixture,
  options: Partial<NameserverOptions> = {},
  clock: Clock = systemClock,
): Promise<DnsClient> {
  const { address, port } = bind.primary;
  const opened = await openZoneClient(
    {
      name: 'ns1',
      address,
      port,
      via: 'rfc2136',
      transport: 'tcp',
      keyFile: bind.keyFile,
      fudgeMs: 30_000,
      timeoutMs: 5000,
      verify: [bind.primary, bind.secondary].map((named) => ({ host: named.address, port: named.port })),
      nsupdateCommand: [bind.programs.nsupdate],
      ...options,
    },
    clock,
  );
  if (opened.kind === 'failed') throw new Error(opened.failure.message);
  return opened.client;
}
