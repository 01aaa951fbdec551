/** Looks up the servers' hosts without ever waiting long for the resolver. */

import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { plainIp } from '../../core/model/ip-address.ts';
import type { Places } from '../../core/model/observation.ts';
import { type MonoMs, plusMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { withDeadline } from './deadline.ts';

/** This machine's resolver; tests give another one. */
export type Resolver = (
  host: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/** For `net.connect`: uses this IP address, whatever the resolver says. */
export const onlyAt =
  (address: string): LookupFunction =>
  (_host, options, callback) =>
    answer(options, callback, [lookupAddress(address)]);

const lookupAddress = (address: string): LookupAddress => ({ address, family: isIP(address) });

function answer(
  options: LookupOptions,
  callback: Parameters<LookupFunction>[2],
  addresses: LookupAddress[],
): void {
  const [first] = addresses;
  if (options.all) callback(null, addresses);
  else callback(null, first?.address ?? '', first?.family);
}

/** How long a connection waits for the resolver before it uses the last answer. */
const patienceMs = 200;

const systemResolver: Resolver = (host, done) => lookup(host, { all: true, order: 'verbatim' }, done);

/**
 * A lookup cannot be cancelled, and blocks one of libuv's few threads until the resolver gives up, after up
 * to 40 s. So a host has one lookup in flight, and a connection does not wait for it where an earlier answer
 * is known.
 */
export class HostLookup {
  readonly #clock: Clock;
  readonly #resolver: Resolver;
  readonly #answers = new Map<string, LookupAddress[]>();
  readonly #inFlight = new Map<string, Promise<LookupAddress[]>>();
  /** Hosts with a lookup in flight whose answer nobody wants any more. */
  readonly #forgotten = new Set<string>();

  constructor(clock: Clock, resolver: Resolver = systemResolver) {
    this.#clock = clock;
    this.#resolver = resolver;
  }

  /** All addresses. Rejects with the resolver's error (ENOTFOUND and others); the caller has a deadline. */
  ask(host: string): Promise<LookupAddress[]> {
    this.#forgotten.delete(host);
    const running = this.#inFlight.get(host);
    if (running !== undefined) return running;
    const started = new Promise<LookupAddress[]>((resolve, reject) => {
      this.#resolver(host, (error, addresses) => (error ? reject(error) : resolve(addresses)));
    }).finally(() => this.#inFlight.delete(host));
    this.#inFlight.set(host, started);
    started.then(
      (addresses) => {
        if (!this.#forgotten.delete(host)) this.#answers.set(host, addresses);
      },
      () => this.#forgotten.delete(host),
    );
    return started;
  }

  forget(host: string): void {
    this.#answers.delete(host);
    if (this.#inFlight.has(host)) this.#forgotten.add(host);
  }

  /**
   * Uses the last answer where the resolver fails or hangs, and known addresses after those of the resolver.
   */
  forConnect(places: () => Places | undefined = () => undefined): LookupFunction {
    return (host, options, callback) => {
      const { known, refuted } = places() ?? { known: [], refuted: [] };
      this.#soon(host).then(
        (found) => {
          const isRefuted = ({ address }: LookupAddress) => refuted.includes(plainIp(address));
          const others = known
            .filter((address) => !found.some((one) => plainIp(one.address) === address))
            .map(lookupAddress);
          answer(options, callback, [
            ...found.filter((one) => !isRefuted(one)),
            ...others,
            ...found.filter(isRefuted),
          ]);
        },
        (error: NodeJS.ErrnoException) =>
          known.length > 0 ? answer(options, callback, known.map(lookupAddress)) : callback(error, []),
      );
    };
  }

  #soon(host: string): Promise<LookupAddress[]> {
    const asked = this.ask(host);
    const last = this.#answers.get(host);
    if (last === undefined) return asked;
    const deadline: MonoMs = plusMs(this.#clock.mono(), patienceMs);
    return withDeadline(this.#clock, deadline, asked, () => last).catch(() => last);
  }
}
