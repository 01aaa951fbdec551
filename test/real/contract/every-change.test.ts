/** Tests every prerequisite and change of RFC 2136 on a real BIND, with our own packets and with nsupdate. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Question, Rrset } from '../../../src/core/model/zone.ts';
import type { DnsClient } from '../../../src/dns/client/dns-client.ts';
import type { AnyChange, AnyPrerequisite } from '../../../src/dns/message/update.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { byVersion, everyBind } from '../../support/servers/nameservers.ts';
import { openAt, soon } from './bind-subject.ts';

describe.each(byVersion(await everyBind()))('BIND %s', (_version, programs) => {
  let bind: BindFixture;
  beforeAll(async () => {
    bind = await startBind({ programs });
  });
  afterAll(async () => {
    await bind.stop();
    expect(livingProcesses()).toEqual([]);
  });

  describe.each(['rfc2136', 'nsupdate'] as const)('%s', (via) => {
    let client: DnsClient;
    let zone: Fqdn;
    let name: Fqdn;
    let absent: Fqdn;
    beforeAll(async () => {
      client = await openAt(bind, { via });
      zone = `${bind.zone}.` as Fqdn;
      name = `source.shop.${zone}` as Fqdn;
      absent = `nobody.${zone}` as Fqdn;
      expect(await send([], [{ kind: 'delete-name', name }])).toBe('applied');
    });
    afterAll(() => client.close());

    const a = (...rdata: readonly string[]): Rrset => ({ name, type: 'A', ttlSeconds: 5, rdata });
    const aaaa = (...rdata: readonly string[]): Rrset => ({ name, type: 'AAAA', ttlSeconds: 5, rdata });
    const send = async (prerequisites: readonly AnyPrerequisite[], changes: readonly AnyChange[]) => {
      const outcome = await client.update({
        plan: { zone, prerequisites, changes },
        notAfter: soon(),
        deadline: soon(),
      });
      return outcome.kind === 'refused' ? (outcome.rcode ?? outcome.failure.code) : outcome.kind;
    };
    const read = async (...types: readonly Question['type'][]) => {
      const reading = await client.read({
        zone,
        questions: types.map((type) => ({ name, type })),
        deadline: soon(),
      });
      if (reading.kind === 'failed') throw new Error(reading.failure.message);
      return reading.rrsets.map((rrset) => ({ ...rrset, rdata: [...rrset.rdata].sort() }));
    };

    test('2.4.1 to 2.4.5: each prerequisite holds, or not, by what is in the zone', async () => {
      expect(await send([], [{ kind: 'add-rrset', rrset: a('192.0.2.1', '192.0.2.2') }])).toBe('applied');
      const cases: readonly (readonly [AnyPrerequisite, string])[] = [
        [{ kind: 'rrset-exists', name, type: 'A' }, 'applied'],
        [{ kind: 'rrset-exists', name, type: 'AAAA' }, 'NXRRSET'],
        [{ kind: 'rrset-exists', name: absent, type: 'A' }, 'NXRRSET'],
        [{ kind: 'rrset-is', rrset: a('192.0.2.2', '192.0.2.1') }, 'applied'],
        [{ kind: 'rrset-is', rrset: a('192.0.2.1') }, 'NXRRSET'],
        [{ kind: 'rrset-absent', name, type: 'AAAA' }, 'applied'],
        [{ kind: 'rrset-absent', name, type: 'A' }, 'YXRRSET'],
        [{ kind: 'name-in-use', name }, 'applied'],
        [{ kind: 'name-in-use', name: absent }, 'NXDOMAIN'],
        [{ kind: 'name-not-in-use', name: absent }, 'applied'],
        [{ kind: 'name-not-in-use', name }, 'YXDOMAIN'],
        // shop.<zone> has names below it, and no RR itself: RFC 2136 2.4.4 needs an RR.
        [{ kind: 'name-in-use', name: `shop.${zone}` as Fqdn }, 'NXDOMAIN'],
      ];
      for (const [prerequisite, expected] of cases)
        expect([prerequisite.kind, await send([prerequisite], [])]).toEqual([prerequisite.kind, expected]);
      expect(
        await send(
          cases.filter(([, expected]) => expected === 'applied').map(([prerequisite]) => prerequisite),
          [],
        ),
      ).toBe('applied');
    });

    test('2.5.1 to 2.5.4: an update adds an RR, deletes an RR, deletes an RRset, and deletes all RRs of a name', async () => {
      expect(
        await send(
          [],
          [
            { kind: 'add-rrset', rrset: aaaa('::ffff:192.0.2.9', '2001:db8::1') },
            { kind: 'add-rrset', rrset: a('192.0.2.3') },
          ],
        ),
      ).toBe('applied');
      expect(await read('A', 'AAAA')).toEqual([
        a('192.0.2.1', '192.0.2.2', '192.0.2.3'),
        aaaa('2001:db8::1', '::ffff:192.0.2.9'),
      ]);
      const gone: Rrset = { ...a('192.0.2.1', '192.0.2.3', '192.0.2.77'), ttlSeconds: 300 };
      expect(await send([], [{ kind: 'delete-rrs', rrset: gone }])).toBe('applied');
      expect(await read('A')).toEqual([a('192.0.2.2')]);
      expect(await send([], [{ kind: 'delete-rrs', rrset: aaaa('0:0:0:0:0:FFFF:C000:0209') }])).toBe(
        'applied',
      );
      expect(await read('AAAA')).toEqual([aaaa('2001:db8::1')]);
      expect(await send([], [{ kind: 'delete-rrset', name, type: 'A' }])).toBe('applied');
      expect(await read('A', 'AAAA')).toMatchObject([{ type: 'AAAA' }]);
      expect(await send([{ kind: 'name-in-use', name }], [{ kind: 'delete-name', name }])).toBe('applied');
      expect(await read('A', 'AAAA')).toEqual([]);
      expect(await send([{ kind: 'name-not-in-use', name }], [])).toBe('applied');
    });

    test('an update deletes all RRs of a name only where the key may change each type', async () => {
      expect(await send([], [{ kind: 'delete-name', name: `ns1.${zone}` as Fqdn }])).toBe('REFUSED');
    });
  });
});
