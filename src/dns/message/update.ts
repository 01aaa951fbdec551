/** An UPDATE message (RFC 2136 2): one function per kind of prerequisite and change. Pure. */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn } from '../../core/model/units.ts';
import type { Change, Prerequisite, Question, Rrset } from '../../core/model/zone.ts';
import type { UpdateRequest } from '../../ports.ts';
import { CLASS, OPCODE, TYPE } from './codes.ts';
import { isWithin, nameToWire } from './name.ts';
import { encodeRdata } from './rdata.ts';
import { encodeMessage, maxMessageBytes, type OutgoingMessage, type WireRr } from './wire.ts';

/** RFC 2181 8. */
const maxTtlSeconds = 2_147_483_647;
/** Room for a TSIG RR: two names of 255, a MAC of 64, other data and the fixed fields. */
const tsigRoomBytes = 640;
const noRdata = Buffer.alloc(0);

/** Everything that RFC 2136 can say. The core's UpdatePlan needs less. */
export interface UpdateMessage {
  readonly zone: Fqdn;
  readonly prerequisites: readonly AnyPrerequisite[];
  readonly changes: readonly AnyChange[];
}

/** Every prerequisite of RFC 2136 2.4. */
export type AnyPrerequisite =
  | Prerequisite
  /** The RRset exists, with any RDATA (2.4.1). */
  | ({ readonly kind: 'rrset-exists' } & Question)
  /** The name has an RR (2.4.4), or no RR (2.4.5). An empty non-terminal has none. */
  | { readonly kind: 'name-in-use' | 'name-not-in-use'; readonly name: Fqdn };

/** Every change of RFC 2136 2.5. */
export type AnyChange =
  | Change
  /** All RRsets of the name (2.5.3). SOA and NS stay at the zone's apex (3.4.2.3). */
  | { readonly kind: 'delete-name'; readonly name: Fqdn }
  /** These RRs of the RRset; the TTL does not matter (2.5.4). A missing RR is no error. */
  | { readonly kind: 'delete-rrs'; readonly rrset: Rrset };

/** As the port's UpdateRequest, with everything that RFC 2136 can say. */
export interface MessageRequest extends Omit<UpdateRequest, 'plan'> {
  readonly plan: UpdateMessage;
}

type BuiltUpdate =
  /** `bytes`: the message under the id 0. */
  | { readonly kind: 'built'; readonly message: Omit<OutgoingMessage, 'id'>; readonly bytes: Buffer }
  | { readonly kind: 'invalid'; readonly failure: Failure };

/**
 * The message without its id. First everything is checked: names (canonical, inside the zone: `not-in-zone`),
 * TTLs, addresses, SRV numbers, TXT bytes, and the size (`invalid-plan`).
 */
export function buildUpdate(plan: UpdateMessage): BuiltUpdate {
  const checked = checkPlan(plan);
  if (checked.kind === 'invalid') return checked;
  const { rdataOf } = checked;
  const message = {
    opcode: OPCODE.UPDATE,
    question: { name: plan.zone, type: TYPE.SOA },
    answers: plan.prerequisites.flatMap((prerequisite) => prerequisiteRrs(prerequisite, rdataOf)),
    authorities: plan.changes.flatMap((change) => changeRrs(change, rdataOf)),
  };
  const bytes = encodeMessage({ id: 0, ...message });
  if (bytes.length + tsigRoomBytes > maxMessageBytes)
    return { kind: 'invalid', failure: invalidPlan(`its message would have ${bytes.length} bytes`) };
  return { kind: 'built', message, bytes };
}

function prerequisiteRrs(prerequisite: AnyPrerequisite, rdataOf: RdataOf): readonly WireRr[] {
  switch (prerequisite.kind) {
    case 'rrset-exists':
      return [rrsetExists(prerequisite)];
    case 'rrset-is':
      return rrsetExistsWithRdata(prerequisite.rrset, rdataOf);
    case 'rrset-absent':
      return [rrsetDoesNotExist(prerequisite)];
    case 'name-in-use':
      return [nameIsInUse(prerequisite.name)];
    case 'name-not-in-use':
      return [nameIsNotInUse(prerequisite.name)];
  }
}

function changeRrs(change: AnyChange, rdataOf: RdataOf): readonly WireRr[] {
  switch (change.kind) {
    case 'add-rrset':
      return addToRrset(change.rrset, rdataOf);
    case 'delete-rrset':
      return [deleteRrset(change)];
    case 'delete-name':
      return [deleteAllRrsets(change.name)];
    case 'delete-rrs':
      return deleteRrs(change.rrset, rdataOf);
  }
}

/** RFC 2136 2.4.1, RRset exists (value independent): class ANY. */
const rrsetExists = ({ name, type }: Question): WireRr => bare(name, TYPE[type], CLASS.ANY);

/** RFC 2136 2.4.2, RRset exists (value dependent): class IN and TTL 0, every RR of it. */
const rrsetExistsWithRdata = (rrset: Rrset, rdataOf: RdataOf): readonly WireRr[] =>
  rrs(rrset, rdataOf, CLASS.IN, 0);

