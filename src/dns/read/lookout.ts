/**
 * Watches one nameserver or resolver for many changed RRsets. Cheap questions are frequent: one SOA serial
 * serves all RRsets. An RRset is asked for when the serial changed, and every few seconds in case the serial
 * does not change.
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs, WallMs } from '../../core/model/units.ts';
import type { NameserverReport, Question, Rrset } from '../../core/model/zone.ts';
import { rdataKey } from '../message/rdata.ts';
import { noAnswer, queueFull } from '../transport/failures.ts';
import type { Correspondent } from './query.ts';
import { readRrset } from './read-rrsets.ts';
import { readSoa } from './soa.ts';

/** Begin quickly: NOTIFY and IXFR take milliseconds (notify-delay 0), and so does inline signing. */
const firstPauseMs = 2;
/** Between two questions for the serial. */
const longestSerialPauseMs = 100;
/** Between two questions for one RRset, while the serial is the same. */
const longestPauseMs = 5000;
/** A resolver shows a change when the TTL is over: do not load it for the sake of milliseconds. */
const firstResolverPauseMs = 50;
const longestResolverPauseMs = 1000;
const pauseGrowth = 1.5;
/** After this time, look for the change with the key, too, if this is the server that got the update. */
const compareAfterMs = 1000;
/** Changes to watch at one nameserver at a time. */
const maxWatches = 4096;

/** RRsets that must be answered, and RRsets that must not exist. */
interface Expectation {
  readonly present: readonly Rrset[];
  readonly absent: readonly Question[];
}

/** One change at one nameserver. */
export interface Watch {
  /** Resolves when the nameserver answers as expected, or when the watch ends. Never rejects. */
  readonly report: Promise<NameserverReport>;
  /** Ends the watch with this failure, or with the last failure. */
  end(failure?: Failure): void;
}

interface Watched {
  readonly expectation: Expectation;
  readonly settle: (reached: Omit<NameserverReport, 'nameserver'>) => void;
  failure?: Failure;
  readonly begunAt: number;
  /** The serial before the last question. */
  askedAtSerial: number | undefined;
  pauseMs: number;
  nextAskAt: number;
}

export class Lookout {
  readonly #correspondent: Correspondent;
  readonly #zone: Fqdn;
  readonly #onIdle: () => void;
  readonly #withKey: () => Promise<Correspondent | undefined>;
  readonly #watched = new Set<Watched>();
  #serial: number | undefined;
  #serialPauseMs = firstPauseMs;
  #wake: () => void = () => {};
  #running = false;
  #closed = false;

  /**
   * When nothing is left to watch, the lookout closes the transport, calls `onIdle` and is over. `withKey`:
   * the same server, asked with the key that changed the zone; undefined: another server.
   */
  constructor(
    correspondent: Correspondent,
    zone: Fqdn,
    onIdle: () => void,
    withKey: () => Promise<Correspondent | undefined>,
  ) {
    this.#correspondent = correspondent;
    this.#zone = zone;
    this.#onIdle = onIdle;
    this.#withKey = withKey;
  }

