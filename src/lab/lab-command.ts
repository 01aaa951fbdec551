/** `source-dns lab`: lists the scenarios, or plays one. */

import { type Cell, tableText } from '../cli/table.ts';
import { didYouMean } from '../suggest.ts';
import { type LabOptions, runLab } from './run-lab.ts';
import { defaultScenario, fallbackScenario, scenarios } from './scenarios/scenario-table.ts';
import { needsOf } from './stage/scenario.ts';

interface LabCommand extends Omit<LabOptions, 'scenario' | 'fallback'> {
  /** Absent: the default, or its fallback if MySQL is not available. */
  readonly scenario?: string;
  /** Only list the scenarios. */
  readonly list: boolean;
  writeError(text: string): void;
}

/** Resolves with the exit code. */
export async function labCommand({ scenario: name, list, ...options }: LabCommand): Promise<number> {
  if (list) {
    options.write(options.json ? jsonList() : textList());
    return 0;
  }
  if (name === undefined)
    return await runLab({ ...options, scenario: defaultScenario, fallback: fallbackScenario });
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario !== undefined) return await runLab({ ...options, scenario });
  const suggestion = didYouMean(
    name,
    scenarios.map((each) => each.name),
  );
  options.writeError(`source-dns: there is no scenario "${name}"${suggestion}\nSee: source-dns lab --list\n`);
  return 2;
}

function textList(): string {
  const rows = scenarios.map((scenario): readonly Cell[] => [
    { text: `${scenario.name}${scenario === defaultScenario ? ' (default)' : ''}` },
    { text: `${scenario.seconds} s` },
    { text: needsOf(scenario) },
    { text: scenario.summary },
  ]);
  return tableText(['SCENARIO', 'ABOUT', 'NEEDS', 'WHAT HAPPENS'], rows, '');
}

const jsonList = (): string =>
  scenarios
    .map((scenario) => {
      const { name, summary, seconds } = scenario;
      return `${JSON.stringify({ name, summary, needs: needsOf(scenario).split(', '), seconds, default: scenario === defaultScenario })}\n`;
    })
    .join('');
