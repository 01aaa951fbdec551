/** What every ZoneClient must do. The suite runs on each kind of client. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn } from '../../src/core/model/units.ts';
import { type Change, type Prerequisite, type Rrset, sameRdata } from '../../src/core/model/zone.ts';
import { systemClock as clock } from '../../src/daemon/clock.ts';
import type { ZoneClient } from '../../src/ports.ts';
import { ContractRun, outcomeWords, soon, sorted } from '../real/contract/contract-run.ts';
import { interopContract } from '../real/contract/interop.contract.ts';
import type { Subject } from './subject.ts';

/** What a client can do. */
export interface Abilities {
  /** False: the client cannot use another clock (nsupdate uses the system's). */
  readonly setClock: boolean;
  /** Default 50; fewer if each update is a process. */
  readonly raceRounds?: number;
}

export function zoneClientContract(title: string, subject: () => Subject, can: Abilities): void {
  describe(title, () => {
    let run: ContractRun;
    let client: ZoneClient;
    let names: ContractRun['names'];
    const update: ContractRun['update'] = (...args) => run.update(...args);
    const read: ContractRun['read'] = (...questions) => run.read(...questions);
    const open: ContractRun['open'] = (options) => run.open(options);

    beforeAll(async () => {
      run = await ContractRun.begin(subject());
      ({ client, names } = run);
    });
    afterAll(() => run.end());

    test('a name that does not exist has no RRsets', async () => {
      const { source, ledger } = names;
      expect(
        await read(
          { name: ledger, type: 'TXT' },
          { name: source, type: 'A' },
          { name: source, type: 'CNAME' },
        ),
      ).toEqual([]);
    });

    test('the first publication requires absent RRsets and is then stored; a second one fails', async () => {
      const { source, ledger, srv } = names;
      const address: Rrset = { name: source, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.1'] };
      const service: Rrset = {
        name: srv,
        type: 'SRV',
        ttlSeconds: 5,
        rdata: [{ priority: 0, weight: 0, port: 3307, target: source }],
      };
      const text: Rrset = { name: ledger, type: 'TXT', ttlSeconds: 5, rdata: [fields(1)] };
      const first = () =>
        update(
          [
            { kind: 'rrset-absent', name: ledger, type: 'TXT' },
            { kind: 'rrset-absent', name: source, type: 'A' },
          ],
          [address, service, text].map((rrset): Change => ({ kind: 'add-rrset', rrset })),
        );
      expect(await first()).toEqual({ kind: 'applied' });
      expect(
        await read({ name: ledger, type: 'TXT' }, { name: source, type: 'A' }, { name: srv, type: 'SRV' }),
      ).toEqual([text, address, service]);
      expect(await first()).toMatchObject({
        kind: 'refused',
        code: 'prerequisite-failed',
        failure: { code: 'prerequisite-failed' },
      });
    });

    test('an SRV RRset to a name without a host, and back', async () => {
      const { source, srv } = names;
      const leadingTo = (target: Fqdn): Rrset => ({
        name: srv,
        type: 'SRV',
        ttlSeconds: 5,
        rdata: [{ priority: 0, weight: 0, port: 3307, target }],
      });
      const swap = (from: Rrset, to: Rrset) =>
        update(
          [{ kind: 'rrset-is', rrset: from }],
          [
            { kind: 'delete-rrset', name: srv, type: 'SRV' },
            { kind: 'add-rrset', rrset: to },
          ],
        );
      const odd = leadingTo('db_1.example.com.' as Fqdn);
      expect(await swap(leadingTo(source), odd)).toEqual({ kind: 'applied' });
      expect(await read({ name: srv, type: 'SRV' })).toEqual([odd]);
      expect(await swap(odd, leadingTo(source))).toEqual({ kind: 'applied' });
    });

    test('a CNAME replaces A and AAAA, and back, each in one message', async () => {
      const { source, ledger } = names;
      const drop = (type: Rrset['type']): Change => ({ kind: 'delete-rrset', name: source, type });
      const [before] = await read({ name: ledger, type: 'TXT' });
      const guard: Prerequisite = { kind: 'rrset-is', rrset: before! };
      const both = (last: string): Rrset[] => [
        { name: source, type: 'A', ttlSeconds: 1, rdata: [`192.0.2.${last}`, '192.0.2.200'] },
        { name: source, type: 'AAAA', ttlSeconds: 1, rdata: [`2001:db8::${last}`] },
      ];
      const alias: Rrset = { name: source, type: 'CNAME', ttlSeconds: 1, rdata: ['db2.example.com.'] };
      const add = (rrset: Rrset): Change => ({ kind: 'add-rrset', rrset });
      const ask = () =>
        read({ name: source, type: 'A' }, { name: source, type: 'AAAA' }, { name: source, type: 'CNAME' });

      expect(await update([guard], [drop('A'), ...both('2').map(add)])).toEqual({ kind: 'applied' });
      expect((await ask()).map(sorted)).toEqual(both('2').map(sorted));
      expect(await update([guard], [drop('A'), drop('AAAA'), add(alias)])).toEqual({ kind: 'applied' });
      expect(await ask()).toEqual([alias]);
      expect(await update([guard], [drop('CNAME'), ...both('3').map(add)])).toEqual({ kind: 'applied' });
      expect((await ask()).map(sorted)).toEqual(both('3').map(sorted));
    });

    test('a TXT RR of many character-strings reads back byte for byte, and works as its own prerequisite', async () => {
      const { other } = names;
      const strings = [
        ...fields(9),
        '',
        ' "quoted"; \\ semi;colon \t\n$ORIGIN @ ( )',
        '\0\x01\x7f\x80\xff',
        'x'.repeat(255),
      ];
      const text: Rrset = { name: other, type: 'TXT', ttlSeconds: 60, rdata: [strings] };
      expect(
        await update(
          [{ kind: 'rrset-absent', name: other, type: 'TXT' }],
          [{ kind: 'add-rrset', rrset: text }],
        ),
      ).toEqual({
        kind: 'applied',
      });
      expect(await read({ name: other, type: 'TXT' })).toEqual([text]);
      const next: Rrset = { ...text, rdata: [['v=1', 'epoch=2']] };
      const swap: readonly Change[] = [
        { kind: 'delete-rrset', name: other, type: 'TXT' },
        { kind: 'add-rrset', rrset: next },
      ];
      expect(await update([{ kind: 'rrset-is', rrset: text }], swap)).toEqual({ kind: 'applied' });
      expect(await update([{ kind: 'rrset-is', rrset: text }], swap)).toMatchObject({
        code: 'prerequisite-failed',
      });
      // The same text in other character-strings is another RRset.
      expect(
        await update([{ kind: 'rrset-is', rrset: { ...next, rdata: [['v=1epoch=2']] } }], swap),
      ).toMatchObject({
        code: 'prerequisite-failed',
      });
      expect(await read({ name: other, type: 'TXT' })).toEqual([next]);
    });

    test('a race of two clients has one winner in each round', async () => {
      const { other } = names;
      const rival = await open();
      let [current] = await read({ name: other, type: 'TXT' });
      const { raceRounds: rounds = 50 } = can;
      for (let round = 0; round < rounds; round++) {
        const attempt = (by: ZoneClient, instance: string) => {
          const next: Rrset = {
            ...current!,
            rdata: [[`epoch=${round}`, `try=${instance}${round}`]],
          } as Rrset;
          const changes: Change[] = [
            { kind: 'delete-rrset', name: other, type: 'TXT' },
            { kind: 'add-rrset', rrset: next },
          ];
          return update([{ kind: 'rrset-is', rrset: current! }], changes, by).then((outcome) => ({
            outcome,
            next,
          }));
        };
        const results = await Promise.all([attempt(client, 'a'), attempt(rival, 'b')]);
        const winners = results.filter(({ outcome }) => outcome.kind === 'applied');
        expect(winners).toHaveLength(1);
        expect(results.find((result) => result !== winners[0])!.outcome).toMatchObject({
          code: 'prerequisite-failed',
        });
        [current] = await read({ name: other, type: 'TXT' });
        expect(sameRdata(current!, winners[0]!.next)).toBe(true);
      }
    });

    interopContract(() => run, can);

    test('a late or recalled update is not sent, nor an update without a nameserver', async () => {
      const { source, other } = names;
      const [before] = await read({ name: source, type: 'A' });
      const plan = {
        zone: subject().zone,
        prerequisites: [],
        changes: [{ kind: 'delete-rrset', name: source, type: 'A' } as const],
      };
      const past = (clock.mono() - 1) as ReturnType<typeof clock.mono>;
      expect(await client.update({ plan, notAfter: past, deadline: soon() })).toMatchObject({
        code: 'not-sent',
        failure: { code: 'expired' },
      });
      expect(
        await client.update({ plan, notAfter: soon(), deadline: soon(), recalled: AbortSignal.abort() }),
      ).toMatchObject({
        kind: 'refused',
        code: 'not-sent',
        failure: { code: 'recalled' },
      });
      expect((await read({ name: source, type: 'A' })).map(sorted)).toEqual([sorted(before!)]);

      const nobody = await open({ down: true });
      const outcome = await nobody.update({ plan, notAfter: soon(), deadline: soon(2000) });
      // Over UDP only an answer would be a proof: a forger can send ICMP.
      expect(['refused connection-refused', 'unknown connection-refused']).toContain(outcomeWords(outcome));
      const reading = await nobody.read({ questions: [{ name: other, type: 'TXT' }], deadline: soon(2000) });
      expect(reading).toMatchObject({ kind: 'failed', failure: { code: 'connection-refused' } });
    });

    test('every nameserver answers the change in the end, with its serial', async () => {
      const { source, other } = names;
      const rrset: Rrset = { name: source, type: 'A', ttlSeconds: 5, rdata: ['192.0.2.77'] };
      const changes: readonly Change[] = [
        { kind: 'delete-rrset', name: source, type: 'A' },
        { kind: 'add-rrset', rrset },
        { kind: 'delete-rrset', name: other, type: 'TXT' },
      ];
      expect(await update([], changes)).toEqual({ kind: 'applied' });
      const appliedAt = clock.wall();
      const report = await client.propagation({
        zone: subject().zone,
        present: [rrset],
        absent: [{ name: other, type: 'TXT' }],
        deadline: soon(20_000),
      });
      expect(report.nameservers).toHaveLength(subject().nameservers);
      for (const nameserver of report.nameservers) {
        expect(nameserver.failure).toBeUndefined();
        expect(nameserver.answeredAt).toBeGreaterThanOrEqual(appliedAt);
      }
      const [primary, ...secondaries] = report.nameservers;
      expect(primary!.serial).toBeGreaterThan(1);
      for (const secondary of secondaries) expect(secondary.serial).toBe(primary!.serial);
    });

    test('a closed client answers at once', async () => {
      const { source } = names;
      const closing = await open();
      const questions = [{ name: source, type: 'A' as const }];
      expect(await closing.read({ questions, deadline: soon() })).toMatchObject({ kind: 'read' });
      await closing.close();
      expect(await closing.read({ questions, deadline: soon() })).toMatchObject({
        failure: { code: 'client-closed' },
      });
      expect(await update([], [], closing)).toMatchObject({
        code: 'not-sent',
        failure: { code: 'client-closed' },
      });
    });
  });
}

/** A ledger's fields: eleven character-strings. */
const fields = (epoch: number): readonly string[] => [
  'v=1',
  'cluster=shop',
  `epoch=${epoch}`,
  'source=db1.example.com:3306',
  'uuid=0e7d4b9a-9d9c-11ee-8c90-0242ac120002',
  'by=watcher-1',
  'at=2026-11-22T11:30:00.123Z',
  'why=first-source',
  'try=k3j9x0a8s7d6f5g4h3j',
  'form=A/5/192.0.2.1',
  'line=0e7d4b9a-9d9c-11ee-8c90-0242ac120002:17',
];
