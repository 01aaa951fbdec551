/** Reads RRsets at the primary server, and knows which zone holds a name. Both kinds of client read with it. */
import type { Failure } from '../core/observation.ts';
import type { Fqdn, MonoMs } from '../core/units.ts';
import type { Question, Rrset, ZoneReading } from '../core/zone.ts';
import type { ReadRequest } from '../ports.ts';
import { TYPE } from './codes.ts';
import { type Answer, ask, type Correspondent } from './query.ts';
import { answeredRrset } from './rdata.ts';
import { ReadingPace } from './reading-pace.ts';
import { type StoredQuestions, StoredRrsets } from './stored.ts';
import type { ReceivedMessage } from './wire.ts';
import { dnameAbove, type FoundZone, findZone, zoneOfAnswer } from './zone-finder.ts';

/** A zone is known for so long without being told by an answer; then it is looked for again. */
export const ZONE_KNOWN_FOR_MS = 300_000;
/** A zone that changes between the questions of one reading is read again, so often at most. */
export const MAX_TURNS = 3;
/** Names whose zones are known. */
export const MAX_KNOWN_ZONES = 4096;

export class ZoneReader {
  readonly correspondent: Correspondent;
  /** What an applied update tells of the zone is noted here. */
  readonly stored: StoredRrsets;
  readonly #onSoa: (zone: Fqdn, primary: Fqdn) => void;
  readonly #pace = new ReadingPace();
  /** By name; the one that was told longest ago comes first. */
  readonly #zones = new Map<Fqdn, { readonly zone: Fqdn; readonly until: number }>();

  /** `onSoa` hears which server each zone's SOA calls the primary. */
  constructor(correspondent: Correspondent, holds: StoredQuestions['holds'], onSoa: (zone: Fqdn, primary: Fqdn) => void = () => {}) {
    this.correspondent = correspondent;
    this.stored = new StoredRrsets({ read: (question, deadline) => readRrset(correspondent, question, deadline), holds });
    this.#onSoa = onSoa;
  }

  /**
   * All questions at once; one that fails fails the reading, and so does a name that is not in the zone (`not-in-zone`): nameservers take an
   * update of the zone above and never show it. What a wildcard answers is told apart from what is stored. Ends by the deadline; never rejects.
   */
  async read(request: ReadRequest): Promise<ZoneReading> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const reading = await this.#readOnce(request);
      if (reading.kind !== 'changed') return reading;
    }
    return { kind: 'failed', failure: changing(this.correspondent.nameserver, request) };
  }

  async #readOnce(request: ReadRequest): Promise<ZoneReading | { readonly kind: 'changed' }> {
    const { clock } = this.correspondent;
    const { deadline } = request;
    const [first] = request.questions;
    if (first === undefined) throw new TypeError('a reading without questions');
    const found = await this.#zoneOf(first.name, request.zone, deadline);
    if (found.kind === 'failed') return found;
    const reading = await readRrsets(this.correspondent, request.questions, deadline);
    if (reading.kind === 'failed') {
      this.#zones.delete(first.name);
      return reading;
    }
    const { zones, rrsets } = reading;
    for (const [zone, primary] of zones) this.#onSoa(zone, primary);
    const [told] = zones.keys();
    if (told !== undefined && request.zone === undefined) this.#know(first.name, told);
    // The zone may have changed since it was found: then what was read is of the new one.
    const zone = request.zone ?? told ?? found.zone;
    const other = [...zones.keys()].find((owner) => owner !== zone);
    if (other !== undefined) return { kind: 'failed', failure: notInZone(this.correspondent.nameserver, first.name, zone, other) };
    const sifted = await this.stored.sift({ zone, rrsets, anew: request.anew === true, deadline });
    if (sifted.kind !== 'sifted') return sifted;
    const { stored, synthesized } = sifted;
    const restMs = this.#pace.restMs(clock.mono());
    return {
      kind: 'read',
      zone,
      rrsets: stored,
      ...(synthesized.length === 0 ? {} : { synthesized }),
      ...(restMs === undefined ? {} : { restMs }),
    };
  }

  async #zoneOf(name: Fqdn, configured: Fqdn | undefined, deadline: MonoMs): Promise<FoundZone> {
    if (configured !== undefined) return { kind: 'zone', zone: configured };
    const known = this.#zones.get(name);
    if (known !== undefined && known.until > this.correspondent.clock.mono()) return { kind: 'zone', zone: known.zone };
    const found = await findZone(this.correspondent, name, deadline);
    if (found.kind === 'failed') return found;
    if (found.primary !== undefined) this.#onSoa(found.zone, found.primary);
    this.#know(name, found.zone);
    return found;
  }

  #know(name: Fqdn, zone: Fqdn): void {
    this.#zones.delete(name);
    this.#zones.set(name, { zone, until: this.correspondent.clock.mono() + ZONE_KNOWN_FOR_MS });
    const [oldest] = this.#zones.keys();
    if (this.#zones.size > MAX_KNOWN_ZONES && oldest !== undefined) this.#zones.delete(oldest);
  }
}

