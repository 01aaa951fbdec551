/** Everything that this process would print, while it is recorded. */

/** The object whose methods are replaced. */
const { console: target } = globalThis;
const methods = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;

export interface RecordedOutput {
  readonly said: readonly string[];
  stop(): void;
}

/** Nothing reaches the console, stdout or stderr until `stop`. */
export function recordOutput(): RecordedOutput {
  const said: string[] = [];
  const kept = methods.map((method) => target[method]);
  const streams = [process.stdout, process.stderr] as const;
  const writes = streams.map((stream) => stream.write);
  for (const method of methods)
    target[method] = (...words: unknown[]) => void said.push(words.map(String).join(' '));
  for (const stream of streams) {
    stream.write = ((chunk: unknown) => {
      said.push(String(chunk));
      return true;
    }) as typeof stream.write;
  }
  return {
    said,
    stop() {
      for (const [index, method] of methods.entries()) target[method] = kept[index] ?? target[method];
      for (const [index, stream] of streams.entries()) stream.write = writes[index] ?? stream.write;
    },
  };
}
