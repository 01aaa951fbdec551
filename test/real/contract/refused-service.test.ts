/**
 * Runs the whole service at a real BIND with a policy that grants too little: the lines that a person reads
 * there are all that was missing.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { address } from '../../support/given.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { openOn } from './bind-subject.ts';
import { isSteadyOn, startService } from './service-on-zone.ts';

const granting = (lines: string): string =>
  `zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { ${lines} }; };`;
const aOnly = 'grant one name source.shop.lab.test A;';

let named: NamedFixture;
let client: ZoneClient;
beforeAll(async () => {
  named = await startNamed(granting(aOnly));
  client = await openOn(named, 1000);
});
afterAll(async () => {
  await client.close();
  await named.stop();
  expect(livingProcesses()).toEqual([]);
});

test('the alarms, the advice, the API and a command name the refused RRsets, and the proposed lines let the name be published', async () => {
  const service = startService(client, 1000);
  const alarm = (wanted: 'update-refused' | 'left-out') =>
    service.runtime.snapshot().alarms.find(({ code }) => code === wanted);
  const names = (code: 'update-refused' | 'left-out', words: string) =>
    alarm(code)?.sentence.includes(`to let the key one change ${words}`) ?? false;
  // The update with all RRsets is refused first, then the update without the side names: the ledger is
  // refused in any case.
  await service.until('the ledger is named', () =>
    names('update-refused', '_source-dns.source.shop.lab.test. TXT.'),
  );
  const both = '_mysql._tcp.source.shop.lab.test. SRV, _source-dns.source.shop.lab.test. TXT.';
  await service.until('the side name is named', () => names('left-out', both));
  const { sentence, hint = '' } = alarm('update-refused')!;
  const [publication] = service.runtime.snapshot().publications;
  expect(publication).toMatchObject({ writeFailure: { code: 'update-refused', message: sentence, hint } });
  expect(publication!.wouldChange).toEqual([
    `The nameserver must accept the update. It said: ${sentence}`,
    hint,
  ]);
  const { results } = await service.runtime.command({
    kind: 'follow',
    server: address('db1'),
    force: false,
    dryRun: false,
    by: 'dba',
  });
  expect(results).toMatchObject([{ kind: 'failed', code: 'update-refused', sentence, hint }]);
  await service.until('the history has it', ({ records }) =>
    records.some(
      (entry) =>
        entry.kind === 'update-failed' && entry.failure.message === sentence && entry.failure.hint === hint,
    ),
  );
  const lines = alarm('left-out')?.hint?.match(/grant [^;]+;/g) ?? [];
  await named.restart(granting(`${lines.join(' ')} ${aOnly}`));
  await service.until('it is published', isSteadyOn('db1'));
  expect(alarm('update-refused')).toBeUndefined();
  await service.until('the side name has followed', () => alarm('left-out') === undefined);
  await service.stop();
});
