/** Which zone holds a name, as the nameserver itself tells it. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { CLASS, RCODE, TYPE } from '../message/codes.ts';
import { isWithin, parentOf } from '../message/name.ts';
import type { ReceivedMessage } from '../message/wire.ts';
import { ask, type Correspondent } from './query.ts';
import { decodeSoa } from './soa.ts';

export type FoundZone =
  /** `primary`: whom its SOA calls the primary server (MNAME). `failing`: the highest name on the way that answers SERVFAIL. */
  { readonly kind: 'zone'; readonly zone: Fqdn; readonly primary?: Fqdn; readonly failing?: Fqdn } | Failed;

interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
}

interface Told {
  readonly zone: Fqdn;
  readonly primary: Fqdn;
}

/**
 * The zone by SOA (RFC 2136 4.3): in the answer at the apex, in the authority section below it. A name whose alias leads back to itself answers SERVFAIL, and
 * its parent tells the zone. Ends by the deadline; never rejects.
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
 * Of a zone that is not loaded, every name answers SERVFAIL, and an update of the zone above would be taken and never shown. But the DS RRset of its apex belongs
 * to the zone above (RFC 4035 3.1.4.1), which answers it; where an alias fails, it fails for DS, too.
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
    : answer;
}

/** The zone that an answer names: by the SOA of the apex itself, or the one that proves that there is nothing (RFC 2308 3). */
export function zoneOfAnswer(message: ReceivedMessage, name: Fqdn): Told | undefined {
  // Behind a CNAME the authority section is that of the target's zone.
  if (message.answers.some((rr) => rr.type === TYPE.CNAME && rr.owner === name)) return undefined;
  const rr = [...message.answers, ...message.authorities].find(
    ({ type, owner, class: klass }) => type === TYPE.SOA && klass === CLASS.IN && isWithin(name, owner),
  );
  const soa = rr && decodeSoa(message.bytes, rr);
  return rr && soa && { zone: rr.owner, primary: soa.primary };
}

/** The DNAME that stands above the name (RFC 6672): an answer begins with it. */
export const dnameAbove = (message: ReceivedMessage, name: Fqdn): Fqdn | undefined =>
  message.answers.find((rr) => rr.type === TYPE.DNAME && rr.owner !== name && isWithin(name, rr.owner))
    ?.owner;

const notFound = ({ nameserver }: Correspondent, name: Fqdn): Failed => ({
  kind: 'failed',
  failure: {
    code: 'zone-not-found',
    message: `The nameserver ${nameserver} told no SOA for ${name}, so its zone is not known.`,
    hint: 'Set publish.zone.',
  },
});
