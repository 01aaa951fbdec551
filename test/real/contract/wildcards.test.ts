/**
 * Tests a wildcard over names of ours on every available nameserver: what it answers is not stored, and stops
 * no move.
 */
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Change, Question, Rrset } from '../../../src/core/model/zone.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { BindPrograms } from '../../../src/lab/programs/bind-programs.ts';
import { formatTsigKey } from '../../../src/lab/servers/tsig-key.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { startNamed } from '../../support/servers/named-fixture.ts';
import { byVersion, everyBind, everyOther } from '../../support/servers/nameservers.ts';
import { soon } from './contract-run.ts';
import { openClient, verifyAt } from './open-client.ts';
import { isSteadyOn, ledgerOwner, type Service, sourceName, startService, zone } from './service-on-zone.ts';

const wildcard = '*.shop.lab.test.' as Fqdn;
const replicasName = 'replicas.shop.lab.test.' as Fqdn;
const srvName = `_mysql._tcp.${sourceName}` as Fqdn;
/** No replica has so little lag: the name stays withdrawn. */
const replicas = { name: replicasName, ttlSeconds: 5, maxLagMs: -1, whenEmpty: 'withdraw' } as const;
const ours: readonly Question[] = [
  { name: ledgerOwner, type: 'TXT' },
  { name: sourceName, type: 'A' },
  { name: sourceName, type: 'AAAA' },
  { name: srvName, type: 'SRV' },
  { name: replicasName, type: 'A' },
  { name: replicasName, type: 'CNAME' },
];
const a = (name: Fqdn, address: string): Rrset => ({ name, type: 'A', ttlSeconds: 5, rdata: [address] });
const answers: readonly Rrset[] = [
  a(wildcard, '192.0.2.99'),
  { name: wildcard, type: 'AAAA', ttlSeconds: 5, rdata: ['2001:db8::99'] },
  { name: wildcard, type: 'TXT', ttlSeconds: 5, rdata: [['v=spf1 -all']] },
  {
    name: wildcard,
    type: 'SRV',
    ttlSeconds: 5,
    rdata: [{ priority: 1, weight: 2, port: 3, target: sourceName }],
  },
];

/** One nameserver with an empty zone. */
interface Started {
  readonly address: string;
  readonly port: number;
  readonly keyText: string;
  readonly nsupdate?: string;
  readonly stop: () => Promise<void>;
}

const startBindZone = async (programs: BindPrograms, more = ''): Promise<Started> => {
  const statements = `zone "lab.test" { type primary; file "@folder@/lab.test.db"; ${more} update-policy { grant one zonesub ANY; }; };`;
  const { named, keys, keyText, stop } = await startNamed(statements, { programs });
  return {
    address: named.address,
    port: named.port,
    keyText: keyText(keys.one),
    nsupdate: programs.nsupdate,
    stop,
  };
};
const signed = 'dnssec-policy default; inline-signing no;';
const binds = byVersion(await everyBind());
const others = byVersion(await everyOther());

const subjects: readonly (readonly [string, () => Promise<Started>])[] = [
  ...binds.flatMap(([version, programs]) => [
    [`BIND ${version}`, () => startBindZone(programs)] as const,
    [`BIND ${version}, signed`, () => startBindZone(programs, signed)] as const,
  ]),
  ...others.flatMap(([title, { start }]) =>
    [false, true].map((isSigned) => {
      const begin = async (): Promise<Started> => {
        const { address, port, key, stop } = await start(['shop'], { signed: isSigned });
        return { address, port, keyText: formatTsigKey(key), stop };
      };
      return [isSigned ? `${title}, signed` : title, begin] as const;
    }),
  ),
];

/** Whether a question for the SOA with the DO bit (RFC 4035 3.2.1) gets a signature. */
async function isAnsweredSigned({ address, port }: Started): Promise<boolean> {
  const dig = await execa(
    binds[0]![1].dig,
    [`@${address}`, '-p', `${port}`, '+dnssec', '+short', 'SOA', 'lab.test'],
    { timeout: 20_000 },
  );
  return /^SOA \d+ \d+ /m.test(dig.stdout);
}

