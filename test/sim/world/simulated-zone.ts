/**
 * The RRs of one zone, and an UPDATE of them by RFC 2136 3.2 to 3.6, on wire data. Without I/O: no clock, no
 * key, no socket.
 */

import type { Fqdn } from '../../../src/core/model/units.ts';
import { CLASS, RCODE, TYPE } from '../../../src/dns/message/codes.ts';
import { isWithin, nameToWire, parentOf, readName } from '../../../src/dns/message/name.ts';
import type { ReceivedMessage, ReceivedRr } from '../../../src/dns/message/wire.ts';

/** One RRset; each RDATA uncompressed, its names in lower case. */
export interface StoredRrset {
  readonly owner: Fqdn;
  readonly type: number;
  readonly ttlSeconds: number;
  readonly rdata: readonly Buffer[];
}

type Rrsets = ReadonlyMap<string, StoredRrset>;
const keyOf = (owner: Fqdn, type: number): string => `${owner} ${type}`;

export class SimulatedZone {
  readonly name: Fqdn;
  readonly #maxTtlSeconds: number;
  #rrsets: Rrsets;
  #all: { readonly of: Rrsets; readonly rrsets: readonly StoredRrset[] } | undefined;
  #serial = 1;

  /**
   * A zone with an SOA and one NS. An update silently gets no longer TTL than the limit (max-zone-ttl of
   * BIND).
   */
  constructor(name: Fqdn, maxTtlSeconds = Number.POSITIVE_INFINITY) {
    this.name = name;
    this.#maxTtlSeconds = maxTtlSeconds;
    const ns = nameToWire(`ns1.${name}` as Fqdn) as Buffer;
    this.#rrsets = new Map([
      [keyOf(name, TYPE.NS), { owner: name, type: TYPE.NS, ttlSeconds: 60, rdata: [ns] }],
    ]);
  }

  /** Rises with every update that changes something (RFC 2136 3.6). */
  get serial(): number {
    return this.#serial;
  }

  find(owner: Fqdn, type: number): StoredRrset | undefined {
    return owner === this.name && type === TYPE.SOA ? this.soa() : this.#rrsets.get(keyOf(owner, type));
  }

  /** The RRsets of that name; the apex also has its SOA. */
  at(owner: Fqdn): readonly StoredRrset[] {
    return [...this.#rrsets.values()].filter((rrset) => rrset.owner === owner);
  }

  /** Everything but the SOA; the same array until the zone changes. */
  all(): readonly StoredRrset[] {
    if (this.#all?.of !== this.#rrsets) this.#all = { of: this.#rrsets, rrsets: [...this.#rrsets.values()] };
    return this.#all.rrsets;
  }

  /**
   * By hand: this RRset, or nothing, replaces the old one. A CNAME and other data are not kept apart: a zone
   * file may have both.
   */
  edit(owner: Fqdn, type: number, rrset?: StoredRrset): void {
    const next = new Map(this.#rrsets);
    if (rrset === undefined) next.delete(keyOf(owner, type));
    else next.set(keyOf(owner, type), rrset);
    this.#rrsets = next;
    this.#serial += 1;
  }

  /** A transfer: from here on the zone is as the other zone is now. */
  become(other: SimulatedZone): void {
    this.#rrsets = other.#rrsets;
    this.#serial = other.#serial;
  }

  /** There are RRs at the name, or below it (an empty non-terminal: RFC 8020). */
  has(owner: Fqdn): boolean {
    return owner === this.name || [...this.#rrsets.values()].some((rrset) => isWithin(rrset.owner, owner));
  }

  /** What the wildcard of the closest encloser answers for a name that does not exist. */
  synthesized(owner: Fqdn, type: number): StoredRrset | undefined {
    const found = this.has(owner) ? undefined : this.find(this.#wildcardFor(owner), type);
    return found && { ...found, owner };
  }

  /** A wildcard CNAME answers for the name, and for its own target. */
  isCircle(owner: Fqdn): boolean {
    const rdata = this.synthesized(owner, TYPE.CNAME)?.rdata[0];
    const target = rdata && readName(rdata, 0)?.name;
    return (
      target !== undefined &&
      isWithin(target, this.name) &&
      this.synthesized(target, TYPE.CNAME)?.rdata[0]?.equals(rdata as Buffer) === true
    );
  }

  /** The name exists, or a wildcard answers for it. */
  covers(owner: Fqdn): boolean {
    return this.has(owner) || this.at(this.#wildcardFor(owner)).length > 0;
  }

  /** RFC 4592 3.3.1: its parent is the longest existing name above. */
  #wildcardFor(owner: Fqdn): Fqdn {
    let encloser = owner;
    while (!this.has(encloser)) encloser = parentOf(encloser);
    return `*.${encloser}` as Fqdn;
  }

  soa(): StoredRrset {
    const numbers = Buffer.alloc(20);
    for (const [index, n] of [this.#serial, 3600, 600, 86_400, 1].entries())
      numbers.writeUInt32BE(n, index * 4);
    const names = [`ns1.${this.name}`, `hostmaster.${this.name}`].map(
      (name) => nameToWire(name as Fqdn) as Buffer,
    );
    return { owner: this.name, type: TYPE.SOA, ttlSeconds: 60, rdata: [Buffer.concat([...names, numbers])] };
  }

  /**
   * Applies all of the message, or nothing. Returns the RCODE. `may`: whether this name and type may be
   * changed (3.3).
   */
  update(message: ReceivedMessage, may: (owner: Fqdn, type: number) => boolean): number {
    const refusal =
      this.#prerequisites(message) ??
      message.authorities.map((rr) => this.#prescan(rr)).find((rcode) => rcode !== undefined) ??
      (message.authorities.every((rr) => may(rr.owner, rr.type)) ? undefined : RCODE.REFUSED);
    if (refusal !== undefined) return refusal;
    const next = new Map(this.#rrsets);
    for (const rr of message.authorities) this.#apply(next, message.bytes, rr);
    if (textOf(next) !== textOf(this.#rrsets)) this.#serial += 1;
    this.#rrsets = next;
    return RCODE.NOERROR;
  }

  /** 3.2. */
  #prerequisites({ bytes, answers }: ReceivedMessage): number | undefined {
    const wanted = new Map<string, { readonly rr: ReceivedRr; readonly rdata: string[] }>();
    for (const rr of answers) {
      if (rr.ttlSeconds !== 0) return RCODE.FORMERR;
      if (!isWithin(rr.owner, this.name)) return RCODE.NOTZONE;
      const rcode = rr.class === CLASS.IN ? collect(wanted, bytes, rr) : this.#existence(rr);
      if (rcode !== undefined) return rcode;
    }
    const holds = [...wanted.values()].every(({ rr, rdata }) => {
      const there = this.find(rr.owner, rr.type)?.rdata.map((each) => each.toString('hex')) ?? [];
      return [...new Set(rdata)].sort().join() === [...there].sort().join();
    });
    return holds ? undefined : RCODE.NXRRSET;
  }

  /** 2.4.1 and 2.4.3 to 2.4.5: prerequisites without RDATA. */
  #existence(rr: ReceivedRr): number | undefined {
    if ((rr.class !== CLASS.ANY && rr.class !== CLASS.NONE) || rr.end !== rr.rdataStart) return RCODE.FORMERR;
    const isName = rr.type === TYPE.ANY;
    const there = isName ? this.at(rr.owner).length > 0 : this.find(rr.owner, rr.type) !== undefined;
    if (there === (rr.class === CLASS.ANY)) return undefined;
    if (there) return isName ? RCODE.YXDOMAIN : RCODE.YXRRSET;
    return isName ? RCODE.NXDOMAIN : RCODE.NXRRSET;
  }

  /** 3.4.1. */
  #prescan(rr: ReceivedRr): number | undefined {
    if (!isWithin(rr.owner, this.name)) return RCODE.NOTZONE;
    const empty = rr.end === rr.rdataStart;
    const isMeta = rr.type >= 128 && rr.type <= 255;
    if (rr.class === CLASS.IN) return isMeta || empty ? RCODE.FORMERR : undefined;
    if (rr.ttlSeconds !== 0) return RCODE.FORMERR;
    if (rr.class === CLASS.ANY) return empty && (!isMeta || rr.type === TYPE.ANY) ? undefined : RCODE.FORMERR;
    return rr.class === CLASS.NONE && !empty && !isMeta ? undefined : RCODE.FORMERR;
  }

  /** 3.4.2. The apex keeps its SOA and NS, whatever the update says. */
  #apply(rrsets: Map<string, StoredRrset>, bytes: Buffer, rr: ReceivedRr): void {
    const isKept = (type: number) => rr.owner === this.name && (type === TYPE.SOA || type === TYPE.NS);
    if (rr.class === CLASS.ANY) {
      for (const [key, { owner, type }] of rrsets)
        if (owner === rr.owner && (rr.type === TYPE.ANY || rr.type === type) && !isKept(type))
          rrsets.delete(key);
      return;
    }
    const rdata = canonicalRdata(bytes, rr);
    if (rdata === undefined || isKept(rr.type)) return;
    if (rr.class === CLASS.NONE) deleteRr(rrsets, rr, rdata);
    else addRr(rrsets, { ...rr, ttlSeconds: Math.min(rr.ttlSeconds, this.#maxTtlSeconds) }, rdata);
  }
}

/** 2.5.4: an RRset without RRs is gone. */
function deleteRr(rrsets: Map<string, StoredRrset>, { owner, type }: ReceivedRr, rdata: Buffer): void {
  const there = rrsets.get(keyOf(owner, type));
  const left = there?.rdata.filter((each) => !each.equals(rdata)) ?? [];
  if (there === undefined || left.length === 0) rrsets.delete(keyOf(owner, type));
  else rrsets.set(keyOf(owner, type), { ...there, rdata: left });
}

/**
 * 2.5.1. A CNAME and other data exclude each other: the older stays, silently (3.4.2.2). All RRs of an RRset
 * get the new TTL.
 */
function addRr(
  rrsets: Map<string, StoredRrset>,
  { owner, type, ttlSeconds }: ReceivedRr,
  rdata: Buffer,
): void {
  const isAlias = type === TYPE.CNAME;
  const here = [...rrsets.values()].filter((rrset) => rrset.owner === owner);
  if (here.some((rrset) => rrset.type !== type && (isAlias || rrset.type === TYPE.CNAME))) return;
  const others =
    rrsets.get(keyOf(owner, type))?.rdata.filter((each) => !isAlias && !each.equals(rdata)) ?? [];
  rrsets.set(keyOf(owner, type), { owner, type, ttlSeconds, rdata: [...others, rdata] });
}

/** 2.4.2: the RRs of one RRset may stand anywhere among the prerequisites. */
function collect(
  wanted: Map<string, { readonly rr: ReceivedRr; readonly rdata: string[] }>,
  bytes: Buffer,
  rr: ReceivedRr,
): number | undefined {
  const rdata = canonicalRdata(bytes, rr);
  if (rdata === undefined) return RCODE.FORMERR;
  const key = keyOf(rr.owner, rr.type);
  wanted.set(key, { rr, rdata: [...(wanted.get(key)?.rdata ?? []), rdata.toString('hex')] });
  return undefined;
}

const textOf = (rrsets: Rrsets): string =>
  JSON.stringify(
    [...rrsets]
      .sort()
      .map(([key, { ttlSeconds, rdata }]) => [
        key,
        ttlSeconds,
        rdata.map((each) => each.toString('hex')).sort(),
      ]),
  );

/**
 * Names in RDATA compare without case (RFC 4343), so they are stored in lower case and uncompressed.
 * Undefined: not well formed.
 */
function canonicalRdata(bytes: Buffer, rr: ReceivedRr): Buffer | undefined {
  const fixedBytes = rr.type === TYPE.SRV ? 6 : rr.type === TYPE.CNAME || rr.type === TYPE.NS ? 0 : undefined;
  if (fixedBytes === undefined) return Buffer.from(bytes.subarray(rr.rdataStart, rr.end));
  const name = readName(bytes, rr.rdataStart + fixedBytes);
  const wire = name?.end === rr.end ? nameToWire(name.name) : undefined;
  return wire && Buffer.concat([bytes.subarray(rr.rdataStart, rr.rdataStart + fixedBytes), wire]);
}
