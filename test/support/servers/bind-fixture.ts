import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BindPrograms, provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { type BindOptions, type BindPair, startBindPair } from '../../../src/lab/servers/bind.ts';

/** Two nameservers for a test: see BindPair for the rest. */
export interface BindFixture extends BindPair {
  /** Paths of the real nsupdate, dig, rndc and so on. */
  readonly programs: BindPrograms;
  /** Temporary folder of both, `ns1/` and `ns2/`; gone after `stop()`. */
  readonly folder: string;
}

/** What a test wants of the pair; `programs`: of which BIND, by default the one that the lab takes. */
export interface BindWishes extends Omit<BindOptions, 'folder'> {
  readonly programs?: BindPrograms;
}

/** Starts a primary and a secondary named on 127.0.0.1; `clusters` are those whose names the key may change (default `shop`). */
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
