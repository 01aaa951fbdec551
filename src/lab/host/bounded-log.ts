/** What a server prints: a log file of bounded size, and the newest lines in memory. */

import { closeSync, openSync, writeSync } from 'node:fs';

/** A bound, because a group member without its data folder once wrote 37 GB in 20 minutes. */
const maxFileBytes = 16 * 1024 * 1024;
/** For the error message of a server that did not start. */
const maxTailLines = 40;
/** A longer line is cut. */
const maxLineLength = 4096;

export class BoundedLog {
  readonly file: string;
  readonly #listeners = new Set<(line: string) => void>();
  readonly #tail: string[] = [];
  #descriptor: number | undefined;
  #bytes = 0;
  #rest = '';

  /** Opens `file` to append to it (mode 0600). */
  constructor(file: string) {
    this.file = file;
    this.#descriptor = openSync(file, 'a', 0o600);
  }

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

  /** Calls `listener` with every further line, until the returned function is called. */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The newest lines, oldest first. */
  tail(): string {
    return this.#tail.join('\n');
  }

  /** Closes the file; later output is dropped. */
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
