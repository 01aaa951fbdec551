/**
 * One process of the race: moves the name again and again, by compare-and-set of the ledger, against all
 * others. race.test.ts starts it.
 */
import { readFileSync } from 'node:fs';
import type { Fqdn, MonoMs } from '../../../src/core/model/units.ts';
import type { Change, Rrset } from '../../../src/core/model/zone.ts';
import { systemClock as clock, systemRandom } from '../../../src/daemon/clock.ts';
import { openClient } from './open-client.ts';

/** The settings of the worker, as JSON in the file that its only argument names. */
export interface RaceTask {
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp';
  readonly keyText: string;
  /** The worker ends after so many moves. */
  readonly moves: number;
}

/** The result of the worker, as JSON on stdout. */
export interface RaceReport {
  /** The moves that were answered with `applied`. */
  readonly won: readonly { readonly epoch: number; readonly try: string }[];
  /** Updates that lost against another process. */
  readonly lost: number;
  /** Other outcomes: a race without faults has none. */
  readonly strange: readonly string[];
}

const zone = 'lab.test.' as Fqdn;
const source = 'source.shop.lab.test.' as Fqdn;
const owner = `_source-dns.${source}` as Fqdn;
/**
 * Every epoch has its own address (in the range of RFC 2544), so that the journal shows which address came
 * with which ledger.
 */
const addressOf = (epoch: number): string => `198.${18 + (epoch >> 16)}.${(epoch >> 8) & 255}.${epoch & 255}`;
const exchangeMs = 10_000;
const soon = () => (clock.mono() + exchangeMs) as MonoMs;

async function race(task: RaceTask): Promise<RaceReport> {
  const { address, port, transport, keyText, instance, moves } = task;
  const client = await openClient(
    { address, port },
    { name: instance, transport, keyText, timeoutMs: exchangeMs },
    clock,
  );
  const won: { epoch: number; try: string }[] = [];
  const strange: string[] = [];
  let lost = 0;
  while (won.length < moves && strange.length < 10) {
    const reading = await client.read({ zone, questions: [{ name: owner, type: 'TXT' }], deadline: soon() });
    if (reading.kind === 'failed') {
      strange.push(reading.failure.message);
      continue;
    }
    const before = reading.rrsets[0];
    const epoch = epochOf(before) + 1;
    const token = systemRandom.token();
    const ledger: Rrset = {
      name: owner,
      type: 'TXT',
      ttlSeconds: 5,
      rdata: [['v=1', `epoch=${epoch}`, `source=${instance}:3306`, `try=${token}`]],
    };
    const target: Rrset = { name: source, type: 'A', ttlSeconds: 5, rdata: [addressOf(epoch)] };
    const changes = [ledger, target].flatMap((rrset): Change[] => [
      { kind: 'delete-rrset', name: rrset.name, type: rrset.type },
      { kind: 'add-rrset', rrset },
    ]);
    const prerequisites = [
      before === undefined
        ? ({ kind: 'rrset-absent', name: owner, type: 'TXT' } as const)
        : ({ kind: 'rrset-is', rrset: before } as const),
    ];
    const outcome = await client.update({
      plan: { zone, prerequisites, changes },
      notAfter: soon(),
      deadline: soon(),
    });
    if (outcome.kind === 'applied') won.push({ epoch, try: token });
    else if (outcome.kind === 'refused' && outcome.code === 'prerequisite-failed') lost += 1;
    else strange.push(`${outcome.kind} ${outcome.failure.message}`);
  }
  await client.close();
  return { won, lost, strange };
}

function epochOf(rrset: Rrset | undefined): number {
  const field = rrset?.type === 'TXT' ? rrset.rdata[0]?.find((text) => text.startsWith('epoch=')) : undefined;
  return Number(field?.slice('epoch='.length) ?? 0);
}

const [, , taskFile] = process.argv;
if (taskFile !== undefined)
  process.stdout.write(JSON.stringify(await race(JSON.parse(readFileSync(taskFile, 'utf8')) as RaceTask)));
