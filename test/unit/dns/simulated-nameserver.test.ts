/**
 * The contract of ZoneClient on our simulated nameserver, which needs only Node. So the simulator keeps the
 * same contract as BIND.
 */
import { afterAll, beforeAll } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import { openZoneClient } from '../../../src/dns/open-zone-client.ts';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { formatTsigKey, generateTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import { SimulatedNameserver } from '../../sim/world/simulated-nameserver.ts';
import { SimulatedZone } from '../../sim/world/simulated-zone.ts';
import { type FakeNameserver, startFakeNameserver } from '../../support/fake-nameserver.ts';
import { bindDifferences, type Subject, variedKeyText } from '../../support/subject.ts';
import { zoneClientContract } from '../../support/zone-client.contract.ts';

const clusters = ['shop', 'blog'] as const;
const zone = 'lab.test.' as Fqdn;
const key = generateTsigKey('source-dns-key');
const serverKey = {
  name: 'source-dns-key.' as Fqdn,
  digest: 'sha256',
  secret: Buffer.from(key.secret, 'base64'),
} as const;
const owners = clusters.flatMap((cluster) =>
  ['source', '_source-dns.source', '_mysql._tcp.source'].map(
    (label) => `${label}.${cluster}.${zone}` as Fqdn,
  ),
);

let running: readonly FakeNameserver[];
let deadPort: number;

beforeAll(async () => {
  const zoneOf = new SimulatedZone(zone);
  const common = { zone: zoneOf, keys: [serverKey], clock: systemClock };
  const primary = new SimulatedNameserver({
    ...common,
    grants: new Map([[serverKey.name, new Set(owners)]]),
  });
  const secondary = new SimulatedNameserver({ ...common, grants: new Map() });
  running = await Promise.all(
    [primary, secondary].map((nameserver) =>
      startFakeNameserver((message, reply, over) => {
        const answer = nameserver.receive(message, over);
        if (answer !== undefined) reply(answer);
      }),
    ),
  );
  deadPort = await findFreePort(['127.0.0.1'], { udp: true });
});
afterAll(async () => {
  await Promise.all(running.map((nameserver) => nameserver.close()));
});

const subjectOf = (transport: 'tcp' | 'udp'): Subject => ({
  zone,
  clusters,
  nameservers: 2,
  differences: bindDifferences,
  open: async (variation = {}) => {
    const options = {
      name: 'ns1',
      address: '127.0.0.1',
      port: variation.down ? deadPort : running[0]!.port,
      via: 'rfc2136',
      transport,
      keyText: variedKeyText(formatTsigKey(key), variation),
      fudgeMs: 30_000,
      timeoutMs: variation.hasty ? 400 : 2000,
      verify: running.map(({ port }) => ({ host: '127.0.0.1', port })),
    } as const;
    const opened = await openZoneClient(options, variation.clock ?? systemClock);
    if (opened.kind === 'failed') throw new Error(opened.failure.message);
    return opened.client;
  },
});

zoneClientContract('a simulated nameserver over TCP', () => subjectOf('tcp'), { setClock: true });
zoneClientContract('a simulated nameserver over UDP', () => subjectOf('udp'), { setClock: true });