describe.each(subjects)('%s', (title, start) => {
  let nameserver: Started;
  let client: ZoneClient;
  const opened: ZoneClient[] = [];
  const open = async (via: 'rfc2136' | 'nsupdate' = 'rfc2136'): Promise<ZoneClient> => {
    const { keyText, nsupdate } = nameserver;
    const command = nsupdate === undefined ? {} : { nsupdateCommand: [nsupdate] };
    const options = { via, keyText, verify: [verifyAt(nameserver)], ...command };
    const client = await openClient(nameserver, options);
    opened.push(client);
    return client;
  };
  const change = async (changes: readonly Change[]): Promise<void> => {
    const plan = { zone, prerequisites: [], changes };
    expect(await client.update({ plan, notAfter: soon(), deadline: soon() })).toEqual({ kind: 'applied' });
  };
  const put = (rrsets: readonly Rrset[]) =>
    change(rrsets.map((rrset): Change => ({ kind: 'add-rrset', rrset })));
  const remove = (questions: readonly Question[]) =>
    change(questions.map(({ name, type }): Change => ({ kind: 'delete-rrset', name, type })));
  const read = async (reader: ZoneClient, anew = false) => {
    const reading = await reader.read({ zone, questions: ours, anew, deadline: soon() });
    if (reading.kind === 'failed') throw new Error(reading.failure.message);
    const words = (rrsets: readonly Rrset[] = []) =>
      rrsets.map(({ name, type }) => `${name} ${type}`).toSorted();
    return { stored: words(reading.rrsets), synthesized: words(reading.synthesized) };
  };

  beforeAll(async () => {
    nameserver = await start();
    client = await open();
  });
  afterAll(async () => {
    await Promise.all(opened.map((each) => each.close()));
    await nameserver.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test('the zone is signed, or not, as the case says', async () => {
    await expect
      .poll(() => isAnsweredSigned(nameserver), { timeout: 10_000 })
      .toBe(title.endsWith(', signed'));
  });

  test('the name is published and moves under a wildcard of every type, and no update is refused', async () => {
    await put(answers);
    const every = [...ours.slice(0, 5).map(({ name, type }) => `${name} ${type}`)].toSorted();
    expect(await read(client)).toEqual({ stored: [], synthesized: every });
    const service = startService(client, 5000, replicas);
    await service.until('the first publication', isSteadyOn('db1'));
    // It is raised by the first reading after the update, which may come after the steady decision.
    const isTold = ({ runtime }: Service): boolean =>
      runtime.snapshot().alarms.some(({ code, subject }) => code === 'wildcard' && subject === replicasName);
    await service.until('the alarm', isTold);
    service.promote('db2');
    await service.until('the move', isSteadyOn('db2'));
    expect(isTold(service)).toBe(true);
    await service.stop();
    expect(service.records.filter(({ kind }) => kind === 'update-failed')).toEqual([]);
    // The source's name exists now, so no wildcard answers for any type of it.
    expect(await read(await open())).toEqual({
      stored: [`${ledgerOwner} TXT`, `${srvName} SRV`, `${sourceName} A`].toSorted(),
      synthesized: [`${replicasName} A`],
    });
  });

  test('an RRset that says just what the wildcard says is stored all the same, until it is deleted by hand', async () => {
    const same = a(replicasName, '192.0.2.99');
    await put([same]);
    const ways =
      nameserver.nsupdate === undefined ? (['rfc2136'] as const) : (['rfc2136', 'nsupdate'] as const);
    for (const way of ways) expect((await read(await open(way))).stored).toContain(`${replicasName} A`);
    const reader = await open();
    expect((await read(reader)).synthesized).toEqual([]);
    await remove([same]);
    for (const way of ways) expect((await read(await open(way))).synthesized).toEqual([`${replicasName} A`]);
    // The answer is the same as before: only a new question shows the difference.
    expect((await read(reader, true)).synthesized).toEqual([`${replicasName} A`]);
  });

  test('a wildcard that comes later, or goes, changes nothing of what is stored', async () => {
    await remove(answers);
    const reader = await open();
    const stored = [`${ledgerOwner} TXT`, `${srvName} SRV`, `${sourceName} A`].toSorted();
    expect(await read(reader)).toEqual({ stored, synthesized: [] });
    await put([{ name: wildcard, type: 'CNAME', ttlSeconds: 5, rdata: [sourceName] }]);
    expect(await read(reader)).toEqual({ stored, synthesized: [`${replicasName} CNAME`] });
    await remove([{ name: wildcard, type: 'CNAME' }]);
    expect(await read(reader)).toEqual({ stored, synthesized: [] });
  });

  describe('a CNAME that leads back to itself', () => {
    const loop = 'loop.shop.lab.test.' as Fqdn;
    const alias = (name: Fqdn, target: Fqdn): Rrset => ({
      name,
      type: 'CNAME',
      ttlSeconds: 5,
      rdata: [target],
    });
    const published = [`${ledgerOwner} TXT`, `${srvName} SRV`, `${sourceName} A`].toSorted();
    const wildcardAlarm = ({ runtime }: Service) =>
      runtime.snapshot().alarms.find(({ code, subject }) => code === 'wildcard' && subject === replicasName);
    const move = async (service: Service, to: 'db1' | 'db2'): Promise<void> => {
      service.promote(to);
      await service.until('the move', isSteadyOn(to));
    };
    const end = async (service: Service): Promise<void> => {
      await service.stop();
      expect(service.records.filter(({ kind }) => kind === 'update-failed')).toEqual([]);
    };
    beforeEach(() => remove([...ours, { name: wildcard, type: 'CNAME' }]));

    test.each([sourceName, loop, wildcard])(
      '* CNAME %s: nothing is stored, and the zone is found',
      async (target) => {
        await put([alias(wildcard, target)]);
        const reader = await open();
        expect((await read(reader)).stored).toEqual([]);
        // The zone is not configured: the nameserver tells it.
        expect(await reader.read({ questions: ours, deadline: soon() })).toMatchObject({
          kind: 'read',
          zone,
          rrsets: [],
        });
      },
    );

    test('there before: the name is published and moves, without the replicas, whose alarm says what to do', async () => {
      await put([alias(wildcard, loop)]);
      const service = startService(client, 5000, replicas);
      await service.until('the first publication', isSteadyOn('db1'));
      await move(service, 'db2');
      await service.until('the alarm', (now) => wildcardAlarm(now) !== undefined);
      expect(wildcardAlarm(service)?.sentence).toMatch(/\*\.shop\.lab\.test\.|CNAME loop\.shop\.lab\.test\./);
      expect(wildcardAlarm(service)?.sentence).toContain('Remove the wildcard');
      await end(service);
      // Another one, that remembers nothing, asks beside the source's name and gets SERVFAIL there.
      for (const anew of [false, true]) expect((await read(await open(), anew)).stored).toEqual(published);
    });

    test('added later: the name moves on', async () => {
      const service = startService(client, 5000, replicas);
      await service.until('the first publication', isSteadyOn('db1'));
      await put([alias(wildcard, loop)]);
      await service.until('the alarm', (now) => wildcardAlarm(now) !== undefined);
      await move(service, 'db2');
      await remove([{ name: wildcard, type: 'CNAME' }]);
      await service.until('the end of the alarm', (now) => wildcardAlarm(now) === undefined);
      await end(service);
    });

    test("stored at the replicas' name: it is read, and removed", async () => {
      await put([alias(replicasName, replicasName)]);
      expect((await read(await open())).stored).toEqual([`${replicasName} CNAME`]);
      const service = startService(client, 5000, replicas);
      await service.until('the first publication', isSteadyOn('db1'));
      await move(service, 'db2');
      await end(service);
    });
  });
});
