/** One real named in the foreground. Its zone and journal survive stop, kill and start. */

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../host/lab-error.ts';
import { launch, type ServerProcess } from '../host/processes.ts';
import type { BindPrograms } from '../programs/bind-programs.ts';
import { askSoaSerial } from './ask-soa.ts';

export interface NamedOptions {
  /** It has `named.conf`, and `named.log` unless `logFile` is another path. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  /** It counts as started when it answers for this zone. Without the last dot. */
  readonly zone: string;
  readonly logFile?: string;
  /** See LaunchOptions. */
  readonly through?: readonly string[];
}

const startDeadlineMs = 30_000;
const stopDeadlineMs = 10_000;
/** A secondary has the zone as soon as the transfer is done, and announces it nowhere. */
const askIntervalMs = 10;

export class Named {
  readonly address: string;
  readonly port: number;
  readonly folder: string;
  readonly logFile: string;
  readonly #programs: BindPrograms;
  readonly #zone: string;
  readonly #through: readonly string[];
  #server: ServerProcess | undefined;

  constructor(programs: BindPrograms, options: NamedOptions) {
    this.#programs = programs;
    this.#zone = options.zone;
    this.address = options.address;
    this.port = options.port;
    this.folder = options.folder;
    this.logFile = options.logFile ?? join(options.folder, 'named.log');
    this.#through = options.through ?? [];
  }

  get pid(): number | undefined {
    return this.running ? this.#server?.pid : undefined;
  }

  get running(): boolean {
    return this.#server?.running === true;
  }

  /** Resolves when it answers for its zone. Rejects with a LabError (see `isListenTaken`). */
  async start(): Promise<void> {
    if (this.running) throw new Error(`named at ${this.address}:${this.port} runs already`);
    const started = performance.now();
    // -g: in the foreground, and every message to stderr, even before the configuration is read.
    const args = ['-g', '-4', '-n', '2', '-c', join(this.folder, 'named.conf')];
    this.#server = launch(`named ${this.address}:${this.port}`, this.#programs.named, args, {
      cwd: this.folder,
      logFile: this.logFile,
      through: this.#through,
    });
    try {
      await this.#server.awaitLine(/ running$/, startDeadlineMs);
      // named goes on without a port that it cannot bind: another nameserver would answer in its place.
      if (isListenTaken(new Error(this.#server.log.tail())))
        throw new LabError(`named: address in use: ${this.address}:${this.port}`, {
          hint: 'use another port',
        });
      await this.awaitSerial(1, startDeadlineMs - (performance.now() - started));
    } catch (error) {
      await this.kill9();
      throw error;
    }
  }

  /** The zone's SOA serial, once it is at least `atLeast`. Rejects with a LabError after `deadlineMs`. */
  async awaitSerial(atLeast: number, deadlineMs: number): Promise<number> {
    const end = performance.now() + deadlineMs;
    while (performance.now() < end && this.running) {
      const serial = await askSoaSerial(this.address, this.port, this.#zone);
      if (serial !== undefined && serial >= atLeast) return serial;
      await delay(askIntervalMs);
    }
    throw new LabError(
      `named ${this.address}:${this.port} did not answer for ${this.#zone} with serial ${atLeast}:\n${this.#server?.log.tail()}`,
      { hint: `see ${this.logFile}` },
    );
  }

  /** An orderly shutdown; SIGKILL if it takes too long. Resolves when the process is gone. */
  async stop(): Promise<void> {
    await this.#server?.stop(stopDeadlineMs);
  }

  /** A crash: SIGKILL. Resolves when the process is gone. */
  async kill9(): Promise<void> {
    await this.#server?.kill();
  }

  /** SIGSTOP: from then on it hangs until `resume()`, and its queues of datagrams and connections fill up. */
  async suspend(): Promise<void> {
    await this.#server?.suspend();
  }

  resume(): void {
    this.#server?.signal('SIGCONT');
  }
}

/** Whether a start failed because another process has taken the port. */
export function isListenTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    /address in use|unable to listen on any configured interface/i.test(error.message)
  );
}
