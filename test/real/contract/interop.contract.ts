/**
 * The part of the contract in which nameservers differ: keys, rights, zones, and silent changes.
 * zone-client.contract.ts calls it.
 */
import { expect, test } from 'vitest';
import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Change, Rrset } from '../../../src/core/model/zone.ts';
import { systemClock as clock } from '../../../src/daemon/clock.ts';
import type { Clock } from '../../../src/ports.ts';
import { type ContractRun, outcomeWords, soon, sorted } from './contract-run.ts';

/** Adds its tests to the suite that is being described. `setClock`: see zoneClientContract. */
export function interopContract(run: () => ContractRun, can: { readonly setClock: boolean }): void {
  test('an update with a change that the key may not make is refused as a whole', async () => {
    const { names, subject, read } = bound(run());
    const hasty = await run().open({ hasty: true });
    const address: Rrset = { name: names.source, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.3'] };
    const change = (rrset: Rrset): readonly Change[] => [
      { kind: 'delete-rrset', name: rrset.name, type: rrset.type },
      { kind: 'add-rrset', rrset },
    ];
    expect(await run().update([], change(address))).toEqual({ kind: 'applied' });
    // As the service does: the answer to a question tells what the refusal of an update means.
    expect(await hasty.read({ questions: [address], deadline: soon() })).toMatchObject({ kind: 'read' });
    const denied: Rrset = { ...address, name: `forbidden.${subject.zone}` as Fqdn };
    const outcome = await run().update(
      [],
      [...change({ ...address, rdata: ['192.0.2.4'] }), ...change(denied)],
      hasty,
    );
    const { outcome: expected, rest } = subject.differences.denied;
    expect(outcomeWords(outcome)).toBe(expected);
    expect(await read(denied)).toEqual([]);
    expect(await read(address)).toEqual([rest === 'kept' ? address : { ...address, rdata: ['192.0.2.4'] }]);
  });

  test('a name outside of the zone is not sent, and a zone that is not served is refused', async () => {
    const { subject } = run();
    const hasty = await run().open({ hasty: true });
    const rrset: Rrset = {
      name: 'source.elsewhere.test.' as Fqdn,
      type: 'A',
      ttlSeconds: 5,
      rdata: ['192.0.2.9'],
    };
    const changes: readonly Change[] = [{ kind: 'add-rrset', rrset }];
    expect(await run().update([], changes)).toMatchObject({
      kind: 'refused',
      code: 'not-sent',
      failure: { code: 'not-in-zone' },
    });
    const plan = { zone: 'elsewhere.test.' as Fqdn, prerequisites: [], changes };
    const [update, query] = subject.differences.otherZone;
    expect(outcomeWords(await hasty.update({ plan, notAfter: soon(), deadline: soon() }))).toBe(update);
    expect(await hasty.read({ questions: [rrset], deadline: soon() })).toMatchObject({
      kind: 'failed',
      failure: { code: query },
    });
  });

  test('another secret and an unknown key change nothing, and the failure says which of them it is', async () => {
    const { names, subject, read } = bound(run());
    const [before] = await read({ name: names.source, type: 'A' });
    const { wrongSecret } = subject.differences;
    for (const [key, [update, query]] of [
      ['wrong-secret', wrongSecret],
      ['unknown-name', ['unknown tsig-badkey', 'tsig-badkey']],
    ] as const) {
      const stranger = await run().open({ key, hasty: true });
      const reading = await stranger.read({
        questions: [{ name: names.source, type: 'A' }],
        deadline: soon(),
      });
      expect(reading).toMatchObject({ kind: 'failed', failure: { code: query } });
      const outcome = await run().update(
        [],
        [{ kind: 'delete-rrset', name: names.source, type: 'A' }],
        stranger,
      );
      // The answer is unsigned by protocol (RFC 8945 5.3.2), so it is no proof.
      expect(outcomeWords(outcome)).toBe(update);
    }
    expect((await read({ name: names.source, type: 'A' })).map(sorted)).toEqual([sorted(before!)]);
  });

  test('a key file with the name of the key in capitals works as well', async () => {
    const capitals = await run().open({ key: 'mixed-case-name' });
    expect(
      await run().update([], [{ kind: 'delete-rrset', name: run().names.source, type: 'AAAA' }], capitals),
    ).toEqual({
      kind: 'applied',
    });
  });

  if (can.setClock)
    test('a clock beyond the fudge changes nothing, and the failure names the seconds where the nameserver tells them', async () => {
      const { names, subject, read } = bound(run());
      const [before] = await read({ name: names.source, type: 'A' });
      const slow: Clock = {
        ...clock,
        wall: () => (clock.wall() - 1_000_000) as ReturnType<typeof clock.wall>,
      };
      const late = await run().open({ clock: slow, hasty: true });
      const question = { name: names.source, type: 'A' } as const;
      expect(await late.read({ questions: [question], deadline: soon() })).toMatchObject({ kind: 'failed' });
      const outcome = await run().update([], [{ kind: 'delete-rrset', ...question }], late);
      const { wrongClock } = subject.differences;
      expect(outcomeWords(outcome)).toBe(wrongClock.outcome);
      const said = (outcome as { failure: { message: string } }).failure.message;
      if (wrongClock.seconds) expect(said).toMatch(/ (999|1000|1001) s ahead of /);
      expect((await read({ name: names.source, type: 'A' })).map(sorted)).toEqual([sorted(before!)]);
    });

  test('a CNAME never stands beside an A, whatever the answer says', async () => {
    const { names, subject, read } = bound(run());
    const [before] = await read({ name: names.source, type: 'A' });
    const alias: Rrset = { name: names.source, type: 'CNAME', ttlSeconds: 1, rdata: ['db2.example.com.'] };
    const outcome = await run().update([], [{ kind: 'add-rrset', rrset: alias }]);
    expect(outcomeWords(outcome)).toBe(subject.differences.aliasBesideAddress);
    expect((await read(alias, { name: names.source, type: 'A' })).map(sorted)).toEqual([sorted(before!)]);
  });

  test('an update that deletes and adds an RRset in one message changes its TTL everywhere', async () => {
    const { names, subject, read } = bound(run());
    const address = (ttlSeconds: number): Rrset => ({
      name: names.source,
      type: 'A',
      ttlSeconds,
      rdata: ['192.0.2.50'],
    });
    const drop: Change = { kind: 'delete-rrset', name: names.source, type: 'A' };
    const add = (ttlSeconds: number): Change => ({ kind: 'add-rrset', rrset: address(ttlSeconds) });
    expect(await run().update([], [drop, add(5)])).toEqual({ kind: 'applied' });
    expect(await run().update([{ kind: 'rrset-is', rrset: address(5) }], [drop, add(7)])).toEqual({
      kind: 'applied',
    });
    expect(await read(address(0))).toEqual([address(7)]);
    // This is why the plan always deletes what it replaces: to add alone is not enough for every nameserver.
    expect(await run().update([], [add(9)])).toEqual({ kind: 'applied' });
    expect(await read(address(0))).toEqual([address(subject.differences.ttlAlone === 'taken' ? 9 : 7)]);
  });

  test('a prerequisite with other capitals shows whether case counts: a reason for tries without capitals', async () => {
    const { names, subject } = run();
    const text = (value: string): Rrset => ({
      name: names.other,
      type: 'TXT',
      ttlSeconds: 5,
      rdata: [[value]],
    });
    const drop: Change = { kind: 'delete-rrset', name: names.other, type: 'TXT' };
    expect(await run().update([], [drop, { kind: 'add-rrset', rrset: text('try=abc') }])).toEqual({
      kind: 'applied',
    });
    const outcome = await run().update([{ kind: 'rrset-is', rrset: text('try=ABC') }], [drop]);
    expect(outcomeWords(outcome)).toBe(subject.differences.txtCase);
    expect(await run().update([], [drop])).toEqual({ kind: 'applied' });
  });
}

const bound = (run: ContractRun) => ({ names: run.names, subject: run.subject, read: run.read.bind(run) });
