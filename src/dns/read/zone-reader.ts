/** Reads RRsets at the primary server, and remembers which zone holds a name. */
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { ZoneReading } from '../../core/model/zone.ts';
import type { ReadRequest } from '../../ports.ts';
import type { TestPrerequisite } from './failing-name.ts';
import type { Correspondent } from './query.ts';
import { notInZone, readRrset, readRrsets } from './read-rrsets.ts';
import { StoredRrsets } from './stored.ts';
import { type FoundZone, findZone } from './zone-finder.ts';

/** A zone is known for this long after an answer named it. Then it is looked for again. */
export const zoneKnownForMs = 300_000;
/** On average, one reading in so many ms (125 a second): each of a thousand clusters is read every 8 s. */
export const readingSlotMs = 8;
/** Shorter rests are ignored. */
export const leastRestMs = 250;
/** The limit, however many clusters there are: a change by hand is seen after this time. */
export const longestRestMs = 10_000;
/** Names with a known zone. */
const maxKnownZones = 4096;

export class ZoneReader {
  readonly correspondent: Correspondent;
  /** Learns from each applied update. */
  readonly stored: StoredRrsets;
  readonly #holds: TestPrerequisite;
  readonly #onSoa: (zone: Fqdn, primary: Fqdn) => void;
  readonly #pace = new ReadingPace();
  /** By name, the oldest first. */
  readonly #zones = new Map<Fqdn, { readonly zone: Fqdn; readonly until: number }>();

  /** `onSoa` hears each zone's primary server by its SOA. */
  constructor(
    correspondent: Correspondent,
    holds: TestPrerequisite,
    onSoa: (zone: Fqdn, primary: Fqdn) => void = () => {},
  ) {
    this.correspondent = correspondent;
    this.stored = new StoredRrsets({
      read: (question, deadline) => readRrset(correspondent, question, deadline),
      holds,
    });
    this.#holds = holds;
    this.#onSoa = onSoa;
  }

  /**
   * Asks all questions at once. A failure fails the reading, and so does a name outside the zone
   * (`not-in-zone`): nameservers take such an update in the zone above and never show it. Separates stored
   * RRsets from a wildcard's answers, and looks into SERVFAIL at one name. Ends by the deadline; never
   * rejects.
   */
  async read(request: ReadRequest): Promise<ZoneReading> {
    const { clock } = this.correspondent;
    const { deadline } = request;
    const [first] = request.questions;
    if (first === undefined) throw new TypeError('a reading without questions');
    const found = await this.#zoneOf(first.name, request.zone, deadline);
    if (found.kind === 'failed') return found;
    const reading = await readRrsets(this.correspondent, this.#holds, request, found.zone);
    if (reading.kind === 'failed') {
      this.#zones.delete(first.name);
      return reading;
    }
    const { zones, rrsets, outside } = reading;
    for (const [zone, primary] of zones) this.#onSoa(zone, primary);
    const [told] = zones.keys();
    if (told !== undefined && request.zone === undefined) this.#know(first.name, told);
    // The zone may have changed since it was found: the answers are from the new zone.
    const zone = request.zone ?? told ?? found.zone;
    const other = [...zones.keys()].find((owner) => owner !== zone);
    if (other !== undefined)
      return { kind: 'failed', failure: notInZone(this.correspondent.nameserver, first.name, zone, other) };
    const sifted = await this.stored.sift({ zone, rrsets, anew: request.anew === true, deadline });
    if (sifted.kind === 'failed') return sifted;
    const { stored, synthesized } = sifted;
    const looping = reading.looping.filter(({ name }) => stored.every((rrset) => rrset.name !== name));
    const restMs = this.#pace.restMs(clock.mono());
    return {
      kind: 'read',
      zone,
      rrsets: stored,
      ...(synthesized.length === 0 ? {} : { synthesized }),
      ...(looping.length === 0 ? {} : { looping }),
      ...(outside.length === 0 ? {} : { outside }),
      ...(restMs === undefined ? {} : { restMs }),
    };
  }

  async #zoneOf(name: Fqdn, configured: Fqdn | undefined, deadline: MonoMs): Promise<FoundZone> {
    if (configured !== undefined) return { kind: 'zone', zone: configured };
    const known = this.#zones.get(name);
    if (known !== undefined && known.until > this.correspondent.clock.mono())
      return { kind: 'zone', zone: known.zone };
    const found = await findZone(this.correspondent, name, deadline);
    if (found.kind === 'failed') return found;
    if (found.primary !== undefined) this.#onSoa(found.zone, found.primary);
    this.#know(name, found.zone);
    return found;
  }

  #know(name: Fqdn, zone: Fqdn): void {
    this.#zones.delete(name);
    this.#zones.set(name, { zone, until: this.correspondent.clock.mono() + zoneKnownForMs });
    const [oldest] = this.#zones.keys();
    if (this.#zones.size > maxKnownZones && oldest !== undefined) this.#zones.delete(oldest);
  }
}

/** Each reading takes the nameserver's next free slot. One cluster never waits; a thousand share the cost. */
export class ReadingPace {
  #freeAt = 0;

  /** Takes a slot for the caller's next reading. Milliseconds to wait for the slot; undefined: no wait. */
  restMs(now: MonoMs): number | undefined {
    this.#freeAt = Math.min(Math.max(this.#freeAt, now) + readingSlotMs, now + longestRestMs);
    const restMs = this.#freeAt - now;
    return restMs < leastRestMs ? undefined : restMs;
  }
}
