/** Finds the zone that holds a name, by the nameserver's own answers. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { CLASS, RCODE, TYPE } from '../message/codes.ts';
import { isWithin, parentOf } from '../message/name.ts';
import type { ReceivedMessage } from '../message/wire.ts';
import { ask, type Correspondent } from './query.ts';
import { decodeSoa } from './soa.ts';

export type FoundZone =
  /**
   * `primary`: the primary server by the zone's SOA (MNAME). `failing`: the highest name on the way that
   * answers SERVFAIL.
   */
  | { readonly kind: 'zone'; readonly zone: Fqdn; readonly primary?: Fqdn; readonly failing?: Fqdn }
  /** `above`: this zone is well, and the zone below it that has the name is not. */
  | (Failed & { readonly above?: Fqdn });

interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
}

interface Told {
  readonly zone: Fqdn;
  readonly primary: Fqdn;
}

/**
 * The zone by SOA (RFC 2136 4.3): at the apex, else in authority. A name whose alias leads back to itself
 * answers SERVFAIL, and its parent names the zone. Ends by the deadline; never rejects.
 */
export async function findZone(
  correspondent: Correspondent,
  start: Fqdn,
  deadline: MonoMs,
): Promise<FoundZone> {
  let failing: { readonly name: Fqdn; readonly answer: Failed } | undefined;
  for (let name = start; ; name = parentOf(name)) {
    const answer = await ask(correspondent, { name, type: TYPE.SOA }, deadline);
    const told = answer.kind === 'answer' ? zoneOfAnswer(answer.message, name) : undefined;
    if (told !== undefined)
      return failing === undefined
        ? { kind: 'zone', ...told }
        : zoneAbove(correspondent, told, failing, deadline);
    const mayBeAlias = answer.kind === 'answer' || answer.rcode === RCODE.SERVFAIL;
    if (!mayBeAlias || name === '.')
      return failing?.answer ?? (answer.kind === 'failed' ? answer : notFound(correspondent, start));
    if (answer.kind === 'failed') failing = { name, answer };
  }
}

/**
 * Every name of a zone that is not loaded answers SERVFAIL, and the nameserver would take an update of the
 * zone above and never show it. But the DS RRset of its apex belongs to the zone above (RFC 4035 3.1.4.1),
 * which answers it. An alias fails for DS, too.
 */
async function zoneAbove(
  correspondent: Correspondent,
  told: Told,
  { name, answer }: { readonly name: Fqdn; readonly answer: Failed },
  deadline: MonoMs,
): Promise<FoundZone> {
  const ds = await ask(correspondent, { name, type: TYPE.DS }, deadline);
  return ds.kind === 'failed' && ds.rcode === RCODE.SERVFAIL
    ? { kind: 'zone', ...told, failing: name }
    : { ...answer, above: told.zone };
}

/** By the apex's SOA, or by the SOA that proves that there is nothing (RFC 2308 3). */
export function zoneOfAnswer(message: ReceivedMessage, name: Fqdn): Told | undefined {
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

const notFound = ({ nameserver }: Correspondent, name: Fqdn): Failed => ({
  kind: 'failed',
  failure: {
    code: 'zone-not-found',
    message: `The nameserver ${nameserver} answers no SOA for ${name}, so the zone of that name is unknown.`,
    hint: 'Set publish.zone.',
  },
});
