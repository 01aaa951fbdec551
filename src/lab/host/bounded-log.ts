import { closeSync, openSync, writeSync } from 'node:fs';

/** Bytes of a server's log that are kept on disk: a member whose data folder vanished under it once wrote 37 GB in 20 minutes. */
const maxFileBytes = 16 * 1024 * 1024;
/** Lines that are kept in memory, for the error message of a server that did not start. */
const maxTailLines = 40;
/** A line longer than this is cut: the memory stays bounded whatever a server prints. */
const maxLineLength = 4096;

/** What a server prints: appended to a file up to a bound, the newest lines kept in memory, every line handed to whoever waits for one. */
export class BoundedLog {
  readonly file: string;
  readonly #listeners = new Set<(line: string) => void>();
  readonly #tail: string[] = [];
  #descriptor: number | undefined;
  #bytes = 0;
  #rest = '';

  /** Opens `file` for appending (mode 0600). */
  constructor(file: string) {
    this.file = file;
    this.#descriptor = openSync(file, 'a', 0o600);
  }

  /** Takes the next piece of output, as it came through the pipe. */
  take(piece: Buffer): void {
    if (this.#descriptor !== undefined && this.#bytes < maxFileBytes) {
      this.#bytes += piece.length;
      const cut = this.#bytes >= maxFileBytes ? `\n[the log ends here, after ${maxFileBytes} bytes]\n` : '';
      writeSync(this.#descriptor, `${piece.toString('utf8')}${cut}`);
    }
    const lines = `${this.#rest}${piece.toString('utf8')}`.split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, maxLineLength);
    for (const line of lines) this.#takeLine(line.slice(0, maxLineLength));
  }

  /** Calls `listener` with every line to come; the result ends that. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The newest lines, oldest first. */
  tail(): string {
    return this.#tail.join('\n');
  }

  /** Closes the file; what comes later is dropped. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #takeLine(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > maxTailLines) this.#tail.shift();
    for (const listener of [...this.#listeners]) listener(line);
  }
}
