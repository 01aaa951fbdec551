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

/** Lines that come before their question are kept: people paste several at once. */
export function openPrompter({ input, output, onInterrupt }: PrompterOptions): Prompter {
  let muted = false;
  const screen = new Writable({
    write(chunk, _encoding, done) {
      if (muted) done();
      else output.write(chunk, () => done());
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
      const [line] = ahead.splice(0, 1);
      if (line !== undefined || ended) resolve(line);
      else waiting = resolve;
    });
  return {
    line(prompt) {
      lines.setPrompt(prompt);
      if (!ended) lines.prompt();
      return next();
    },
    async secret(prompt) {
      output.write(prompt);
      lines.setPrompt('');
      muted = true;
      const line = await next();
      muted = false;
      output.write('\n');
      return line;
    },
    close: () => lines.close(),
  };
}
