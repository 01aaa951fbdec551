/**
 * Puts an attacker between the client and a real nameserver. After every case the zone agrees with what the
 * client reports.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Rrset, UpdateOutcome } from '../../../src/core/model/zone.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import { outcomeWords, soon } from './contract-run.ts';
import { faults } from './faults.ts';
import { type Listening, openClient } from './open-client.ts';
import { startTamperingProxy, type TamperingProxy } from './tampering-proxy.ts';

const zone = 'lab.test.' as Fqdn;
const name = '_source-dns.source.shop.lab.test.' as Fqdn;
/** A case that ends in silence takes so long; on a loaded machine every other case may take its time. */
const silenceMs = 250;
/** The same over UDP where an answer that proves nothing comes: it must come before the end. */
const doubtMs = 1000;

let named: NamedFixture;
let honest: ZoneClient;
let proxy: TamperingProxy;
let tampered: ZoneClient;
let count = 0;

const open = (transport: 'tcp' | 'udp', at: Listening) =>
  openClient(at, { transport, keyText: named.keyText(named.keys.one) });

beforeAll(async () => {
  named = await startNamed(
    `zone "lab.test" { type primary; file "@folder@/lab.test.db"; update-policy { grant one zonesub ANY; }; };`,
  );
  honest = await open('tcp', named.named);
});
afterAll(async () => {
  await honest.close();
  await named.stop();
  expect(livingProcesses()).toEqual([]);
});

const ledger = (token: string): Rrset => ({
  name,
  type: 'TXT',
  ttlSeconds: 5,
  rdata: [['v=1', `try=${token}`]],
});
const there = async (by = honest): Promise<string | undefined> => {
  const reading = await by.read({ zone, questions: [{ name, type: 'TXT' }], deadline: soon() });
  if (reading.kind === 'failed') throw new Error(reading.failure.message);
  const [rrset] = reading.rrsets;
  return rrset?.type === 'TXT' ? rrset.rdata[0]?.[1]?.slice('try='.length) : undefined;
};
/** A compare-and-set of the ledger from one try to the next. */
const swap = (
  from: string | undefined,
  to: string,
  by: ZoneClient,
  withinMs?: number,
): Promise<UpdateOutcome> =>
  by.update({
    plan: {
      zone,
      prerequisites: [
        from === undefined
          ? { kind: 'rrset-absent', name, type: 'TXT' }
          : { kind: 'rrset-is', rrset: ledger(from) },
      ],
      changes: [
        { kind: 'delete-rrset', name, type: 'TXT' },
        { kind: 'add-rrset', rrset: ledger(to) },
      ],
    },
    notAfter: soon(),
    deadline: soon(withinMs),
  });
function patienceFor(words: string): number | undefined {
  if (words === 'unknown no-answer') return silenceMs;
  return words.startsWith('unknown') ? doubtMs : undefined;
}
const token = () => `t${++count}`;

describe.each(['tcp', 'udp'] as const)('over %s', (transport) => {
  beforeEach(async () => {
    proxy = await startTamperingProxy(named.named);
    tampered = await open(transport, proxy);
    // Its connection is open before the first fault.
    await there(tampered);
  });
  afterEach(async () => {
    await tampered.close();
    await proxy.close();
  });

  test.each(Object.entries(faults))('%s', async (_, { fault, outcome: expected, applied }) => {
    const before = await there();
    const mine = token();
    proxy.arm(fault);
    const words = expected[transport === 'tcp' ? 0 : 1];
    const outcome = await swap(before, mine, tampered, patienceFor(words));
    expect(outcomeWords(outcome)).toBe(words);
    // The nameserver may be slower than our patience.
    if (applied) await proxy.answered(1);
    const after = await there();
    expect(after).toBe(applied ? mine : before);
    // `refused` by a prerequisite says only that the zone is not as it was read.
    if (words !== 'refused prerequisite-failed' && outcome.kind !== 'unknown')
      expect(outcome.kind === 'applied').toBe(applied);
    // The path is honest again: the same client reads what is there, and sends the next update.
    expect(await there(tampered)).toBe(after);
    const next = token();
    expect(await swap(after, next, tampered)).toEqual({ kind: 'applied' });
    expect(await there()).toBe(next);
  });

  test('an answer that comes after the answer of the next update still goes to its own update', async () => {
    const [first, second] = [token(), token()];
    const before = await there();
    proxy.arm({ hold: 'answer' });
    const outcome = swap(before, first, tampered);
    await proxy.answered(1);
    expect(await swap(first, second, tampered)).toEqual({ kind: 'applied' });
    proxy.release();
    expect(await outcome).toEqual({ kind: 'applied' });
    expect(await there()).toBe(second);
  });

  test('an answer that comes after its deadline is not taken as the answer of the next update', async () => {
    const [first, second] = [token(), token()];
    const before = await there();
    proxy.arm({ hold: 'answer' });
    expect(outcomeWords(await swap(before, first, tampered, silenceMs))).toBe('unknown no-answer');
    proxy.arm({ request: () => [] });
    const next = swap(first, second, tampered, silenceMs);
    proxy.release();
    expect(outcomeWords(await next)).toBe('unknown no-answer');
    expect(await there()).toBe(first);
  });

  test('a request that comes after a fence is never applied', async () => {
    const [mine, fence] = [token(), token()];
    const before = await there();
    proxy.arm({ hold: 'request' });
    expect(outcomeWords(await swap(before, mine, tampered, silenceMs))).toBe('unknown no-answer');
    expect(await there()).toBe(before);
    expect(await swap(before, fence, honest)).toEqual({ kind: 'applied' });
    proxy.release();
    await proxy.answered(1);
    expect(await there()).toBe(fence);
  });

  test('a request that comes late without a fence is applied, and the ledger has our try', async () => {
    const mine = token();
    const before = await there();
    proxy.arm({ hold: 'request' });
    expect(outcomeWords(await swap(before, mine, tampered, silenceMs))).toBe('unknown no-answer');
    proxy.release();
    await proxy.answered(1);
    expect(await there()).toBe(mine);
  });
});

test('the zone had in order what was reported as applied', async () => {
  const added = (await named.journal()).flatMap((entry) =>
    entry.added.filter((line) => line.includes(' TXT ')),
  );
  const tokens = added.map((line) => /"try=(t\d+)"/.exec(line)?.[1]);
  expect(tokens.length).toBeGreaterThan(50);
  expect(new Set(tokens).size).toBe(tokens.length);
});
