/** Two nameservers for a test. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BindPrograms, provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { type BindOptions, type BindPair, startBindPair } from '../../../src/lab/servers/bind.ts';

/** The rest: see BindPair. */
export interface BindFixture extends BindPair {
  /** The paths of the real nsupdate, dig, rndc etc. */
  readonly programs: BindPrograms;
  /** The temporary folder of both, with `ns1/` and `ns2/`; `stop()` removes it. */
  readonly folder: string;
}

/** `programs`: the BIND to use; default: that of the lab. */
export interface BindWishes extends Omit<BindOptions, 'folder'> {
  readonly programs?: BindPrograms;
}

/** A primary and a secondary on 127.0.0.1. `clusters`: the key may change their names (default: `shop`). */
export async function startBind(wishes: BindWishes = {}): Promise<BindFixture> {
  const { programs = await provideBind((line) => process.stderr.write(`${line}\n`)), ...options } = wishes;
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-bind-'));
  try {
    const pair = await startBindPair(programs, { ...options, folder });
    const stop = async () => {
      await pair.stop();
      await rm(folder, { recursive: true, force: true });
    };
    return { ...pair, programs, folder, stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}
