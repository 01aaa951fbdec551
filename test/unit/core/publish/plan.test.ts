/** Shows the prerequisites and updates of an UPDATE message. */

import { describe, expect, test } from 'vitest';
import { writeLedger } from '../../../../src/core/model/ledger-text.ts';
import type { Rrset, Wanted } from '../../../../src/core/model/zone.ts';
import { wantedForForm } from '../../../../src/core/publish/desired.ts';
import { differs, planUpdate } from '../../../../src/core/publish/plan.ts';
import { createFakeZone } from '../../../support/fake-zone.ts';
import { fqdn, ledgerOf, publicationSettings, random, viewOf } from '../../../support/given.ts';

const settings = publicationSettings();
const name = settings.source.name;
const a = (...rdata: string[]): Rrset => ({ name, type: 'A', ttlSeconds: 5, rdata });
const cname = (target: string): Rrset => ({ name, type: 'CNAME', ttlSeconds: 5, rdata: [target] });
const ledger = ledgerOf('db2', { epoch: 8, try: 'new' });
const old: Rrset = {
  name: fqdn(`_source-dns.${name}`),
  type: 'TXT',
  ttlSeconds: 5,
  rdata: [writeLedger(ledgerOf('db1'))],
};
const address = wantedForForm(settings, { type: 'address', ttlSeconds: 5, targets: ['192.0.2.2'] }, 3306);

const planFor = (rrsets: readonly Rrset[], wanted: readonly Wanted[] = address) =>
  planUpdate(settings, viewOf(undefined, rrsets), ledger, wanted);

describe('one UPDATE message', () => {
  test('requires exactly what was read: the ledger, and every RRset that is named', () => {
    expect(planFor([a('192.0.2.1'), old]).prerequisites).toEqual([
      { kind: 'rrset-is', rrset: a('192.0.2.1') },
      { kind: 'rrset-absent', name, type: 'AAAA' },
      { kind: 'rrset-absent', name, type: 'CNAME' },
      { kind: 'rrset-is', rrset: old },
    ]);
  });

  test('requires at the first publication that nothing is there', () => {
    const { prerequisites, changes } = planFor([]);
    expect(prerequisites.map((one) => one.kind)).toEqual([
      'rrset-absent',
      'rrset-absent',
      'rrset-absent',
      'rrset-absent',
    ]);
    expect(changes.map((change) => change.kind)).toEqual(['add-rrset', 'add-rrset']);
  });

  test('deletes before it adds, and touches only what differs', () => {
    const { changes } = planFor([a('192.0.2.1'), old]);
    expect(
      changes.map((change) => [change.kind, 'rrset' in change ? change.rrset.type : change.type]),
    ).toEqual([
      ['delete-rrset', 'A'],
      ['delete-rrset', 'TXT'],
      ['add-rrset', 'A'],
      ['add-rrset', 'TXT'],
    ]);
  });

  test('changes the ledger alone where the RRsets are as wanted, in any order', () => {
    const wanted = wantedForForm(
      settings,
      { type: 'address', ttlSeconds: 5, targets: ['192.0.2.2', '192.0.2.3'] },
      3306,
    );
    const { changes } = planFor([a('192.0.2.3', '192.0.2.2'), old], wanted);
    expect(changes.map((change) => ('rrset' in change ? change.rrset.type : change.type))).toEqual([
      'TXT',
      'TXT',
    ]);
  });

  test('replaces an RRset of which only the TTL differs', () => {
    const read = { ...a('192.0.2.2'), ttlSeconds: 60 };
    const { prerequisites, changes } = planFor([read, old]);
    expect(prerequisites[0]).toEqual({ kind: 'rrset-is', rrset: read });
    expect(changes).toContainEqual({ kind: 'delete-rrset', name, type: 'A' });
    expect(changes).toContainEqual({ kind: 'add-rrset', rrset: a('192.0.2.2') });
  });
});

describe('an UPDATE message that is applied to a zone', () => {
  const forms = [
    { type: 'address' as const, ttlSeconds: 5, targets: ['192.0.2.1'] },
    { type: 'address' as const, ttlSeconds: 60, targets: ['192.0.2.1', '2001:db8::1'] },
    { type: 'address' as const, ttlSeconds: 5, targets: ['2001:db8::2'] },
    { type: 'cname' as const, ttlSeconds: 5, targets: ['db1.example.'] },
    { type: 'cname' as const, ttlSeconds: 5, targets: ['db2.example.'] },
    { type: 'address' as const, ttlSeconds: 5, targets: [] },
  ];

  test('makes the zone as wanted, from any form to any other (a CNAME and addresses replace each other)', () => {
    const pick = random(7);
    const zone = createFakeZone(fqdn('example.'));
    const srv = publicationSettings({ source: { ...settings.source, srv: true } });
    for (let round = 0; round < 300; round += 1) {
      const form = forms[pick(forms.length)]!;
      const wanted = wantedForForm(srv, form, 3306);
      const view = () => viewOf(undefined, zone.all());
      expect(
        zone.apply(planUpdate(srv, view(), ledgerOf('db1', { try: `t${round}`, form }), wanted)),
      ).toEqual({ kind: 'applied' });
      expect(wanted.filter((want) => differs(view(), want))).toEqual([]);
    }
  });

  test('does nothing when somebody changed the address in between', () => {
    const zone = createFakeZone(fqdn('example.'));
    zone.put(cname('db1.example.'));
    const plan = planUpdate(settings, viewOf(undefined, zone.all()), ledger, address);
    zone.put(cname('elsewhere.example.'));
    expect(zone.apply(plan)).toMatchObject({ kind: 'refused', code: 'prerequisite-failed' });
    expect(zone.all()).toEqual([cname('elsewhere.example.')]);
  });
});
