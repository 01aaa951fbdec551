/**
 * Tests the questions of `source-dns check` on every available BIND: rights, clocks, TTLs, serials, and that
 * nothing is left behind.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn, WallMs } from '../../../src/core/model/units.ts';
import type { Question, RrType } from '../../../src/core/model/zone.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { byVersion, everyBind } from '../../support/servers/nameservers.ts';
import { openAt, soon } from './bind-subject.ts';

describe.each(byVersion(await everyBind()))('BIND %s', (_version, programs) => {
  let bind: BindFixture;
  let zone: Fqdn;
  beforeAll(async () => {
    bind = await startBind({ programs });
    zone = `${bind.zone}.` as Fqdn;
  });
  afterAll(async () => {
    await bind.stop();
    expect(livingProcesses()).toEqual([]);
  });

  /** All RRsets that a publication of `shop` may write. */
  const published = (): readonly Question[] => {
    const of = (name: string, ...types: readonly RrType[]) =>
      types.map((type) => ({ name: `${name}.${zone}` as Fqdn, type }));
    return [
      ...of('source.shop', 'A', 'AAAA', 'CNAME'),
      ...of('_source-dns.source.shop', 'TXT'),
      ...of('_mysql._tcp.source.shop', 'SRV'),
      ...of('replicas.shop', 'A', 'AAAA'),
    ];
  };

  /** The serials of both, just before and just after. */
  async function withSerials<T>(
    look: () => Promise<T>,
  ): Promise<{ readonly found: T; readonly serials: readonly number[] }> {
    const before = await bind.primary.awaitSerial(1, 5000);
    const found = await look();
    return { found, serials: [before, await bind.primary.awaitSerial(1, 5000)] };
  }

  describe.each([
    ['rfc2136', 'tcp'],
    ['rfc2136', 'udp'],
    ['nsupdate', 'tcp'],
  ] as const)('rights by %s over %s', (via, transport) => {
    const rights = async (rrsets: readonly Question[], options = {}) => {
      const client = await openAt(bind, { via, transport, ...options });
      const { found, serials } = await withSerials(() =>
        client.inspection.rights({ zone, rrsets, deadline: soon() }),
      );
      await client.close();
      // No trace: the serial is the same, so there is no journal entry, no NOTIFY, and no transfer.
      expect(serials[1]).toBe(serials[0]);
      expect(found.map(({ name, type }) => ({ name, type }))).toEqual(rrsets);
      return found.map((right) =>
        right.right === 'granted' ? 'granted' : `${right.right} ${right.failure.code}`,
      );
    };

    test('all rights are found where everything is granted, whether nothing or everything is published already', async () => {
      expect(await rights(published())).toEqual(published().map(() => 'granted'));
      const client = await openAt(bind);
      const name = `source.shop.${zone}` as Fqdn;
      const rrset = { name, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] } as const;
      const text = {
        name: `_source-dns.${name}` as Fqdn,
        type: 'TXT',
        ttlSeconds: 5,
        rdata: [['v=1']],
      } as const;
      const update = (changes: Parameters<typeof client.update>[0]['plan']['changes']) =>
        client.update({ plan: { zone, prerequisites: [], changes }, notAfter: soon(), deadline: soon() });
      expect(await update([rrset, text].map((added) => ({ kind: 'add-rrset', rrset: added })))).toEqual({
        kind: 'applied',
      });
      expect(await rights(published())).toEqual(published().map(() => 'granted'));
      expect(await client.read({ zone, questions: [rrset, text], deadline: soon() })).toEqual({
        kind: 'read',
        zone,
        rrsets: [rrset, text],
      });
      expect(
        await update([rrset, text].map(({ name: owner }) => ({ kind: 'delete-name', name: owner }))),
      ).toEqual({ kind: 'applied' });
      await client.close();
    });

    test('missing rights are told from granted rights, by name and by type', async () => {
      const asked: readonly Question[] = [
        ...published().slice(0, 2),
        { name: `source.shop.${zone}` as Fqdn, type: 'SRV' },
        { name: `source.blog.${zone}` as Fqdn, type: 'A' },
        { name: 'source.elsewhere.test.' as Fqdn, type: 'A' },
        ...published().slice(3),
      ];
      const denied = 'denied update-refused';
      expect(await rights(asked)).toEqual([
        'granted',
        'granted',
        denied,
        denied,
        'unknown not-in-zone',
        ...published()
          .slice(3)
          .map(() => 'granted'),
      ]);
    });

    test('another secret, another key name and a missing nameserver give unknown, with the reason', async () => {
      const text = await readFile(bind.keyFile, 'utf8');
      const asked = published().slice(0, 2);
      const wrong = {
        keyText: text.replace(/secret "[^"]+"/, `secret "${Buffer.alloc(32, 7).toString('base64')}"`),
        timeoutMs: 500,
      };
      expect(await rights(asked, wrong)).toEqual(asked.map(() => 'unknown tsig-badsig'));
      const unknown = { keyText: text.replace(bind.keyName, 'nobody'), timeoutMs: 500 };
      expect(await rights(asked, unknown)).toEqual(asked.map(() => 'unknown tsig-badkey'));
    });
  });

  describe('clocks and TTLs', () => {
    const aheadBy = async (ms: number) => {
      const client = await openAt(
        bind,
        {},
        { ...systemClock, wall: () => (systemClock.wall() - ms) as WallMs },
      );
      const reading = await client.inspection.soa(zone, soon());
      await client.close();
      return reading;
    };

    test('a clock that is the same within a second is found', async () => {
      const reading = await aheadBy(0);
      expect(reading).toMatchObject({
        kind: 'soa',
        soa: {
          primary: `ns1.${zone}`,
          serial: await bind.primary.awaitSerial(1, 5000),
          mailbox: `hostmaster.${zone}`,
          refreshSeconds: 10,
          retrySeconds: 2,
          expireSeconds: 604_800,
        },
      });
      expect(Math.abs(reading.clockAheadSeconds!)).toBeLessThanOrEqual(1);
    });

    test('the negative TTL is the smaller of MINIMUM and the TTL of the SOA', async () => {
      // bind-config/zone.db: TTL 60, minimum 1.
      expect(await aheadBy(0)).toMatchObject({ soa: { negativeTtlSeconds: 1 } });
    });

    test.each([
      [20, 'soa'],
      [-20, 'soa'],
      [1000, 'failed'],
      [-1000, 'failed'],
    ])('a nameserver that is %i s ahead is found, also beyond the fudge', async (seconds, kind) => {
      const reading = await aheadBy(seconds * 1000);
      expect(reading.kind).toBe(kind);
      expect(Math.abs(reading.clockAheadSeconds! - seconds)).toBeLessThanOrEqual(1);
      if (reading.kind === 'failed') expect(reading.failure.code).toBe('tsig-badtime');
    });

    test('the clock is unknown without a key', async () => {
      const client = await openAt(bind, { keyText: undefined, keyFile: undefined } as never);
      const reading = await client.inspection.soa(zone, soon());
      expect(reading).toMatchObject({ kind: 'soa' });
      expect(reading).not.toHaveProperty('clockAheadSeconds');
      expect(await client.inspection.soa('elsewhere.test.' as Fqdn, soon())).toMatchObject({
        kind: 'failed',
        failure: { code: 'query-refused' },
      });
      expect(await client.inspection.soa(`ns1.${zone}` as Fqdn, soon())).toMatchObject({
        kind: 'failed',
        failure: { code: 'zone-not-found' },
      });
      await client.close();
    });
  });

  test('serials in step are found; a secondary that is away is unknown; without the primary everything is unknown', async () => {
    const client = await openAt(bind, { timeoutMs: 1000 });
    const look = () => client.inspection.serials(zone, soon());
    const serial = await bind.primary.awaitSerial(1, 5000);
    await bind.secondary.awaitSerial(serial, 20_000);
    const at = (port: number) => `127.0.0.1:${port}`;
    const [one, two] = [at(bind.primary.port), at(bind.secondary.port)];
    expect(await look()).toEqual({
      kind: 'serials',
      serial,
      nameservers: [
        { nameserver: one, step: 'in-step', serial },
        { nameserver: two, step: 'in-step', serial },
      ],
    });
    await bind.secondary.stop();
    expect(await look()).toMatchObject({
      nameservers: [
        { step: 'in-step' },
        { nameserver: two, step: 'unknown', failure: { code: 'connection-refused' } },
      ],
    });
    await bind.primary.stop();
    expect(await look()).toMatchObject({ kind: 'failed', failure: { code: 'connection-refused' } });
    await client.close();
  });
});
