/** Starts and stops the writer: an application that writes to the name's source all the time. */

import { join } from 'node:path';
import { launch, type ServerProcess } from '../../../src/lab/host/processes.ts';
import type { WebClientOptions } from '../../../src/lab/stage/web-client.ts';

const readyMs = 20_000;
const stopMs = 10_000;

/** The writer, as another process on its own host. */
export class WriterProcess {
  /** The numbers of the acknowledged rows. */
  readonly acknowledged = new Set<number>();
  readonly #options: WebClientOptions;
  readonly #through: readonly string[];
  readonly #folder: string;
  #server: ServerProcess | undefined;

  constructor(options: WebClientOptions, folder: string, through: readonly string[]) {
    this.#options = options;
    this.#folder = folder;
    this.#through = through;
  }

  async start(): Promise<void> {
    const entry = join(import.meta.dirname, 'writer.js');
    this.#server = launch('writer', process.execPath, [entry, JSON.stringify(this.#options)], {
      cwd: this.#folder,
      logFile: join(this.#folder, 'writer.log'),
      through: this.#through,
    });
    this.#server.log.onLine((line) => this.#take(line));
    await this.#server.awaitLine(/^writing$/, readyMs);
  }

  async stop(): Promise<void> {
    await this.#server?.stop(stopMs);
  }

  #take(line: string): void {
    for (const [, first, last] of line.matchAll(/ (\d+)-(\d+)/g)) {
      for (let number = Number(first); number <= Number(last); number++) this.acknowledged.add(number);
    }
  }
}
