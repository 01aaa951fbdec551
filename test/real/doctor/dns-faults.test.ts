/** Tests the doctor on broken nameservers and zones: it finds the fault, and its lines mend it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { handsOn, seen } from './dns-hands.ts';
import { type DnsLab, startDnsLab } from './dns-lab.ts';
import { serverFaults } from './dns-server-faults.ts';
import { zoneFaults } from './dns-zone-faults.ts';

let lab: DnsLab;
beforeAll(async () => {
  lab = await startDnsLab();
});
afterEach(() => lab.restore());
afterAll(async () => {
  await lab.stop();
  expect(livingProcesses()).toEqual([]);
});

test('a healthy zone has no fault, and the resolver of this host counts as well', async () => {
  lab.hostResolvers = [`127.0.0.1:${lab.resolver.port}`];
  expect(seen(lab, await lab.check())).toEqual([]);
});

test.each(Object.entries({ ...serverFaults, ...zoneFaults }))(
  '%s: the doctor finds it, and its lines mend it',
  async (_title, { found: expected, left = [], breaks, mends }) => {
    const on = handsOn(lab);
    await breaks(on);
    const found = await lab.check();
    expect(seen(lab, found)).toEqual(expected.toSorted());
    await mends(on, found);
    expect(seen(lab, await lab.check())).toEqual(left);
  },
);
