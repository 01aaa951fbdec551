/** The answer to a command, publication by publication. Pure. */

import type { Answer, CommandResult } from '../core/model/events.ts';
import { planLines } from '../dns/client/nsupdate-script.ts';
import { printable, type Style } from './style.ts';

/** The plan of a dry run is a script: everything else becomes a comment. */
export const answerText = (answer: Answer, style: Style): string =>
  answer.results.map((result) => resultText(printable(result), result, style)).join('');

function resultText(shown: CommandResult, result: CommandResult, style: Style): string {
  const { nameserver, kind, code, sentence, hint } = shown;
  const paint = kind === 'done' ? style.green : kind === 'failed' ? style.red : style.yellow;
  const verdict = code === 'dry-run' ? 'dry run, nothing was written' : `${kind} (${code})`;
  const line = `${nameserver}: ${paint(verdict)}: ${sentence}\n${hint === undefined ? '' : `  ${hint}\n`}`;
  if (result.plan === undefined) return line;
  const comment = line.trimEnd().replace(/^/gm, '; ');
  return [comment, ...planLines(result.plan), ''].join('\n');
}
