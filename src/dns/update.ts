/** An UpdatePlan as the sections of an UPDATE message (RFC 2136 2): one function for each kind of prerequisite and change. Pure. */
import type { Failure } from '../core/observation.ts';
import type { Fqdn } from '../core/units.ts';
import type { Change, Prerequisite, Question, Rrset, UpdatePlan } from '../core/zone.ts';
import { CLASS, OPCODE, TYPE } from './codes.ts';
import { isWithin, nameToWire } from './name.ts';
import { encodeRdata } from './rdata.ts';
import { encodeMessage, MAX_MESSAGE_BYTES, type OutgoingMessage, type WireRr } from './wire.ts';

/** RFC 2181 8. */
export const MAX_TTL_SECONDS = 2_147_483_647;
/** Room for a TSIG RR: two names of 255, a MAC of 64, other data and the fixed fields. */
const TSIG_ROOM_BYTES = 640;
const NOTHING = Buffer.alloc(0);

export type BuiltUpdate =
  | { readonly kind: 'built'; readonly message: Omit<OutgoingMessage, 'id'> }
  | { readonly kind: 'invalid'; readonly failure: Failure };

/**
 * The message but for its id. Everything is checked before a byte is made: names (canonical, inside the zone: `not-in-zone`), TTLs,
 * addresses, SRV numbers, TXT bytes, and the size (`invalid-plan`).
 */
export function buildUpdate(plan: UpdatePlan): BuiltUpdate {
  const failure = planFailure(plan);
  if (failure !== undefined) return { kind: 'invalid', failure };
  const message = {
    opcode: OPCODE.UPDATE,
    question: { name: plan.zone, type: TYPE.SOA },
    answers: plan.prerequisites.flatMap(prerequisiteRrs),
    authorities: plan.changes.flatMap(changeRrs),
  };
  const size = encodeMessage({ id: 0, ...message }).length;
  if (size + TSIG_ROOM_BYTES > MAX_MESSAGE_BYTES) return { kind: 'invalid', failure: invalidPlan(`its message would have ${size} bytes`) };
  return { kind: 'built', message };
}

const prerequisiteRrs = (prerequisite: Prerequisite): readonly WireRr[] =>
  prerequisite.kind === 'rrset-is' ? rrsetExistsWithRdata(prerequisite.rrset) : rrsetDoesNotExist(prerequisite);

const changeRrs = (change: Change): readonly WireRr[] => (change.kind === 'add-rrset' ? addToRrset(change.rrset) : deleteRrset(change));

/** RFC 2136 2.4.2, RRset exists (value dependent): class IN and TTL 0, every RR of it. */
function rrsetExistsWithRdata(rrset: Rrset): readonly WireRr[] {
  return rrs(rrset, 0);
}

/** RFC 2136 2.4.3, RRset does not exist: class NONE, TTL 0, no RDATA. */
function rrsetDoesNotExist({ name, type }: Question): readonly WireRr[] {
  return [{ owner: name, type: TYPE[type], class: CLASS.NONE, ttlSeconds: 0, rdata: NOTHING }];
}

/** RFC 2136 2.5.1, add to an RRset: class IN. */
function addToRrset(rrset: Rrset): readonly WireRr[] {
  return rrs(rrset, rrset.ttlSeconds);
}

/** RFC 2136 2.5.2, delete an RRset: class ANY, TTL 0, no RDATA. */
function deleteRrset({ name, type }: Question): readonly WireRr[] {
  return [{ owner: name, type: TYPE[type], class: CLASS.ANY, ttlSeconds: 0, rdata: NOTHING }];
}

function rrs(rrset: Rrset, ttlSeconds: number): readonly WireRr[] {
  const encoded = encodeRdata(rrset);
  if (encoded.kind === 'invalid') throw new TypeError(encoded.fault);
  return encoded.rdata.map((rdata) => ({ owner: rrset.name, type: TYPE[rrset.type], class: CLASS.IN, ttlSeconds, rdata }));
}

/** What is wrong with the plan, the first of it: `not-in-zone` or `invalid-plan`. The nsupdate client checks with it too. */
export function planFailure(plan: UpdatePlan): Failure | undefined {
  if (nameToWire(plan.zone) === undefined) return invalidPlan(`${JSON.stringify(plan.zone)} is no canonical domain name`);
  for (const part of [...plan.prerequisites, ...plan.changes]) {
    const failure = 'rrset' in part ? rrsetFailure(part.rrset, plan.zone) : nameFailure(part.name, plan.zone);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function nameFailure(name: Fqdn, zone: Fqdn): Failure | undefined {
  if (nameToWire(name) === undefined) return invalidPlan(`${JSON.stringify(name)} is no canonical domain name`);
  if (isWithin(name, zone)) return undefined;
  return {
    code: 'not-in-zone',
    message: `The name ${name} is not in the zone ${zone}, so nothing was sent.`,
    hint: 'Set publish.zone to the zone that holds the name, or leave it out: it is then found by SOA.',
  };
}

function rrsetFailure(rrset: Rrset, zone: Fqdn): Failure | undefined {
  const failure = nameFailure(rrset.name, zone);
  if (failure !== undefined) return failure;
  const { ttlSeconds } = rrset;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > MAX_TTL_SECONDS)
    return invalidPlan(`${ttlSeconds} is no TTL: whole seconds, 0 to ${MAX_TTL_SECONDS}`);
  // Without an RR it would say nothing on the wire, and a prerequisite that says nothing always holds.
  if (rrset.rdata.length === 0) return invalidPlan(`the RRset ${rrset.name} ${rrset.type} has no RR`);
  const encoded = encodeRdata(rrset);
  return encoded.kind === 'invalid' ? invalidPlan(`${rrset.name} ${rrset.type}: ${encoded.fault}`) : undefined;
}

const invalidPlan = (fault: string): Failure => ({
  code: 'invalid-plan',
  message: `The update cannot be written as DNS: ${fault}. Nothing was sent.`,
});
