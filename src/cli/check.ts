/** `source-dns check [CLUSTER]`: the doctor. */

import { type Findings, runChecks } from '../doctor/check.ts';
import { checks } from '../doctor/checks.ts';
import { openFilesLimit } from '../doctor/host/process.ts';
import { type InspectorMaker, openWorld } from '../doctor/open-world.ts';
import type { Around } from '../doctor/world.ts';
import { checkText } from './check-text.ts';
import type { CheckArguments } from './commands/check.ts';
import { findCluster, readConfiguration } from './configuration.ts';
import type { CommandContext } from './context.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { proseColumns } from './explain-text.ts';
import { createStyle, printable } from './style.ts';

export type Surroundings = Pick<Around, 'env' | 'nodeVersion' | 'resolvers' | 'unixSockets'>;

/** Looks, and prints what it found. Writes nothing: no server, zone, file or history. */
export async function check(
  context: CommandContext,
  { cluster, quiet }: CheckArguments,
  inspectors: InspectorMaker,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { terminal, json, clock } = context;
  const config = await readConfiguration(context);
  if (config === undefined) return exitCodes.usage;
  const chosen = cluster === undefined ? undefined : findCluster(config, cluster, context);
  if (cluster !== undefined && chosen === undefined) return exitCodes.usage;
  const { prober } = await context.loadMaker();
  const { world, close } = await openWorld({
    config,
    clusters: chosen === undefined ? config.clusters : [chosen],
    prober,
    inspectors,
    clock,
    around: { ...surroundings, version: context.version, openFiles: openFilesLimit },
  });
  try {
    const found = printable(await runChecks(world, checks));
    const shown = quiet
      ? { ...found, findings: found.findings.filter(({ verdict }) => verdict !== 'ok') }
      : found;
    if (json) terminal.out(`${JSON.stringify(shown)}\n`);
    else if (!quiet || shown.findings.length > 0)
      terminal.out(checkText(shown, createStyle(terminal.colours), proseColumns(terminal.columns)));
    return exitCodeOfFindings(found);
  } finally {
    await close();
  }
}

/** A fault weighs more than what could not be seen. */
function exitCodeOfFindings({ counts }: Findings): ExitCode {
  if (counts.fault > 0) return exitCodes.held;
  return counts.unreachable > 0 ? exitCodes.unreachable : exitCodes.done;
}
