/** The Enter key: each press is one line of the input. */

import { createInterface } from 'node:readline';

/**
 * Each call takes one press, and waits for it if there is none yet. At the end of the input (Ctrl-D) every
 * call resolves at once. Nothing is read before the first call.
 */
export function pressesOf(input: NodeJS.ReadableStream): () => Promise<void> {
  let lines: AsyncIterator<string> | undefined;
  return async () => {
    lines ??= createInterface({ input })[Symbol.asyncIterator]();
    await lines.next();
  };
}