  watch(expectation: Expectation, deadline: MonoMs): Watch {
    const { nameserver, clock, recursive } = this.#correspondent;
    if (this.#watched.size >= maxWatches) {
      const failure = queueFull(nameserver, maxWatches);
      return { report: Promise.resolve({ nameserver, failure }), end: () => {} };
    }
    let settle: Watched['settle'] = () => {};
    const report = new Promise<NameserverReport>((resolve) => {
      settle = (reached) => {
        if (!this.#watched.delete(watched)) return;
        cancel();
        resolve({ nameserver, ...reached });
        if (this.#watched.size === 0) this.#close();
      };
    });
    const pauseMs = recursive ? firstResolverPauseMs : firstPauseMs;
    const begunAt = clock.mono();
    const watched: Watched = {
      expectation,
      settle,
      begunAt,
      askedAtSerial: undefined,
      pauseMs,
      nextAskAt: begunAt,
    };
    const end = (failure?: Failure) =>
      settle({ failure: failure ?? watched.failure ?? noAnswer(nameserver) });
    const cancel = clock.after(Math.max(0, deadline - clock.mono()), () => end());
    this.#watched.add(watched);
    this.#serialPauseMs = firstPauseMs;
    this.#wake();
    if (!this.#running) void this.#run();
    return { report, end };
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (!this.#closed) {
      await this.#round();
      if (!this.#closed) await this.#pause();
    }
  }

  #close(): void {
    this.#closed = true;
    this.#correspondent.transport.close();
    this.#onIdle();
    this.#wake();
  }

  async #round(): Promise<void> {
    const { clock, recursive } = this.#correspondent;
    // A silent nameserver gets one question, not one for each RRset.
    if (!recursive && this.#serial === undefined && (await this.#isSilent())) return;
    const serial = this.#serial;
    const now = clock.mono();
    const due = [...this.#watched].filter(
      (watched) => now >= watched.nextAskAt || (serial !== undefined && watched.askedAtSerial !== serial),
    );
    const reached: { readonly watched: Watched; readonly answeredAt: WallMs }[] = [];
    await Promise.all(
      due.map(async (watched) => {
        const failure = await this.#ask(watched, serial);
        if (failure === undefined) reached.push({ watched, answeredAt: clock.wall() });
        else watched.failure = failure;
      }),
    );
    // Ask after the RRsets: an earlier serial may be of the zone before the change.
    if (!recursive) await this.#isSilent();
    const told = this.#serial === undefined ? {} : { serial: this.#serial };
    for (const { watched, answeredAt } of reached) watched.settle({ answeredAt, ...told });
  }

  async #ask(watched: Watched, serial: number | undefined): Promise<Failure | undefined> {
    const { clock, timeoutMs, recursive } = this.#correspondent;
    const deadline = (clock.mono() + timeoutMs) as MonoMs;
    const seen = await mismatch(this.#correspondent, watched.expectation, deadline);
    const isLate = seen !== undefined && clock.mono() - watched.begunAt >= compareAfterMs;
    const failure = isLate ? await this.#compared(seen, watched.expectation) : seen;
    watched.askedAtSerial = serial;
    watched.nextAskAt = clock.mono() + watched.pauseMs;
    watched.pauseMs = Math.min(
      recursive ? longestResolverPauseMs : longestPauseMs,
      watched.pauseMs * pauseGrowth,
    );
    return failure;
  }

  /** `seen`, or a failure that says that the answer is right only with the key. Applications ask without. */
  async #compared(seen: Failure, expectation: Expectation): Promise<Failure> {
    if (silence.has(seen.code)) return seen;
    const signed = await this.#withKey();
    if (signed?.signing === undefined) return seen;
    const { clock, timeoutMs } = this.#correspondent;
    const withKey = await mismatch(signed, expectation, (clock.mono() + timeoutMs) as MonoMs);
    return withKey === undefined
      ? differsByKey(this.#correspondent.nameserver, signed.signing.key.name, seen)
      : seen;
  }

  /** Asks for the serial. True: silence, so more questions are useless. */
  async #isSilent(): Promise<boolean> {
    const { clock, timeoutMs } = this.#correspondent;
    const reading = await readSoa(this.#correspondent, this.#zone, (clock.mono() + timeoutMs) as MonoMs);
    const serial = reading.kind === 'soa' ? reading.soa.serial : undefined;
    if (serial !== undefined && serial !== this.#serial) this.#serialPauseMs = firstPauseMs;
    this.#serial = serial;
    if (reading.kind === 'soa' || !silence.has(reading.failure.code)) return false;
    for (const watched of this.#watched) {
      watched.failure = ofListed(reading.failure);
      // A missing route does not appear within a slice, and the other nameservers shall not wait for it.
      if (reading.failure.code === 'no-route') watched.settle({ failure: watched.failure });
    }
    return true;
  }

  #pause(): Promise<void> {
    const { clock, recursive } = this.#correspondent;
    const now = clock.mono();
    const next = Math.min(...[...this.#watched].map((watched) => watched.nextAskAt));
    const ms =
      recursive || this.#serial === undefined
        ? Math.max(this.#serialPauseMs, next - now)
        : Math.min(this.#serialPauseMs, next - now);
    this.#serialPauseMs = Math.min(longestSerialPauseMs, this.#serialPauseMs * pauseGrowth);
    return new Promise((resolve) => {
      const cancel = clock.after(Math.max(firstPauseMs, ms), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** The nameserver is silent. */
const silence = new Set([
  'no-answer',
  'connection-refused',
  'connection-failed',
  'connection-lost',
  'connect-timeout',
  'no-route',
]);

/** The nameserver does not serve the zone. */
const lame = new Set([
  'query-refused',
  'not-authoritative',
  'servfail',
  'zone-not-served',
  'zone-not-found',
  'notimp',
]);

/** A nameserver that is only listed needs another hint than the target of updates. */
export function ofListed(failure: Failure): Failure {
  const { code, message } = failure;
  if (lame.has(code))
    return {
      code,
      message,
      hint: 'Check that the zone is loaded there and not expired. Otherwise remove this nameserver from the NS RRset, or from the verify list.',
    };
  if (silence.has(code))
    return {
      code,
      message,
      hint: 'Check that it runs and that this host can reach it over UDP and TCP. Otherwise set the verify list to the nameservers that this host can reach.',
    };
  return failure;
}

/** The first mismatch; undefined: everything is as expected. */
async function mismatch(
  correspondent: Correspondent,
  { present, absent }: Expectation,
  deadline: MonoMs,
): Promise<Failure | undefined> {
  const names = new Set(present.map(({ name }) => name));
  // A CNAME is alone at its name (RFC 1034 3.6.2): if the name has another RRset, there is no CNAME.
  const gone = absent.filter(({ name, type }) => type !== 'CNAME' || !names.has(name));
  const checks: readonly (Question & { readonly expected?: Rrset })[] = [
    ...present.map((rrset) => ({ name: rrset.name, type: rrset.type, expected: rrset })),
    ...gone,
  ];
  // One after the other: mostly the first mismatch suffices.
  for (const { name, type, expected } of checks) {
    const reading = await readRrset(correspondent, { name, type }, deadline);
    if (reading.kind === 'failed')
      return correspondent.recursive ? reading.failure : ofListed(reading.failure);
    if (!isSame(reading.rrset, expected)) return notPropagated(correspondent, { name, type });
  }
  return undefined;
}

/** Compares bytes: the text form of an address does not matter. */
const isSame = (read: Rrset | undefined, expected: Rrset | undefined): boolean =>
  read === undefined || expected === undefined ? read === expected : rdataKey(read) === rdataKey(expected);

const differsByKey = (nameserver: string, key: Fqdn, seen: Failure): Failure => ({
  code: 'differs-by-key',
  message: `The nameserver ${nameserver} answers the new RRset only with the key ${key.slice(0, -1)}. Applications ask without a key. ${seen.message}`,
  hint: 'The key selects another view (match-clients), or only the key may query the zone (allow-query). Publish in the view that applications see: let the key select that view, or add that view as another nameserver with another key.',
});

const notPropagated = ({ nameserver, recursive }: Correspondent, { name, type }: Question): Failure => ({
  code: 'not-propagated',
  message: `The ${recursive ? 'resolver' : 'nameserver'} ${nameserver} still answers another RRset ${name} ${type}.`,
  hint: recursive
    ? 'Check whether it keeps answers longer than their TTL (a minimum TTL, serve-stale).'
    : 'Check that it is notified (also-notify, notify-delay 0) and may transfer the zone.',
});
