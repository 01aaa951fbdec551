/** The lab of the built program, as a user runs it. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { root } from '../../support/checkout.ts';

export const entry = join(root, 'dist', 'main.js');

/** One line of `--json`. */
export interface LabLine {
  readonly event: string;
  readonly step?: string;
  readonly held?: boolean;
  readonly text?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly scenario?: string;
  readonly moves?: readonly Record<string, unknown>[];
  readonly acknowledgedWrites?: number;
  readonly lostWrites?: number;
}

/** Plays the lab to its end; resolves with its exit code and its lines. */
export async function playLab(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly exitCode: number | undefined; readonly lines: readonly LabLine[] }> {
  const run = await execa(process.execPath, [entry, 'lab', '--once', '--json', ...args], {
    reject: false,
    timeout: 110_000,
    lines: true,
    env,
  });
  return { exitCode: run.exitCode, lines: run.stdout.map((line) => JSON.parse(line) as LabLine) };
}

/** `[step, held]` of every step, and the text of each that did not hold. */
export const verdictsOf = (lines: readonly LabLine[]) =>
  lines
    .filter(({ event }) => event === 'held')
    .map(({ step, held, text }) => (held ? [step, held] : [step, held, text]));

/** The folders of labs now: another lab may run beside this test. */
export const labFolders = (): Set<string> =>
  new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('source-dns-lab-')));

/** The processes (of all users) with one of these folders in their command lines. */
export function processesIn(folders: readonly string[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return folders.some((folder) => command.includes(folder)) ? [command] : [];
      } catch {
        return [];
      }
    });
}
