/** Tells the story: a line with the elapsed time for people, or one JSON object per line for programs. */

import { createStyle } from '../../cli/style.ts';

export interface Narrator {
  /** The step begins when the user presses Enter. */
  pause(letter: string, title: string): void;
  step(letter: string, title: string): void;
  say(text: string): void;
  /** Background, for people only. */
  explain(text: string): void;
  /** A file or a table, indented. */
  show(text: string): void;
  /** Whether a step went as expected. */
  held(letter: string, held: boolean, text: string): void;
  /** A line for programs only. */
  event(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** `write` gets whole lines. */
export function createNarrator(options: {
  readonly json: boolean;
  readonly colours: boolean;
  write(line: string): void;
}): Narrator {
  const began = performance.now();
  const style = createStyle(options.colours);
  const atMs = () => Math.round(performance.now() - began);
  const json = (event: string, fields: Readonly<Record<string, unknown>>) =>
    options.write(`${JSON.stringify({ event, atMs: atMs(), ...fields })}\n`);
  const line = (text: string) =>
    options.write(`${style.dim(`${(atMs() / 1000).toFixed(3).padStart(8)} `)} ${text}\n`);
  if (options.json) {
    return {
      pause: (step) => json('pause', { step }),
      step: (step, title) => json('step', { step, title }),
      say: (text) => json('note', { text }),
      explain: () => undefined,
      show: () => undefined,
      held: (step, held, text) => json('held', { step, held, text }),
      event: (event, fields) => options.write(`${JSON.stringify({ event, ...fields })}\n`),
    };
  }
  return {
    pause: (letter, title) =>
      options.write(`\n${' '.repeat(10)}${style.bold('Enter')} plays (${letter}) ${title}\n`),
    step: (letter, title) => options.write(`\n${style.bold(`(${letter}) ${title}`)}\n`),
    say: line,
    explain: (text) => options.write(`${' '.repeat(10)}${style.dim(text)}\n`),
    show: (text) =>
      options.write(`${text.replace(/^(?=.)/gm, '          | ')}${text.endsWith('\n') ? '' : '\n'}`),
    held: (_letter, held, text) =>
      line(`${held ? style.green('ok') : style.red('NOT AS EXPECTED')}: ${text}`),
    event: () => undefined,
  };
}
