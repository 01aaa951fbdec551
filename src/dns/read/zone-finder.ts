/** Finds the zone that holds a name, by the nameserver's own answers. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { CLASS, TYPE } from '../message/codes.ts';
import { isWithin, parentOf } from '../message/name.ts';
import type { ReceivedMessage } from '../message/wire.ts';
import { ask, type Correspondent } from './query.ts';
import { decodeSoa } from './soa.ts';

export type FoundZone =
  /** `primary`: the primary server by the zone's SOA (MNAME). */
  | { readonly kind: 'zone'; readonly zone: Fqdn; readonly primary?: Fqdn }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The zone by SOA (RFC 2136 4.3): at the apex, else in authority. Ends by the deadline; never rejects. */
export async function findZone(
  correspondent: Correspondent,
  start: Fqdn,
  deadline: MonoMs,
): Promise<FoundZone> {
  for (let name = start; ; name = parentOf(name)) {
    const answer = await ask(correspondent, { name, type: TYPE.SOA }, deadline);
    if (answer.kind === 'failed') return answer;
    const told = zoneOfAnswer(answer.message, name);
    if (told !== undefined) return { kind: 'zone', ...told };
    if (name === '.') return { kind: 'failed', failure: zoneNotFound(correspondent.nameserver, start) };
  }
}

/** By the apex's SOA, or by the SOA that proves that there is nothing (RFC 2308 3). */
export function zoneOfAnswer(
  message: ReceivedMessage,
  name: Fqdn,
): { readonly zone: Fqdn; readonly primary: Fqdn } | undefined {
  // Behind a CNAME, the authority section is of the target's zone.
  if (message.answers.some((rr) => rr.type === TYPE.CNAME && rr.owner === name)) return undefined;
  const rr = [...message.answers, ...message.authorities].find(
    ({ type, owner, class: klass }) => type === TYPE.SOA && klass === CLASS.IN && isWithin(name, owner),
  );
  const soa = rr && decodeSoa(message.bytes, rr);
  return rr && soa && { zone: rr.owner, primary: soa.primary };
}

/** The DNAME above the name (RFC 6672), if the answer has one. */
export const dnameAbove = (message: ReceivedMessage, name: Fqdn): Fqdn | undefined =>
  message.answers.find((rr) => rr.type === TYPE.DNAME && rr.owner !== name && isWithin(name, rr.owner))
    ?.owner;

const zoneNotFound = (nameserver: string, name: Fqdn): Failure => ({
  code: 'zone-not-found',
  message: `The nameserver ${nameserver} answers no SOA for ${name}, so the zone of that name is unknown.`,
  hint: 'Set publish.zone.',
});
