/** The two real nameservers of a chaos world: a primary and a secondary. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BindPrograms } from '../../../src/lab/programs/bind-programs.ts';
import { type BindPair, startBindPair } from '../../../src/lab/servers/bind.ts';
import { tried } from './commands.ts';
import { addressOf, type Network } from './network.ts';
import type { Nameserver } from './plan.ts';

const portNumber = 53;
/** Room for many copies of the zone and its journal; a file fills it in no time. */
const diskBytes = 8 * 1024 * 1024;

/**
 * The primary (`ns1`) and the secondary nameserver, each with a small disk for itself where the machine can
 * mount one.
 */
export interface Nameservers {
  readonly pair: BindPair;
  /** Fills the disk up to the last byte. */
  fillDisk(which: Nameserver): Promise<void>;
  freeDisk(which: Nameserver): Promise<void>;
  stop(): Promise<void>;
}

export const namedOf = ({ pair }: Nameservers, which: Nameserver) =>
  which === 'ns1' ? pair.primary : pair.secondary;

/** Starts both nameservers in `folder`. */
export async function startNameservers(
  programs: BindPrograms,
  network: Network,
  folder: string,
  smallDisk: boolean,
): Promise<Nameservers> {
  const disks = (['ns1', 'ns2'] as const).map((which) => join(folder, which));
  for (const disk of disks) {
    await mkdir(disk, { recursive: true });
    if (!smallDisk) continue;
    const mounted = await tried('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${diskBytes},mode=700`,
      'source-dns-chaos',
      disk,
    ]);
    if (mounted !== true) throw new Error(mounted);
  }
  const host = (which: Nameserver) => ({
    address: addressOf(which),
    port: portNumber,
    through: network.through(which),
    // Not on the small disk: a reader needs the log when that disk is full.
    logFile: join(folder, `${which}.log`),
  });
  const unmount = async () => {
    for (const disk of disks) if (smallDisk) await tried('umount', ['--lazy', disk]);
  };
  try {
    const pair = await startBindPair(programs, {
      folder,
      hosts: { primary: host('ns1'), secondary: host('ns2') },
      // The referee reads the journal as incremental transfers, and named sends the whole zone instead where
      // that is shorter.
      adjust: (_role, text) => text.replace('options {', 'options {\n    max-ixfr-ratio unlimited;'),
    });
    const filler = (which: Nameserver) => join(folder, which, 'filler');
    return {
      pair,
      fillDisk: async (which) => {
        for (const piece of [diskBytes, 4096, 1]) await append(filler(which), piece);
      },
      freeDisk: (which) => rm(filler(which), { force: true }),
      stop: async () => {
        await pair.stop();
        await unmount();
      },
    };
  } catch (error) {
    await unmount();
    throw error;
  }
}

/** Writes until nothing more fits: the last piece fails, and leaves what did fit. */
async function append(file: string, piece: number): Promise<void> {
  const zeros = Buffer.alloc(piece);
  for (;;) {
    try {
      await writeFile(file, zeros, { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}
