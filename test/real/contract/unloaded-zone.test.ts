/**
 * A zone of its own that BIND could not load, below another zone on the same server: the zone above would
 * take the update and never show it, so nothing is read.
 */
import { expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { startNamed } from '../../support/servers/named-fixture.ts';
import { byVersion, everyBind } from '../../support/servers/nameservers.ts';
import { openOn } from './bind-subject.ts';
import { soon } from './contract-run.ts';
import { ledgerOwner, sourceName, zone } from './service-on-zone.ts';

const policy = 'update-policy { grant one zonesub ANY; };';
const statements = `zone "lab.test" { type primary; file "@folder@/lab.test.db"; ${policy} }; zone "shop.lab.test" { type primary; file "@folder@/none.db"; ${policy} };`;
const questions = [
  { name: ledgerOwner, type: 'TXT' },
  { name: sourceName, type: 'A' },
] as const;

test.each(byVersion(await everyBind()))(
  'BIND %s: SERVFAIL of a zone that is not loaded is no wildcard',
  async (_, programs) => {
    const named = await startNamed(statements, { programs });
    const client = await openOn(named);
    for (const given of [{}, { zone }, { zone: 'shop.lab.test.' as Fqdn }])
      expect(await client.read({ ...given, questions, deadline: soon() })).toMatchObject({
        kind: 'failed',
        failure: { code: 'servfail' },
      });
    await client.close();
    await named.stop();
  },
);
