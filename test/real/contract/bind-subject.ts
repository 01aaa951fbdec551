/** A real BIND and its clients, for tests outside of the contract's suite. */
import type { MonoMs } from '../../../src/core/model/units.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import type { DnsClient } from '../../../src/dns/client/dns-client.ts';
import type { NameserverOptions } from '../../../src/dns/open-zone-client.ts';
import type { Clock } from '../../../src/ports.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import type { NamedFixture } from '../../support/servers/named-fixture.ts';
import { openClient, verifyAt } from './open-client.ts';

export const soon = (ms = 5000) => (systemClock.mono() + ms) as MonoMs;

export const startBindFor = (...clusters: readonly string[]): Promise<BindFixture> => startBind({ clusters });

/**
 * A client of a named with the configuration of the test, with key `one`, over TCP. Only that named is waited
 * for.
 */
export function openOn({ named, keys, keyText }: NamedFixture, timeoutMs = 5000): Promise<DnsClient> {
  return openClient(named, { keyText: keyText(keys.one), timeoutMs, verify: [verifyAt(named)] });
}

/** A client with the key that may update, apart from the given options. */
export function openAt(
  bind: BindFixture,
  options: Partial<NameserverOptions> = {},
  clock: Clock = systemClock,
): Promise<DnsClient> {
  const usual = {
    keyFile: bind.keyFile,
    verify: [bind.primary, bind.secondary].map(verifyAt),
    nsupdateCommand: [bind.programs.nsupdate],
  };
  return openClient(bind.primary, { ...usual, ...options }, clock);
}
