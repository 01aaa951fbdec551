/**
 * Lets many processes move one name at a real nameserver as fast as they can: one winner in each round, no
 * gap in the epochs. The journal of the zone is the referee.
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { root } from '../../support/checkout.ts';
import { type NamedFixture, startNamed } from '../../support/servers/named-fixture.ts';
import type { RaceReport, RaceTask } from './race-worker.ts';
import { ledgersOf } from './service-on-zone.ts';

const processes = 4;
/** Moves that each process must win; SOURCE_DNS_RACE_MOVES sets more, for a longer race. */
const movesEach = Number(process.env['SOURCE_DNS_RACE_MOVES'] ?? 500);
/** A loaded disk allows a hundred updates a second. */
const raceTimeoutMs = 60_000 + processes * movesEach * 20;

let named: NamedFixture;
let folder: string;
let worker: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-race-'));
  worker = await compileWorker();
  named = await startNamed(
    `zone "lab.test" { type primary; file "@folder@/lab.test.db"; max-journal-size 500m; update-policy { grant one zonesub ANY; }; };`,
  );
});
afterAll(async () => {
  await named?.stop();
  await rm(folder, { recursive: true, force: true });
  expect(livingProcesses()).toEqual([]);
});

/** Node 20 runs no TypeScript, and the race needs a real process. */
async function compileWorker(): Promise<string> {
  const out = join(folder, 'compiled');
  await mkdir(out);
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = { noEmit: false, noCheck: true, outDir: out, rootDir: root, types: [] };
  const files = [join(root, 'test', 'real', 'contract', 'race-worker.ts')];
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] }),
  );
  const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));
  await execa(process.execPath, [join(typescript, 'bin', 'tsc'), '--project', join(folder, 'tsconfig.json')]);
  return join(out, 'test', 'real', 'contract', 'race-worker.js');
}

async function runWorker(index: number): Promise<RaceReport> {
  const task: RaceTask = {
    instance: `db${index}`,
    address: named.named.address,
    port: named.named.port,
    // Both at once: the versions also race against each other.
    transport: index % 2 === 0 ? 'tcp' : 'udp',
    keyText: named.keyText(named.keys.one),
    moves: movesEach,
  };
  const file = join(folder, `task${index}.json`);
  await writeFile(file, JSON.stringify(task), { mode: 0o600 });
  const { stdout } = await execa(process.execPath, [worker, file], {
    timeout: raceTimeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout) as RaceReport;
}

test(
  `${processes} processes make ${processes * movesEach} moves, with one winner each`,
  async () => {
    const begin = performance.now();
    const reports = await Promise.all(Array.from({ length: processes }, (_, index) => runWorker(index + 1)));
    const seconds = (performance.now() - begin) / 1000;
    expect(reports.flatMap(({ strange }) => strange)).toEqual([]);
    const won = reports.flatMap((report) => report.won).toSorted((a, b) => a.epoch - b.epoch);
    const lost = reports.reduce((sum, report) => sum + report.lost, 0);
    // Every epoch from 1 on was won by one process.
    expect(won.map(({ epoch }) => epoch)).toEqual(
      Array.from({ length: processes * movesEach }, (_, index) => index + 1),
    );
    // The zone had these epochs and no others, in this order, each with a try of its own.
    const ledgers = ledgersOf(await named.journal());
    expect(ledgers.map((ledger) => ({ epoch: ledger.epoch, try: ledger.try }))).toEqual(won);
    // Every ledger came with its address, in the same change.
    const withEpoch = ledgers.filter(
      ({ epoch, addresses }) =>
        addresses.join() === `198.${18 + (epoch >> 16)}.${(epoch >> 8) & 255}.${epoch & 255}`,
    );
    expect(withEpoch).toHaveLength(won.length);
    // There was a race.
    expect(lost).toBeGreaterThan(0);
    process.stderr.write(
      `race: ${won.length} moves, ${lost} lost, ${seconds.toFixed(1)} s, ${Math.round(won.length / seconds)} moves/s\n`,
    );
  },
  raceTimeoutMs,
);
