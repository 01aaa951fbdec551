/** What `source-dns init` prints at its end. */

import { join } from 'node:path';
import { formatConfigError } from '../../config/config-error.ts';
import { type LoadResult, loadConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/loaded.ts';
import { addedByHand, type KnownParts } from '../../setup/added-by-hand.ts';
import { configurationName } from '../../setup/all-files.ts';
import { passwordFileName } from '../../setup/configuration-text.ts';
import type { NewFile, Written } from '../../setup/new-files.ts';
import { nextSteps, type Step } from '../../setup/next-steps.ts';
import type { Setup } from '../../setup/setup.ts';
import { complain } from '../complain.ts';
import type { CommandContext } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';

/** `--dry-run`: the files on standard output, without what is secret. */
export function printFiles(
  context: CommandContext,
  files: readonly NewFile[],
  steps: readonly Step[],
): ExitCode {
  const { terminal, json } = context;
  const shown = files.map(({ secret, text, ...file }) => ({ ...file, ...(secret ? { secret } : { text }) }));
  if (json) {
    const modes = shown.map((file) => ({ ...file, mode: modeText(file.mode) }));
    terminal.out(`${JSON.stringify({ dryRun: true, files: modes, steps })}\n`);
    return exitCodes.done;
  }
  for (const { name, mode, text } of shown.map((file) => ({
    text: '(a secret, which is not shown)\n',
    ...file,
  })))
    terminal.out(`==> ${name} (${modeText(mode)})\n${text}\n`);
  terminal.out(stepsText(steps));
  return exitCodes.done;
}

const modeText = (mode: number): string => `0${mode.toString(8)}`;

export interface Outcome {
  readonly output: string;
  readonly written: Written;
  readonly setup: Setup;
  readonly used: readonly string[];
  /** The sentence about what is there, where the files could not be written. */
  readonly end: string;
}

/** Says what was written, what was left, and what to do next. */
export async function report(
  context: CommandContext,
  { output, written, setup, used, end }: Outcome,
): Promise<ExitCode> {
  const { terminal, json } = context;
  if (written.kind === 'failed') {
    complain(context, { code: 'not-written', message: `${written.problem}. ${end}` });
    return exitCodes.failed;
  }
  const { fresh, left } = written;
  const loaded = await loadConfig(join(output, configurationName));
  const findings = findingsOf(loaded);
  const steps = left.includes(configurationName)
    ? addedByHand(setup, {
        folder: output,
        known: loaded.kind === 'loaded' ? partsOf(loaded.config) : undefined,
        newPassword: left.includes(passwordFileName),
      })
    : nextSteps(setup, output);
  const exit = left.length > 0 ? exitCodes.held : exitCodes.done;
  if (json) {
    terminal.out(`${JSON.stringify({ folder: output, written: fresh, left, used, findings, steps })}\n`);
    return exit;
  }
  terminal.out(
    fresh.length === 0
      ? `\nNothing was written to ${output}.\n`
      : `\nWritten to ${output}:\n${fresh.map((name) => `  ${name}\n`).join('')}`,
  );
  if (used.length > 0) terminal.out(`Used from there: ${used.join(', ')}\n`);
  if (left.length > 0)
    terminal.out(
      `Left as they are, because they exist: ${left.join(', ')}\n  They may not fit the new files. Move them away and run init again, or choose another folder with --output.\n`,
    );
  for (const finding of findings) terminal.out(`${finding}\n`);
  terminal.out(stepsText(steps));
  return exit;
}

/** What the program itself says to the configuration. */
const findingsOf = (loaded: LoadResult): readonly string[] =>
  loaded.kind === 'loaded' ? loaded.config.warnings : loaded.errors.map(formatConfigError);

const partsOf = ({ clusters, nameservers }: LoadedConfig): KnownParts => ({
  clusters: new Set(clusters.map(({ settings }) => settings.cluster)),
  nameservers: new Map(
    [...nameservers].map(([name, { address, port, key }]) => [
      name,
      { host: address, port, keyName: key?.name?.toLowerCase().replace(/\.$/, '') },
    ]),
  ),
});

const stepsText = (steps: readonly Step[]): string =>
  `\nWhat to do next:\n${steps
    .map(
      ({ text, where, commands }, index) =>
        `\n${index + 1}. ${text}\n   On ${where}:\n${commands.map((each) => `     ${each}\n`).join('')}`,
    )
    .join('')}`;
