/** The lab of the built program, as a user runs it. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
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

/** A temporary folder for the labs of one test: nothing in it is of another lab. */
export interface LabPlace {
  /** For the environment of the lab. */
  readonly env: { readonly TMPDIR: string };
  /** What the labs have there now. */
  contents(): readonly string[];
  /** The processes (of all users) with this folder in their command lines. */
  processes(): readonly string[];
}

/** Goes when the test is over. */
export function labPlace(): LabPlace {
  // Short: the path of a socket has a limit.
  const folder = mkdtempSync(join(tmpdir(), 'lab-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    env: { TMPDIR: folder },
    contents: () => readdirSync(folder),
    processes: () => processesIn(folder),
  };
}

function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(folder) ? [command] : [];
      } catch {
        return [];
      }
    });
}
