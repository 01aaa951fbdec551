/** How often an address may try tokens. All that is kept is bounded. */

import { ipText, networkOf, parseIp, plainIp } from '../core/model/ip-address.ts';

/** Wrong tokens of one address in one window; further tries are refused unread until the window is over. */
export const triesLimit = 10;
/** In milliseconds. */
export const triesWindowMs = 60_000;
/** Addresses in one window. Of more, the one that began first is forgotten. */
const addressesLimit = 1000;
/** Sentences for the log in one window. */
const sentencesLimit = 20;

interface Tries {
  readonly endsAt: number;
  wrong: number;
}

interface TokenTriesOptions {
  /** For the log. No part of the token is in it. */
  say(sentence: string): void;
  /** Milliseconds; default: since the process started. */
  now?(): number;
}

export class TokenTries {
  /** In the order in which their windows began. */
  readonly #tries = new Map<string, Tries>();
  readonly #say: TokenTriesOptions['say'];
  readonly #now: () => number;
  #sentences = { endsAt: Number.NEGATIVE_INFINITY, said: 0 };

  constructor({ say, now = () => performance.now() }: TokenTriesOptions) {
    this.#say = say;
    this.#now = now;
  }

  /** Whether the address may try a token now. */
  mayTry(address: string): boolean {
    return (this.#current(keyOf(address))?.wrong ?? 0) < triesLimit;
  }

  wrong(address: string): void {
    const key = keyOf(address);
    const tries = this.#current(key) ?? { endsAt: this.#now() + triesWindowMs, wrong: 0 };
    tries.wrong += 1;
    this.#tries.set(key, tries);
    for (const oldest of this.#tries.keys()) {
      if (this.#tries.size <= addressesLimit) break;
      this.#tries.delete(oldest);
    }
    if (tries.wrong === 1) this.#tell(`a client at ${plainIp(address)} gave a wrong token`);
    if (tries.wrong === triesLimit)
      this.#tell(
        `${triesLimit} wrong tokens came from ${key} in a minute: until the minute is over, no token of it is read`,
      );
  }

  /** The address has the token: its wrong tries were slips. */
  right(address: string): void {
    this.#tries.delete(keyOf(address));
  }

  #current(key: string): Tries | undefined {
    const tries = this.#tries.get(key);
    if (tries === undefined || tries.endsAt > this.#now()) return tries;
    this.#tries.delete(key);
    return undefined;
  }

  #tell(sentence: string): void {
    const now = this.#now();
    if (this.#sentences.endsAt <= now) this.#sentences = { endsAt: now + triesWindowMs, said: 0 };
    this.#sentences.said += 1;
    if (this.#sentences.said <= sentencesLimit) this.#say(sentence);
  }
}

/** A host has a whole /64 of IPv6 for itself. */
function keyOf(address: string): string {
  const ip = parseIp(address.replace(/%.*$/, ''));
  if (ip === undefined) return address;
  return ip.family === 4 ? ipText(ip) : `${ipText(networkOf(ip, 64))}/64`;
}
