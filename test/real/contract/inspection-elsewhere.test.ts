/**
 * Tests the questions of `source-dns check` on nameservers other than BIND: each has its own order of checks,
 * and signs its refusals or not.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn, WallMs } from '../../../src/core/model/units.ts';
import type { Question, RrType } from '../../../src/core/model/zone.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import type { DnsClient } from '../../../src/dns/client/dns-client.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { formatTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import type { ForeignNameserver } from '../../support/servers/foreign-nameserver.ts';
import { byVersion, everyOther } from '../../support/servers/nameservers.ts';
import { soon } from './contract-run.ts';
import { openClient } from './open-client.ts';

const zone = 'lab.test.' as Fqdn;
const of = (name: string, ...types: readonly RrType[]): readonly Question[] =>
  types.map((type) => ({ name: `${name}.${zone}` as Fqdn, type }));
/** All RRsets that a publication of `shop` may write. */
const published: readonly Question[] = [
  ...of('source.shop', 'A', 'AAAA', 'CNAME'),
  ...of('_source-dns.source.shop', 'TXT'),
  ...of('_mysql._tcp.source.shop', 'SRV'),
  ...of('replicas.shop', 'A', 'AAAA'),
];

const tells = {
  Knot: { denied: 'unknown zone-not-served', time: true },
  // The policy of this nameserver is by zone, not by name. It signs with the time of the question.
  PowerDNS: { denied: 'granted', time: false },
} as const;

describe.each(byVersion(await everyOther()))('%s', (_version, { product, start }) => {
  let server: ForeignNameserver;
  beforeAll(async () => {
    server = await start(['shop']);
  });
  afterAll(async () => {
    await server.stop();
    expect(livingProcesses()).toEqual([]);
  });

  const openIt = (behindMs: number): Promise<DnsClient> => {
    const clock = { ...systemClock, wall: () => (systemClock.wall() - behindMs) as WallMs };
    return openClient(server, { keyText: formatTsigKey(server.key) }, clock);
  };

  test('the inspection finds the rights, and leaves no trace', async () => {
    const client = await openIt(0);
    const asked: readonly Question[] = [...published, ...of('source.blog', 'A')];
    const look = () => client.inspection.rights({ zone, rrsets: asked, deadline: soon(10_000) });
    // This test comes first, so that nothing is known of the key.
    const rights = await look();
    const before = await client.inspection.soa(zone, soon());
    expect(await look()).toEqual(rights);
    const words = rights.map((right) =>
      right.right === 'granted' ? 'granted' : `${right.right} ${right.failure.code}`,
    );
    expect(words).toEqual([...published.map(() => 'granted'), tells[product].denied]);
    const after = await client.inspection.soa(zone, soon());
    if (before.kind === 'failed' || after.kind === 'failed') throw new Error('no SOA');
    expect(after.soa.serial).toBe(before.soa.serial);
    await client.close();
  });

  test.each([0, 20])('the inspection finds a clock that is %i s ahead of ours', async (seconds) => {
    const client = await openIt(seconds * 1000);
    const { clockAheadSeconds } = await client.inspection.soa(zone, soon());
    if (tells[product].time) expect(Math.abs(clockAheadSeconds! - seconds)).toBeLessThanOrEqual(1);
    else expect(clockAheadSeconds).toBeUndefined();
    await client.close();
  });
});