type RrsetsReading =
  | {
      readonly kind: 'rrsets';
      readonly rrsets: readonly Rrset[];
      /** The zones that answers named, each with its primary server: an answer that there is nothing names its zone (RFC 2308 3). */
      readonly zones: ReadonlyMap<Fqdn, Fqdn>;
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

async function readRrsets(correspondent: Correspondent, questions: readonly Question[], deadline: MonoMs): Promise<RrsetsReading> {
  // A CNAME stands in the answer to every question for its name (RFC 1034 4.3.2), so it need not be asked for where another type is.
  const answeringType = ({ name, type }: Question): Question['type'] =>
    type === 'CNAME' ? (questions.find((question) => question.name === name && question.type !== 'CNAME')?.type ?? type) : type;
  const asked = questions.filter((question) => answeringType(question) === question.type);
  const answers = await Promise.all(asked.map((question) => askFor(correspondent, question, deadline)));
  const messages = new Map<string, ReceivedMessage>();
  const zones = new Map<Fqdn, Fqdn>();
  for (const [index, answer] of answers.entries()) {
    if (answer.kind === 'failed') return answer;
    const question = asked[index] as Question;
    messages.set(`${question.name} ${question.type}`, answer.message);
    const dname = dnameAbove(answer.message, question.name);
    if (dname !== undefined) return { kind: 'failed', failure: belowDname(correspondent.nameserver, question.name, dname) };
    const told = zoneOfAnswer(answer.message, question.name);
    if (told !== undefined) zones.set(told.zone, told.primary);
  }
  const rrsets: Rrset[] = [];
  for (const question of questions) {
    const message = messages.get(`${question.name} ${answeringType(question)}`) as ReceivedMessage;
    const rrset = answeredRrset(message, question);
    if (rrset === 'malformed') return { kind: 'failed', failure: malformed(correspondent.nameserver, question) };
    if (rrset !== 'absent') rrsets.push(rrset);
  }
  return { kind: 'rrsets', rrsets, zones };
}

const askFor = (correspondent: Correspondent, { name, type }: Question, deadline: MonoMs): Promise<Answer> =>
  ask(correspondent, { name, type: TYPE[type] }, deadline);

export type RrsetReading = { readonly kind: 'rrset'; readonly rrset?: Rrset } | { readonly kind: 'failed'; readonly failure: Failure };

/** One RRset; absent where the name or the RRset does not exist. Never rejects. */
export async function readRrset(correspondent: Correspondent, question: Question, deadline: MonoMs): Promise<RrsetReading> {
  const answer = await askFor(correspondent, question, deadline);
  if (answer.kind === 'failed') return answer;
  const rrset = answeredRrset(answer.message, question);
  if (rrset === 'absent') return { kind: 'rrset' };
  if (rrset !== 'malformed') return { kind: 'rrset', rrset };
  return { kind: 'failed', failure: malformed(correspondent.nameserver, question) };
}

const malformed = (nameserver: string, { name, type }: Question): Failure => ({
  code: 'malformed-answer',
  message: `The nameserver ${nameserver} answered RDATA that is no ${type} for ${name}.`,
});

const changing = (nameserver: string, { questions }: ReadRequest): Failure => ({
  code: 'zone-changing',
  message: `The nameserver ${nameserver} answered something else each time it was asked for ${questions[0]?.name} and the names beside it.`,
  hint: 'Several nameservers, or views, may answer behind that address by turns.',
});

const notInZone = (nameserver: string, name: Fqdn, zone: Fqdn, other: Fqdn): Failure => ({
  code: 'not-in-zone',
  message: `${name} shall be in the zone ${zone}, but the nameserver ${nameserver} answers for it, or for a name beside it, from its zone ${other}.`,
  hint: `Set publish.zone to ${other}, or leave it out; all names of a cluster must be in one zone.`,
});

const belowDname = (nameserver: string, name: Fqdn, dname: Fqdn): Failure => ({
  code: 'not-in-zone',
  message: `${dname} is a DNAME at the nameserver ${nameserver}: whatever stands below it, as ${name}, is never looked at (RFC 6672 2.4).`,
  hint: 'Publish another name.',
});
