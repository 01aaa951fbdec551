/** Questions on a terminal, line by line. Prompts go to standard error: standard output may be a file. */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface Prompter {
  /** The next line, without its end; undefined: there is no more input. */
  line(prompt: string): Promise<string | undefined>;
  /** The same, without an echo. */
  secret(prompt: string): Promise<string | undefined>;
  /** Gives the terminal back. */
  close(): void;
}

interface PrompterOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly columns?: number };
  /** Ctrl-C, also while nothing is asked. */
  onInterrupt(): void;
}

/** More lines that were pasted ahead are dropped. */
const maxAhead = 1000;

/**
 * Lines that come before their question are kept, because people paste several at once. Nothing is shown
 * before its question is asked: it may be the password.
 */
export function openPrompter({ input, output, onInterrupt }: PrompterOptions): Prompter {
  let echo = false;
  const screen = new Writable({
    write(chunk, _encoding, done) {
      if (echo) output.write(chunk, () => done());
      else done();
    },
  });
  Object.defineProperty(screen, 'columns', { get: () => output.columns ?? 80 });
  const lines = createInterface({ input, output: screen, terminal: true, historySize: 0 });
  const ahead: string[] = [];
  let waiting: ((line: string | undefined) => void) | undefined;
  let ended = false;
  const give = (line: string | undefined): void => {
    const taker = waiting;
    waiting = undefined;
    echo = false;
    if (taker !== undefined) taker(line);
    else if (line !== undefined && ahead.length < maxAhead) ahead.push(line);
  };
  lines.on('line', give);
  lines.on('close', () => {
    ended = true;
    give(undefined);
  });
  lines.on('SIGINT', () => {
    output.write('\n');
    onInterrupt();
  });
  const next = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      if (ended) resolve(undefined);
      else waiting = resolve;
    });
  return {
    line(prompt) {
      const [early] = ahead.splice(0, 1);
      if (early !== undefined) {
        output.write(`${prompt}${early}\n`);
        return Promise.resolve(early);
      }
      if (ended) return Promise.resolve(undefined);
      const line = next();
      echo = true;
      lines.setPrompt(prompt);
      lines.prompt();
      return line;
    },
    async secret(prompt) {
      output.write(prompt);
      const [early] = ahead.splice(0, 1);
      const line = early ?? (await next());
      output.write('\n');
      return line;
    },
    close: () => lines.close(),
  };
}
