import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { plainIp } from '../../core/model/ip-address.ts';
import type { Places } from '../../core/model/observation.ts';
import { type MonoMs, plusMs } from '../../core/model/units.ts';
import type { Clock } from '../../ports.ts';
import { withDeadline } from './deadline.ts';

/** Asks this machine's resolver; given in tests. */
export type Resolver = (
  host: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/** For `net.connect`: the host is at this IP address, whatever the resolver says. */
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

/** How long a connection waits for the resolver before it takes what the resolver said the last time. */
const patienceMs = 200;

const systemResolver: Resolver = (host, done) => lookup(host, { all: true, order: 'verbatim' }, done);

/**
 * The hosts of one cluster's servers, looked up by this machine's resolver (so /etc/hosts counts). A lookup cannot be cancelled, and blocks one of libuv's few threads until the
 * resolver gives up, which takes up to 40 s: so there is one in flight a host, and a connection does not wait for one that hangs where an earlier answer is known.
 */
export class HostLookup {
  readonly #clock: Clock;
  readonly #resolver: Resolver;
  readonly #answers = new Map<string, LookupAddress[]>();
  readonly #inFlight = new Map<string, Promise<LookupAddress[]>>();
  /** Hosts whose answer is on its way, and not wanted any more. */
  readonly #forgotten = new Set<string>();

  constructor(clock: Clock, resolver: Resolver = systemResolver) {
    this.#clock = clock;
    this.#resolver = resolver;
  }

  /** All addresses, from the resolver. Rejects with its error (ENOTFOUND and others); the caller has a deadline. */
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

  /** Keeps no answer of a host that is not asked any more. */
  forget(host: string): void {
    this.#answers.delete(host);
    if (this.#inFlight.has(host)) this.#forgotten.add(host);
  }

  /** For `net.connect`. A resolver that fails or hangs takes nothing away: the last answer is used. A host name that was changed ahead of a move must not hide a server that is where it was. */
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
