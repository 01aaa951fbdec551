/** Reads every transaction of the zone from the primary nameserver's journal. */

import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { BindPrograms } from '../../../src/lab/programs/bind-programs.ts';
import { askSoaSerial } from '../../../src/lab/servers/ask-soa.ts';
import type { BindPair } from '../../../src/lab/servers/bind.ts';
import { applied, parseIxfr, type Rr, type Transaction } from './journal.ts';

/** How often the primary is asked whether the zone has changed. */
const lookEveryMs = 20;
const digTimeoutMs = 10_000;

/** A committed transaction, and the zone after it. */
export interface Commit extends Transaction {
  readonly zone: readonly Rr[];
  /** The transaction was committed between these two moments (performance.now). */
  readonly after: number;
  readonly seenAt: number;
}

/**
 * Reads every transaction of the zone from the journal of the primary nameserver, over a wire that no fault
 * touches.
 */
export class Referee {
  readonly commits: Commit[] = [];
  /** How often the journal did not reach back to the last read: the transactions in between are lost. */
  gaps = 0;
  readonly #programs: BindPrograms;
  readonly #pair: BindPair;
  #zone: readonly Rr[] = [];
  #serial = 0;
  #lookedAt = 0;
  #ended = false;
  #loop: Promise<void> | undefined;

  constructor(programs: BindPrograms, pair: BindPair) {
    this.#programs = programs;
    this.#pair = pair;
  }

  /** The zone at the last read. */
  get zone(): readonly Rr[] {
    return this.#zone;
  }

  get serial(): number {
    return this.#serial;
  }

  /** Reads the whole zone, and follows its journal from there. */
  async start(): Promise<void> {
    const read = parseIxfr(await this.#dig('AXFR'));
    if (read === undefined || !('whole' in read))
      throw new Error('the primary nameserver did not transfer its zone');
    this.#zone = read.whole;
    this.#serial = read.serial;
    this.#lookedAt = performance.now();
    this.#loop = this.#watch();
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#loop;
  }

  async #watch(): Promise<void> {
    while (!this.#ended) {
      await this.#look();
      await delay(lookEveryMs);
    }
  }

  async #look(): Promise<void> {
    const { address, port } = this.#pair.primary;
    const before = performance.now();
    const serial = await askSoaSerial(address, port, this.#pair.zone);
    if (serial === undefined || serial === this.#serial) {
      if (serial !== undefined) this.#lookedAt = before;
      return;
    }
    const asked = performance.now();
    const read = parseIxfr(await this.#dig(`IXFR=${this.#serial}`));
    if (read === undefined) return;
    const seenAt = performance.now();
    if ('whole' in read) {
      this.gaps++;
      this.#zone = read.whole;
      this.#serial = read.serial;
    } else {
      for (const transaction of read) this.#take(transaction, seenAt);
    }
    this.#lookedAt = asked;
  }

  #take(transaction: Transaction, seenAt: number): void {
    this.#zone = applied(this.#zone, transaction);
    this.#serial = transaction.serial;
    this.commits.push({ ...transaction, zone: this.#zone, after: this.#lookedAt, seenAt });
  }

  async #dig(what: string): Promise<string> {
    const { primary, transferKeyFile, zone } = this.#pair;
    const args = [
      `@${primary.address}`,
      '-p',
      `${primary.port}`,
      '+tcp',
      '+time=3',
      '+tries=1',
      '+nocmd',
      '+nocomments',
      '+nostats',
      '+noquestion',
    ];
    const dig = await execa(this.#programs.dig, [...args, '-k', transferKeyFile, what, zone], {
      timeout: digTimeoutMs,
      reject: false,
      stdin: 'ignore',
    });
    return dig.exitCode === 0 ? dig.stdout : '';
  }
}
