/**
 * Runs the contract of ZoneClient on every available Knot DNS and PowerDNS: the same suite, with their
 * differences as named expectations.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { formatTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import type { ForeignNameserver } from '../../support/servers/foreign-nameserver.ts';
import { byVersion, everyOther } from '../../support/servers/nameservers.ts';
import { bindDifferences, type Differences, type Subject, variedKeyText } from '../../support/subject.ts';
import { zoneClientContract } from '../../support/zone-client.contract.ts';
import { openClient, verifyAt } from './open-client.ts';

const clusters = ['shop', 'blog'] as const;

/** Knot 3.2 and 3.4. */
const knotDifferences: Differences = {
  ...bindDifferences,
  denied: { outcome: 'unknown zone-not-served', rest: 'kept' },
  otherZone: ['unknown zone-not-served', 'query-refused'],
  ttlAlone: 'ignored',
};

/** PowerDNS 4.7 and 4.9: no TSIG errors, and TXT compares without case. */
const powerdnsDifferences: Differences = {
  ...bindDifferences,
  denied: { outcome: 'applied', rest: 'changed' },
  wrongSecret: ['unknown tsig-badkey', 'tsig-badkey'],
  aliasBesideAddress: 'refused update-refused',
  wrongClock: { outcome: 'unknown tsig-badkey', seconds: false },
  txtCase: 'applied',
};

const differencesOf = { Knot: knotDifferences, PowerDNS: powerdnsDifferences };

describe.each(byVersion(await everyOther()))('%s', (_version, { product, start }) => {
  let nameserver: ForeignNameserver;
  let deadPort: number;

  beforeAll(async () => {
    nameserver = await start(clusters);
    deadPort = await findFreePort(['127.0.0.1'], { udp: true });
  });
  afterAll(async () => {
    await nameserver.stop();
    expect(livingProcesses()).toEqual([]);
  });

  const subjectOf = (transport: 'tcp' | 'udp'): Subject => ({
    zone: `${nameserver.zone}.` as Fqdn,
    clusters,
    nameservers: 1,
    differences: differencesOf[product],
    open: async (variation = {}) => {
      const { address, port, key } = nameserver;
      const options = {
        transport,
        keyText: variedKeyText(formatTsigKey(key), variation),
        timeoutMs: variation.hasty && transport === 'udp' ? 400 : 2000,
        verify: [verifyAt(nameserver)],
      };
      return openClient({ address, port: variation.down ? deadPort : port }, options, variation.clock);
    },
  });

  zoneClientContract('rfc2136 over TCP', () => subjectOf('tcp'), { setClock: true });
  zoneClientContract('rfc2136 over UDP', () => subjectOf('udp'), { setClock: true });
});
