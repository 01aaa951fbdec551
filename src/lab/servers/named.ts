import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../host/lab-error.ts';
import { launch, type ServerProcess } from '../host/processes.ts';
import type { BindPrograms } from '../programs/bind-programs.ts';
import { askSoaSerial } from './ask-soa.ts';

/** One nameserver whose configuration is written already. */
export interface NamedOptions {
  /** Its folder, with `named.conf`; `named.log` goes there, unless `logFile` says otherwise. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  /** The zone it must answer for before it counts as started; without the last dot. */
  readonly zone: string;
  readonly logFile?: string;
  /** See LaunchOptions. */
  readonly through?: readonly string[];
}

const startDeadlineMs = 30_000;
const stopDeadlineMs = 10_000;
/** Between two questions whether the zone is there: a secondary has it as soon as the transfer is done, and tells nobody. */
const askIntervalMs = 10;

/** A real named in the foreground. It can be stopped, killed and started again, and keeps its zone and journal over that. */
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

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.running ? this.#server?.pid : undefined;
  }

  get running(): boolean {
    return this.#server?.running === true;
  }

  /** Starts it; resolves when it answers for its zone. Rejects with a LabError (see `isListenTaken`). */
  async start(): Promise<void> {
    if (this.running) throw new Error(`named at ${this.address}:${this.port} runs already`);
    const started = performance.now();
    // -g: in the foreground, and every message to stderr, also those from before the configuration was read.
    const args = ['-g', '-4', '-n', '2', '-c', join(this.folder, 'named.conf')];
    this.#server = launch(`named ${this.address}:${this.port}`, this.#programs.named, args, {
      cwd: this.folder,
      logFile: this.logFile,
      through: this.#through,
    });
    try {
      await this.#server.awaitLine(/ running$/, startDeadlineMs);
      // named goes on without a port that it could not bind: another nameserver would answer for it.
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

  /** Resolves with the zone's SOA serial as soon as it is `atLeast` (no wrap-around: a lab's zone is young). Rejects with a LabError after `deadlineMs`. */
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

  /** An orderly shutdown; SIGKILL when that takes too long. Resolves when the process is gone. */
  async stop(): Promise<void> {
    await this.#server?.stop(stopDeadlineMs);
  }

  /** A crash: SIGKILL. Resolves when the process is gone. */
  async kill9(): Promise<void> {
    await this.#server?.kill();
  }

  /** SIGSTOP: once this resolves it hangs, until `resume()`; its queue of datagrams and connections fills up. */
  async suspend(): Promise<void> {
    await this.#server?.suspend();
  }

  /** Ends `suspend()`. */
  resume(): void {
    this.#server?.signal('SIGCONT');
  }
}

/** Whether a start failed because somebody else took the port meanwhile. */
export function isListenTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    /address in use|unable to listen on any configured interface/i.test(error.message)
  );
}
