/** Holds the tables of docs/DNS.md to what the doctor can find in nameservers, zones and resolvers. */
import { expect, test } from 'vitest';
import { zoneChecks } from '../../../src/doctor/dns/zone-doctor.ts';
import { textOfFile } from '../../support/checkout.ts';

test('each code has a row in the table of its area, and each row is a code', () => {
  const text = textOfFile('docs/DNS.md');
  for (const area of ['nameserver', 'zone', 'clients'] as const) {
    const [, table = ''] = text.split(`| ${area} | it means | the line |\n|---|---|---|\n`);
    const rows = table.split('\n\n')[0]!.split('\n');
    const listed = rows.flatMap((row) =>
      [...row.split('|')[1]!.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code!),
    );
    const found = zoneChecks.filter((check) => check.area === area).flatMap(({ codes }) => codes);
    expect(listed.toSorted(), area).toEqual(found.toSorted());
  }
});

test('no code belongs to two checks', () => {
  const all = zoneChecks.flatMap(({ name, codes }) => [name, ...codes]);
  expect(all).toEqual([...new Set(all)]);
});
