/**
 * Plays world after world and round after round in the namespace `control`. run.ts starts this program, and
 * always cleans up after it.
 */
import { provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { provideMysql } from '../../../src/lab/programs/mysql-programs.ts';
import { createPrng, type Prng } from '../../sim/world/prng.ts';
import { boundMs } from './calm.ts';
import type { Capabilities } from './capabilities.ts';
import type { OldSource } from './evidence.ts';
import { Network } from './network.ts';
import { describe, planRound } from './plan.ts';
import { Report } from './report.ts';
import { type Memory, playRound, type RoundResult } from './round.ts';
import { inWorld, type Surroundings, type World, type WorldSize } from './world.ts';

/** The arguments from run.ts. */
export interface Instructions {
  readonly rounds: number;
  readonly firstRound: number;
  readonly seed: number;
  readonly worldRounds: number;
  readonly keep: boolean;
  /** Every instance has `fence:`. */
  readonly fences: boolean;
  readonly prefix: string;
  readonly folder: string;
  readonly entry: string;
  readonly capabilities: Capabilities;
}

/** Once in each world, L2 is judged by this time: every timer of an idle service but the slowest fits in. */
const longQuietMs = 10_000;
const mostLostWorlds = 3;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(instructions: Instructions): Promise<number> {
  const { rounds, firstRound, seed, worldRounds, keep, prefix, folder, entry, capabilities } = instructions;
  const [mysql, bind] = await Promise.all([provideMysql(say), provideBind(say)]);
  const surroundings: Surroundings = {
    network: new Network(prefix, capabilities.slowLink),
    capabilities,
    programs: { mysql, bind },
    entry,
    folder,
    keep,
  };
  const report = new Report();
  onInterrupt(() => say(report.text()));
  say(`MySQL ${mysql.version}, BIND ${bind.version}; bound of the calm ${boundMs / 1000} s`);
  for (let round = firstRound; round < firstRound + rounds; ) {
    const last = Math.min(round - ((round - 1) % worldRounds) + worldRounds, firstRound + rounds);
    // By the number of the world, so that a run that begins with a later round (`--first`) has the same world
    // as this round had.
    const chance = createPrng(seed * 7919 + Math.floor((round - 1) / worldRounds));
    const size: WorldSize = {
      servers: chance.pick([3, 4, 4]),
      watchers: chance.pick([2, 2, 3]),
      resolver: chance.pick(['ns1', 'ns2']),
      ...fencing(chance, instructions.fences),
    };
    say(
      `world: ${size.servers} mysqld${size.semiSync ? '' : ' (asynchronous)'}, ${size.watchers} source-dns${size.fences ? ' with fence' : ''}, 2 named, the writer asks ${size.resolver}`,
    );
    const reached = await playWorld(surroundings, size, { seed, from: round, to: last }, report);
    // A world that cannot be mended says nothing of source-dns. A person must look at it, and several such
    // worlds are a defect.
    if (reached === undefined && report.lostWorlds > mostLostWorlds) break;
    round = reached ?? round + 1;
  }
  say(report.text());
  return report.violations === 0 && report.lostWorlds === 0 ? 0 : 1;
}

/**
 * A commit that waits for a replica keeps its server from being closed: most worlds that fence do without.
 */
const fencing = (chance: Prng, fences: boolean): Pick<WorldSize, 'fences' | 'semiSync'> => ({
  fences,
  semiSync: !fences || chance.chance(0.3),
});

interface Span {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** Resolves with the next round; undefined when the world was lost during its first round. */
async function playWorld(
  surroundings: Surroundings,
  size: WorldSize,
  { seed, from, to }: Span,
  report: Report,
): Promise<number | undefined> {
  let round = from;
  try {
    await inWorld(surroundings, size, async (world) => {
      const memory = await opening(world, report);
      for (; round < to; round++) await oneRound(world, { seed, round }, memory, report);
    });
    return round;
  } catch (error) {
    report.lostWorlds++;
    say(`WORLD LOST in round ${round}: ${error instanceof Error ? error.stack : String(error)}`);
    return round === from ? undefined : round + 1;
  }
}

/** The first publication is a round like any other, without faults and with a long quiet time. */
async function opening(world: World, report: Report): Promise<Memory> {
  const memory: Memory = {
    known: { tries: new Set(), shown: new Set(['']), highestEpoch: 0 },
    excused: new Set(),
  };
  const result = await playRound(
    world,
    { round: 0, faults: [], operator: { act: 'nothing' }, clings: false },
    memory,
    longQuietMs,
  );
  report.addOpening(result);
  say(`   0 the first publication => ${outcome(world, world.source.name, result)}`);
  if (result.violations.length > 0) {
    await sayViolations(world, result);
    throw new Error('the world did not begin well');
  }
  memory.known.shown.delete('');
  return memory;
}

async function oneRound(
  world: World,
  { seed, round }: { readonly seed: number; readonly round: number },
  memory: Memory,
  report: Report,
): Promise<void> {
  const plan = planRound(seed, round, world.size);
  const was = world.source.name;
  const began = performance.now();
  const result = await playRound(world, plan, memory);
  report.add(result);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(
    `${String(round).padStart(4)} ${seconds.padStart(5)} s  ${was} ${describe(plan)} => ${outcome(world, was, result)}`,
  );
  if (result.violations.length > 0) await sayViolations(world, result);
}

/** Prints what the instances say of themselves: to find the cause, not to judge. */
async function sayViolations({ watchers }: World, { violations }: RoundResult): Promise<void> {
  for (const { promise, what, serial } of violations)
    say(`     VIOLATION ${promise}${serial === undefined ? '' : ` (serial ${serial})`}: ${what}`);
  for (const watcher of watchers)
    say(`     ${watcher.host} ${await watcher.says()}; log ${watcher.folder}/source-dns.log`);
}

function outcome(
  { source }: World,
  was: string,
  { moves, answeredMs, calmAnsweredMs, settledMs, rebuilt, gaveUp, excused, old, violations }: RoundResult,
): string {
  const time =
    answeredMs === undefined ? '' : ` in ${Math.round(answeredMs.primary)}/${Math.round(answeredMs.all)} ms`;
  return [
    moves === 0 ? `hold (${was})` : `${moves === 1 ? 'move' : `${moves} moves`} to ${source.name}${time}`,
    settledMs === undefined
      ? 'NOT SETTLED'
      : `calm: answered ${Math.round(calmAnsweredMs ?? 0)} ms, settled ${Math.round(settledMs)} ms`,
    ...(old === undefined ? [] : [outcomeOfOld(old)]),
    ...(rebuilt.length > 0 ? [`rebuilt ${rebuilt.join(' ')}`] : []),
    ...(gaveUp === undefined ? [] : [`operator gave up: ${gaveUp.split('\n')[0]}`]),
    ...(excused > 0 ? [`${excused} rows lost, unpromised`] : []),
    violations.length === 0 ? 'held' : 'BROKEN',
  ].join(', ');
}

function outcomeOfOld({ since, closedAt, waitsSince, lastWriteAt }: OldSource): string {
  const last = lastWriteAt === undefined ? 'no write' : `last write ${Math.round(lastWriteAt - since)} ms`;
  if (closedAt !== undefined) return `old source closed ${Math.round(closedAt - since)} ms, ${last}`;
  return waitsSince === undefined ? `OLD SOURCE OPEN, ${last}` : `old source waits for replicas, ${last}`;
}

/** run.ts removes the rest. The started processes end with this process: see src/lab/host/processes.ts. */
function onInterrupt(sayReport: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      say('interrupted');
      sayReport();
      process.exit(1);
    });
  }
}

process.exitCode = await main(JSON.parse(process.argv[2] ?? '{}') as Instructions);
