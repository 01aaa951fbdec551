/**
 * Tests two views of one zone, selected by the key: the client signs everything that it asks and writes, so
 * it reaches the view of its key.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Rrset } from '../../../src/core/model/zone.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { byVersion, everyBind } from '../../support/servers/nameservers.ts';
import { soon } from './contract-run.ts';
import { openClient, verifyAt } from './open-client.ts';

const view = (name: 'one' | 'two', file: string) => `
view "${name}" {
  // The other keys are excluded by name, so that the order of the views does not matter.
  match-clients { ${name === 'one' ? '!key two; key one; 127.0.0.1;' : 'key two;'} };
  zone "lab.test" { type primary; file "@folder@/${file}"; update-policy { grant ${name} zonesub ANY; }; };
};`;

describe.each(byVersion(await everyBind()))('BIND %s', (_version, programs) => {
  let named: NamedFixture;

  beforeAll(async () => {
    named = await startNamed(`${view('one', 'lab.test.db')}${view('two', 'lab.test.two.db')}`, { programs });
  });
  afterAll(async () => {
    await named.stop();
    expect(livingProcesses()).toEqual([]);
  });

  test.each([
    ['rfc2136', 'tcp'],
    ['rfc2136', 'udp'],
    ['nsupdate', 'tcp'],
  ] as const)(
    '%s over %s: each key has its own view, for SOA, reading and writing',
    async (via, transport) => {
      const open = (key: 'one' | 'two'): Promise<ZoneClient> =>
        openClient(named.named, {
          name: key,
          via,
          transport,
          keyText: named.keyText(named.keys[key]),
          nsupdateCommand: [named.programs.nsupdate],
          verify: [verifyAt(named.named)],
        });
      const name = `source.${via}.${transport}.lab.test.` as Fqdn;
      const rrset = (last: number): Rrset => ({ name, type: 'A', ttlSeconds: 5, rdata: [`192.0.2.${last}`] });
      const [one, two] = await Promise.all([open('one'), open('two')]);
      const read = async (client: ZoneClient) => {
        const reading = await client.read({ questions: [{ name, type: 'A' }], deadline: soon() });
        return reading.kind === 'read' ? [reading.zone, ...reading.rrsets] : reading;
      };
      const put = (client: ZoneClient, last: number) =>
        client.update({
          plan: {
            zone: 'lab.test.' as Fqdn,
            prerequisites: [{ kind: 'rrset-absent', name, type: 'A' }],
            changes: [{ kind: 'add-rrset', rrset: rrset(last) }],
          },
          notAfter: soon(),
          deadline: soon(),
        });
      expect(await put(one, 1)).toEqual({ kind: 'applied' });
      expect(await read(one)).toEqual(['lab.test.', rrset(1)]);
      expect(await read(two)).toEqual(['lab.test.']);
      // The same prerequisite holds in the other view: it is another zone.
      expect(await put(two, 2)).toEqual({ kind: 'applied' });
      expect(await read(two)).toEqual(['lab.test.', rrset(2)]);
      expect(await read(one)).toEqual(['lab.test.', rrset(1)]);
      expect(await put(two, 3)).toMatchObject({ code: 'prerequisite-failed' });
      // The watch is the same for both ways to write; it waits a second before it asks with the key.
      if (via === 'rfc2136' && transport === 'tcp') {
        // Without a key the first view answers: applications do not see what was published in the other view.
        const spread = async (client: ZoneClient, last: number) => {
          const request = {
            zone: 'lab.test.' as Fqdn,
            present: [rrset(last)],
            absent: [],
            deadline: soon(1500),
          };
          return (await client.propagation(request)).nameservers;
        };
        const [seen, unseen] = await Promise.all([spread(one, 1), spread(two, 2)]);
        expect(seen).toMatchObject([{ answeredAt: expect.any(Number) }]);
        expect(unseen).toMatchObject([
          {
            failure: {
              code: 'differs-by-key',
              message: expect.stringContaining('only with the key two'),
            },
          },
        ]);
      }
      await Promise.all([one.close(), two.close()]);
    },
  );
});
