/**
 * The RRsets of one zone at one nameserver: answers questions, and applies an UpdatePlan by the rules of RFC
 * 2136. Knows no time, no loss, and no signature.
 */

import type { Failure } from '../../src/core/model/observation.ts';
import type { Fqdn } from '../../src/core/model/units.ts';
import {
  type Change,
  type Prerequisite,
  type Question,
  type Rrset,
  type RrType,
  sameRdata,
  type UpdateOutcome,
  type UpdatePlan,
  type ZoneReading,
} from '../../src/core/model/zone.ts';

/** The zone of one nameserver. */
export interface FakeZone {
  readonly zone: Fqdn;
  /** Rises with every change, as the SOA serial does. */
  readonly serial: number;
  /** Answers these questions; an RRset that does not exist is missing in the answer. */
  read(questions: readonly Question[]): ZoneReading & { kind: 'read' };
  /** One UPDATE message: all of it or nothing. Never `unknown`: only a network loses messages. */
  apply(plan: UpdatePlan): UpdateOutcome;
  find(name: string, type: RrType): Rrset | undefined;
  /** Everything, sorted by name and type. */
  all(): readonly Rrset[];
  /**
   * By hand: this RRset replaces the old one. A CNAME and other data are not kept apart: a zone file may have
   * both.
   */
  put(rrset: Rrset): void;
  /** By hand: this RRset does not exist any more. */
  remove(name: string, type: RrType): void;
}

/** An empty zone. */
export function createFakeZone(zone: Fqdn): FakeZone {
  let serial = 1;
  let rrsets: ReadonlyMap<string, Rrset> = new Map();
  const replace = (next: ReadonlyMap<string, Rrset>): void => {
    if (textOf(next) !== textOf(rrsets)) serial += 1;
    rrsets = next;
  };
  return {
    zone,
    get serial() {
      return serial;
    },
    read: (questions) => ({
      kind: 'read',
      zone,
      rrsets: questions.flatMap(({ name, type }) => rrsets.get(keyOf(name, type)) ?? []),
    }),
    apply(plan) {
      const refusal = refusalOf(zone, rrsets, plan);
      if (refusal !== undefined) return refusal;
      const next = new Map(rrsets);
      for (const change of plan.changes) applyChange(next, change);
      replace(next);
      return { kind: 'applied' };
    },
    find: (name, type) => rrsets.get(keyOf(name, type)),
    all: () => sorted(rrsets),
    put: (rrset) => replace(new Map(rrsets).set(keyOf(rrset.name, rrset.type), rrset)),
    remove(name, type) {
      const next = new Map(rrsets);
      next.delete(keyOf(name, type));
      replace(next);
    },
  };
}

/** Names compare without case (RFC 1035 2.3.3). */
const keyOf = (name: string, type: RrType): string => `${name.toLowerCase()} ${type}`;

const sorted = (rrsets: ReadonlyMap<string, Rrset>): readonly Rrset[] =>
  [...rrsets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, rrset]) => rrset);

const textOf = (rrsets: ReadonlyMap<string, Rrset>): string => JSON.stringify(sorted(rrsets));

/** 3.1 and 3.2: why nothing of this plan is done; undefined: all of it may be done. */
function refusalOf(
  zone: Fqdn,
  rrsets: ReadonlyMap<string, Rrset>,
  plan: UpdatePlan,
): UpdateOutcome | undefined {
  if (plan.zone !== zone) return refused('rejected', 'NOTAUTH', `not authoritative for ${plan.zone}`);
  const names = [...plan.prerequisites.map(nameOf), ...plan.changes.map(nameOf)];
  const outside = names.find((name) => name !== zone && !name.endsWith(`.${zone}`));
  if (outside !== undefined) return refused('rejected', 'NOTZONE', `${outside} is not in ${zone}`);
  for (const prerequisite of plan.prerequisites) {
    const there = rrsets.get(keyOf(nameOf(prerequisite), typeOf(prerequisite)));
    // 2.4.2 compares the whole set, without TTL; 2.4.3 needs an absent set.
    const holds =
      prerequisite.kind === 'rrset-is'
        ? there !== undefined && sameRdata(there, prerequisite.rrset)
        : there === undefined;
    if (holds) continue;
    const rcode = prerequisite.kind === 'rrset-is' ? 'NXRRSET' : 'YXRRSET';
    return refused(
      'prerequisite-failed',
      rcode,
      `${nameOf(prerequisite)} ${typeOf(prerequisite)} is not as it was read`,
    );
  }
  return undefined;
}

type Named = Prerequisite | Change;
const nameOf = (named: Named): Fqdn => ('rrset' in named ? named.rrset.name : named.name);
const typeOf = (named: Named): RrType => ('rrset' in named ? named.rrset.type : named.type);

function refused(code: 'prerequisite-failed' | 'rejected', rcode: string, why: string): UpdateOutcome {
  const failure: Failure = {
    code: code === 'rejected' ? rcode.toLowerCase() : code,
    message: `The nameserver answered ${rcode}: ${why}.`,
  };
  return { kind: 'refused', code, rcode, failure };
}

/** 3.4.2. */
function applyChange(rrsets: Map<string, Rrset>, change: Change): void {
  const key = keyOf(nameOf(change), typeOf(change));
  if (change.kind === 'delete-rrset') {
    rrsets.delete(key);
    return;
  }
  const { rrset } = change;
  if (collidesWithCname(rrsets, rrset)) return;
  const there = rrsets.get(key);
  // A name has one CNAME: the new CNAME replaces it. Otherwise the RRs join, and all RRs of an RRset have the
  // last TTL (RFC 2181 5.2).
  const joined = there === undefined || rrset.type === 'CNAME' ? rrset : join(there, rrset);
  rrsets.set(key, joined);
}

/** 3.4.2.2: a CNAME beside other data is silently ignored, and the other way round. */
const collidesWithCname = (rrsets: ReadonlyMap<string, Rrset>, { name, type }: Rrset): boolean =>
  [...rrsets.values()].some(
    (other) =>
      other.name.toLowerCase() === name.toLowerCase() &&
      other.type !== type &&
      (other.type === 'CNAME' || type === 'CNAME'),
  );

function join(there: Rrset, added: Rrset): Rrset {
  const rdata = new Map([...there.rdata, ...added.rdata].map((one) => [JSON.stringify(one), one]));
  return { ...added, rdata: [...rdata.values()] } as Rrset;
}
