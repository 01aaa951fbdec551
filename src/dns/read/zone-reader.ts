/** Reads RRsets at the primary server, and knows which zone holds a name. Both kinds of client read with it. */
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { ZoneReading } from '../../core/model/zone.ts';
import type { ReadRequest } from '../../ports.ts';
import type { Correspondent } from './query.ts';
import { notInZone, readRrset, readRrsets } from './read-rrsets.ts';
import { type StoredQuestions, StoredRrsets } from './stored.ts';
import { type FoundZone, findZone } from './zone-finder.ts';

/** A zone is known for so long without being told by an answer; then it is looked for again. */
export const zoneKnownForMs = 300_000;
/** One reading in so many milliseconds, in the long run: 250 a second. So a thousand clusters are read every 4 s. */
export const readingSlotMs = 4;
/** A shorter rest than this is not worth a word. */
export const leastRestMs = 250;
/** However many clusters there are: what was changed by hand is seen after this. */
export const longestRestMs = 10_000;
/** Names whose zones are known. */
const maxKnownZones = 4096;

export class ZoneReader {
  readonly correspondent: Correspondent;
  /** Learns from each applied update what is stored. */
  readonly stored: StoredRrsets;
  readonly #onSoa: (zone: Fqdn, primary: Fqdn) => void;
  readonly #pace = new ReadingPace();
  /** By name; the one that was told longest ago comes first. */
  readonly #zones = new Map<Fqdn, { readonly zone: Fqdn; readonly until: number }>();

  /** `onSoa` hears which server each zone's SOA calls the primary. */
  constructor(
    correspondent: Correspondent,
    holds: StoredQuestions['holds'],
    onSoa: (zone: Fqdn, primary: Fqdn) => void = () => {},
  ) {
    this.correspondent = correspondent;
    this.stored = new StoredRrsets({
      read: (question, deadline) => readRrset(correspondent, question, deadline),
      holds,
    });
    this.#onSoa = onSoa;
  }

  /**
   * All questions at once; one that fails fails the reading, and so does a name that is not in the zone (`not-in-zone`): nameservers take an
   * update of the zone above and never show it. What a wildcard answers is told apart from what is stored. Ends by the deadline; never rejects.
   */
  async read(request: ReadRequest): Promise<ZoneReading> {
    const { clock } = this.correspondent;
    const { deadline } = request;
    const [first] = request.questions;
    if (first === undefined) throw new TypeError('a reading without questions');
    const found = await this.#zoneOf(first.name, request.zone, deadline);
    if (found.kind === 'failed') return found;
    const reading = await readRrsets(this.correspondent, request, found.zone);
    if (reading.kind === 'failed') {
      this.#zones.delete(first.name);
      return reading;
    }
    const { zones, rrsets, outside } = reading;
    for (const [zone, primary] of zones) this.#onSoa(zone, primary);
    const [told] = zones.keys();
    if (told !== undefined && request.zone === undefined) this.#know(first.name, told);
    // The zone may have changed since it was found: then what was read is of the new one.
    const zone = request.zone ?? told ?? found.zone;
    const other = [...zones.keys()].find((owner) => owner !== zone);
    if (other !== undefined)
      return { kind: 'failed', failure: notInZone(this.correspondent.nameserver, first.name, zone, other) };
    const sifted = await this.stored.sift({ zone, rrsets, anew: request.anew === true, deadline });
    if (sifted.kind === 'failed') return sifted;
    const { stored, synthesized } = sifted;
    const restMs = this.#pace.restMs(clock.mono());
    return {
      kind: 'read',
      zone,
      rrsets: stored,
      ...(synthesized.length === 0 ? {} : { synthesized }),
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

/** How often many clusters read one nameserver: each reading takes the next free slot. So one cluster waits for nothing, and a thousand share the cost. */
export class ReadingPace {
  /** When the next slot is free. */
  #freeAt = 0;

  /** Takes a slot for the next reading of the one who has read now. Milliseconds to wait for it; undefined: as soon as it likes. */
  restMs(now: MonoMs): number | undefined {
    this.#freeAt = Math.min(Math.max(this.#freeAt, now) + readingSlotMs, now + longestRestMs);
    const restMs = this.#freeAt - now;
    return restMs < leastRestMs ? undefined : restMs;
  }
}
