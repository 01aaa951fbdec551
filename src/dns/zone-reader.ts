/** Reads RRsets at the primary server, and finds the zone that holds a name. Both kinds of client read with it. */
import type { Failure } from '../core/observation.ts';
import type { Fqdn, MonoMs } from '../core/units.ts';
import type { Question, Rrset, ZoneReading } from '../core/zone.ts';
import type { ReadRequest } from '../ports.ts';
import { TYPE } from './codes.ts';
import { isWithin, parentOf } from './name.ts';
import { type Answer, ask, type Correspondent, exchangeDeadline } from './query.ts';
import { answeredRrset } from './rdata.ts';

export type FoundZone = { readonly kind: 'zone'; readonly zone: Fqdn } | { readonly kind: 'failed'; readonly failure: Failure };

export class ZoneReader {
  readonly correspondent: Correspondent;
  /** A zone's cut does not move while we run; one that does shows as `zone-not-served` and needs a restart or `publish.zone`. */
  readonly #zones = new Map<Fqdn, Fqdn>();

  constructor(correspondent: Correspondent) {
    this.correspondent = correspondent;
  }

  /** All questions at once; one that fails fails the reading. Ends by the deadline; never rejects. */
  async read(request: ReadRequest): Promise<ZoneReading> {
    const deadline = exchangeDeadline(this.correspondent, request.deadline);
    const found = await this.#zoneOf(request, deadline);
    if (found.kind === 'failed') return found;
    const readings = await Promise.all(request.questions.map((question) => readRrset(this.correspondent, question, deadline)));
    const rrsets: Rrset[] = [];
    for (const reading of readings) {
      if (reading.kind === 'failed') return reading;
      if (reading.rrset !== undefined) rrsets.push(reading.rrset);
    }
    return { kind: 'read', zone: found.zone, rrsets };
  }

  async #zoneOf({ zone, questions }: ReadRequest, deadline: MonoMs): Promise<FoundZone> {
    if (zone !== undefined) return { kind: 'zone', zone };
    const name = questions[0]?.name;
    if (name === undefined) throw new TypeError('a reading without zone and without questions');
    const known = this.#zones.get(name);
    if (known !== undefined) return { kind: 'zone', zone: known };
    const found = await this.#findZone(name, deadline);
    if (found.kind === 'zone') this.#zones.set(name, found.zone);
    return found;
  }

  /** By SOA (RFC 2136 4.3): in the answer at the apex, in the authority section below it. */
  async #findZone(start: Fqdn, deadline: MonoMs): Promise<FoundZone> {
    for (let name = start; ; name = parentOf(name)) {
      const answer = await ask(this.correspondent, { name, type: TYPE.SOA }, deadline);
      if (answer.kind === 'failed') return answer;
      const apex = soaOwner(answer, name);
      if (apex !== undefined) return { kind: 'zone', zone: apex };
      if (name === '.') return { kind: 'failed', failure: zoneNotFound(this.correspondent.nameserver, start) };
    }
  }
}

function soaOwner({ message }: Answer & { kind: 'answer' }, name: Fqdn): Fqdn | undefined {
  // Behind a CNAME the authority section is that of the target's zone: the name's own zone is then that of its parent.
  const alias = message.answers.some((rr) => rr.type === TYPE.CNAME && rr.owner === name);
  const candidates = alias ? [] : [...message.answers, ...message.authorities];
  return candidates.find((rr) => rr.type === TYPE.SOA && isWithin(name, rr.owner))?.owner;
}

const zoneNotFound = (nameserver: string, name: Fqdn): Failure => ({
  code: 'zone-not-found',
  message: `The nameserver ${nameserver} told no SOA for ${name}, so its zone is not known.`,
  hint: 'Set publish.zone.',
});

export type RrsetReading = { readonly kind: 'rrset'; readonly rrset?: Rrset } | { readonly kind: 'failed'; readonly failure: Failure };

/** One RRset; absent where the name or the RRset does not exist. Never rejects. */
export async function readRrset(correspondent: Correspondent, question: Question, deadline: MonoMs): Promise<RrsetReading> {
  const answer = await ask(correspondent, { name: question.name, type: TYPE[question.type] }, deadline);
  if (answer.kind === 'failed') return answer;
  const rrset = answeredRrset(answer.message, question);
  if (rrset === 'absent') return { kind: 'rrset' };
  if (rrset !== 'malformed') return { kind: 'rrset', rrset };
  const message = `The nameserver ${correspondent.nameserver} answered RDATA that is no ${question.type} for ${question.name}.`;
  return { kind: 'failed', failure: { code: 'malformed-answer', message } };
}
