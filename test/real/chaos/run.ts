/**
 * `npm run chaos -- --rounds N --seed S [--first R] [--world-rounds K] [--fences] [--keep]`: chaos on real servers.
 * Makes the network namespaces, starts inside.ts in one of them, and always removes everything at the end.
 * Exit code 1 for a violation, 2 for wrong arguments, 3 where this machine cannot do it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { probeCapabilities } from './capabilities.ts';
import { tried } from './commands.ts';
import type { Instructions } from './inside.ts';
import { Network, removeNamespaces, sweepNamespaces } from './network.ts';

const folderPrefix = 'source-dns-chaos-';
/** The folders that a person wants to see: no later run removes them. */
const keptPrefix = 'source-dns-chaos-kept-';
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    first: { type: 'string', default: '1' },
    'world-rounds': { type: 'string', default: '50' },
    fences: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const [rounds, firstRound, worldRounds] = [
  Number(values.rounds),
  Number(values.first),
  Number(values['world-rounds']),
];
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
if (
  ![rounds, firstRound, worldRounds].every((each) => Number.isSafeInteger(each) && each > 0) ||
  !Number.isSafeInteger(seed)
) {
  process.stderr.write(
    'usage: npm run chaos -- --rounds N --seed S [--first ROUND] [--world-rounds K] [--fences] [--keep]\n',
  );
  process.exit(2);
}
process.exitCode = await main();

async function main(): Promise<number> {
  await sweep();
  const capabilities = await probeCapabilities();
  if (typeof capabilities === 'string') {
    say(`NO CHAOS ON THIS MACHINE: ${capabilities}`);
    return 3;
  }
  for (const each of capabilities.missing) say(`MISSING: ${each}`);
  say(`seed ${seed}, rounds ${firstRound} to ${firstRound + rounds - 1}, a new world every ${worldRounds}`);
  const interruption = onInterrupt();
  const prefix = `sdc${process.pid}`;
  const folder = await mkdtemp(join(tmpdir(), `${values.keep ? keptPrefix : folderPrefix}${process.pid}-`));
  try {
    const network = new Network(prefix, capabilities.slowLink);
    await network.make();
    const entry = join(import.meta.dirname, '..', '..', '..', 'src', 'main.js');
    const instructions: Instructions = {
      rounds,
      firstRound,
      seed,
      worldRounds,
      keep: values.keep,
      fences: values.fences,
      prefix,
      folder,
      entry,
      capabilities,
    };
    return interruption.came ? 1 : await inside(network, instructions, interruption);
  } finally {
    await cleanUp(prefix, folder);
  }
}

/** Whether a signal came that ends the run, and the process that gets it too. */
interface Interruption {
  came: boolean;
  child?: ChildProcess;
}

function onInterrupt(): Interruption {
  const interruption: Interruption = { came: false };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interruption.came = true;
      interruption.child?.kill('SIGTERM');
    });
  }
  return interruption;
}

async function inside(
  network: Network,
  instructions: Instructions,
  interruption: Interruption,
): Promise<number> {
  // --pdeathsig: when this process is killed, the other process ends what it started, and itself.
  const command = [
    '--pdeathsig',
    'TERM',
    ...network.through('control'),
    process.execPath,
    join(import.meta.dirname, 'inside.js'),
  ];
  const child = spawn('setpriv', [...command, JSON.stringify(instructions)], {
    stdio: 'inherit',
    detached: true,
  });
  interruption.child = child;
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** Removes the rest, where inside.ts could not remove it. */
async function cleanUp(prefix: string, folder: string): Promise<void> {
  await removeNamespaces(`${prefix}-`);
  await unmountBelow(folder);
  if (values.keep) say(`kept: ${folder}`);
  else await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function unmountBelow(folder: string): Promise<void> {
  for (const line of (await readFile('/proc/mounts', 'utf8')).split('\n')) {
    const mount = line.split(' ')[1] ?? '';
    if (mount.startsWith(`${folder}/`)) await tried('umount', ['--lazy', mount]);
  }
}

/** Removes what a killed run left (SIGKILL): its process is gone, and the names contain its number. */
async function sweep(): Promise<void> {
  const gone = (pid: string | undefined): pid is string => pid !== undefined && !existsSync(`/proc/${pid}`);
  const folders = (await readdir(tmpdir())).filter((name) =>
    gone(new RegExp(`^${folderPrefix}(\\d+)-`).exec(name)?.[1]),
  );
  await sweepNamespaces('sdc');
  for (const name of folders) {
    await unmountBelow(join(tmpdir(), name));
    await rm(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 5 });
  }
}