/** RFC 2136 2.4.3, RRset does not exist: class NONE. */
const rrsetDoesNotExist = ({ name, type }: Question): WireRr => bare(name, TYPE[type], CLASS.NONE);

/** RFC 2136 2.4.4, name is in use: class ANY, type ANY. */
const nameIsInUse = (name: Fqdn): WireRr => bare(name, TYPE.ANY, CLASS.ANY);

/** RFC 2136 2.4.5, name is not in use: class NONE, type ANY. */
const nameIsNotInUse = (name: Fqdn): WireRr => bare(name, TYPE.ANY, CLASS.NONE);

/** RFC 2136 2.5.1, add to an RRset: class IN. */
const addToRrset = (rrset: Rrset, rdataOf: RdataOf): readonly WireRr[] =>
  rrs(rrset, rdataOf, CLASS.IN, rrset.ttlSeconds);

/** RFC 2136 2.5.2, delete an RRset: class ANY. */
const deleteRrset = ({ name, type }: Question): WireRr => bare(name, TYPE[type], CLASS.ANY);

/** RFC 2136 2.5.3, delete all RRsets from a name: class ANY, type ANY. */
const deleteAllRrsets = (name: Fqdn): WireRr => bare(name, TYPE.ANY, CLASS.ANY);

/** RFC 2136 2.5.4, delete an RR from an RRset: class NONE and TTL 0, with its RDATA. */
const deleteRrs = (rrset: Rrset, rdataOf: RdataOf): readonly WireRr[] => rrs(rrset, rdataOf, CLASS.NONE, 0);

/** An RR that only names something: TTL 0, no RDATA. */
const bare = (owner: Fqdn, type: number, klass: number): WireRr => ({
  owner,
  type,
  class: klass,
  ttlSeconds: 0,
  rdata: noRdata,
});

function rrs(rrset: Rrset, rdataOf: RdataOf, klass: number, ttlSeconds: number): readonly WireRr[] {
  return rdataOf(rrset).map((rdata) => ({
    owner: rrset.name,
    type: TYPE[rrset.type],
    class: klass,
    ttlSeconds,
    rdata,
  }));
}

/** The RDATA of an RRset of the plan: encoded once, when it was checked. */
type RdataOf = (rrset: Rrset) => readonly Buffer[];

type Invalid = Extract<BuiltUpdate, { readonly kind: 'invalid' }>;
type CheckedPlan = Invalid | { readonly kind: 'checked'; readonly rdataOf: RdataOf };

/** The first fault of the plan: `not-in-zone` or `invalid-plan`. */
export function planFailure(plan: UpdateMessage): Failure | undefined {
  const checked = checkPlan(plan);
  return checked.kind === 'invalid' ? checked.failure : undefined;
}

function checkPlan({ zone, prerequisites, changes }: UpdateMessage): CheckedPlan {
  if (nameToWire(zone) === undefined)
    return invalid(invalidPlan(`${JSON.stringify(zone)} is not a canonical domain name`));
  const encoded = new Map<Rrset, readonly Buffer[]>();
  for (const parts of [prerequisites, changes])
    for (const part of parts) {
      const { name } = 'rrset' in part ? part.rrset : part;
      const failure = nameFailure(name, zone);
      if (failure !== undefined) return invalid(failure);
      if (!('rrset' in part) || encoded.has(part.rrset)) continue;
      const rdata = checkedRdata(part.rrset);
      if ('code' in rdata) return invalid(rdata);
      encoded.set(part.rrset, rdata);
    }
  return { kind: 'checked', rdataOf: (rrset) => encoded.get(rrset) ?? [] };
}

const invalid = (failure: Failure): Invalid => ({ kind: 'invalid', failure });

function nameFailure(name: Fqdn, zone: Fqdn): Failure | undefined {
  if (nameToWire(name) === undefined)
    return invalidPlan(`${JSON.stringify(name)} is not a canonical domain name`);
  if (isWithin(name, zone)) return undefined;
  return {
    code: 'not-in-zone',
    message: `The name ${name} is not in the zone ${zone}, so nothing was sent.`,
    hint: 'Set publish.zone to the zone that holds the name, or leave it out: then the zone is found by SOA.',
  };
}

function checkedRdata(rrset: Rrset): readonly Buffer[] | Failure {
  const { name, type, ttlSeconds, rdata } = rrset;
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 0 || ttlSeconds > maxTtlSeconds)
    return invalidPlan(`${ttlSeconds} is not a TTL (whole seconds, 0 to ${maxTtlSeconds})`);
  // An RRset without an RR writes nothing, and an empty prerequisite always holds.
  if (rdata.length === 0) return invalidPlan(`the RRset ${name} ${type} has no RR`);
  const encoded = encodeRdata(rrset);
  return encoded.kind === 'invalid' ? invalidPlan(`${name} ${type}: ${encoded.fault}`) : encoded.rdata;
}

const invalidPlan = (fault: string): Failure => ({
  code: 'invalid-plan',
  message: `The update cannot be written as DNS: ${fault}. Nothing was sent.`,
});
