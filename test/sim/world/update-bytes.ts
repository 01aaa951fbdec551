/**
 * What a message on the wire asks of a zone, read apart from what its sender believes: the judge uses this.
 */

import type { Fqdn } from '../../../src/core/model/units.ts';
import type { Change, Rrset, RrType } from '../../../src/core/model/zone.ts';
import { CLASS, OPCODE, TYPE } from '../../../src/dns/message/codes.ts';
import { readName } from '../../../src/dns/message/name.ts';
import { decodeMessage, type ReceivedRr } from '../../../src/dns/message/wire.ts';
import type { StoredRrset } from './simulated-zone.ts';

/** Whether it is an UPDATE request (RFC 2136 2.2). */
export const isUpdate = (message: Buffer): boolean =>
  message.length >= 4 && (message.readUInt16BE(2) & 0xf800) === OPCODE.UPDATE << 11;

/** Whether the update would change something; an update with prerequisites alone only asks. */
export const isWrite = (message: Buffer): boolean =>
  isUpdate(message) && message.length >= 12 && message.readUInt16BE(8) > 0;

/** What an UPDATE would change, and when its sender says it was signed. */
export interface UpdateOnTheWire {
  readonly changes: readonly Change[];
  /** Seconds since 1970, UTC, by the clock of the sender. */
  readonly signedAtSeconds: number;
}

/** Throws where the message is no well formed and signed UPDATE: nothing else may leave an instance. */
export function readUpdate(bytes: Buffer): UpdateOnTheWire {
  const message = decodeMessage(bytes);
  const tsig = message?.additionals.at(-1);
  const algorithm = tsig && readName(bytes, tsig.rdataStart);
  if (message === undefined || algorithm === undefined)
    throw new Error('an update left that is not signed, or not well formed');
  const changes: Change[] = [];
  const added = new Map<string, StoredRrset>();
  for (const rr of message.authorities) {
    const key = `${rr.owner} ${rr.type}`;
    if (rr.class === CLASS.IN) {
      const others = added.get(key)?.rdata ?? [];
      added.set(key, {
        owner: rr.owner,
        type: rr.type,
        ttlSeconds: rr.ttlSeconds,
        rdata: [...others, plainRdata(bytes, rr)],
      });
    } else changes.push({ kind: 'delete-rrset', name: rr.owner, type: typeName(rr.type) });
  }
  for (const rrset of added.values()) changes.push({ kind: 'add-rrset', rrset: rrsetOf(rrset) });
  return { changes, signedAtSeconds: bytes.readUIntBE(algorithm.end, 6) };
}

/** Our messages have no compressed names in their RDATA (RFC 3597 4), so the RDATA is taken as it is. */
const plainRdata = (bytes: Buffer, rr: ReceivedRr): Buffer =>
  Buffer.from(bytes.subarray(rr.rdataStart, rr.end));

function typeName(type: number): RrType {
  const name = (['A', 'AAAA', 'CNAME', 'SRV', 'TXT'] as const).find((one) => TYPE[one] === type);
  if (name === undefined) throw new Error(`an update of type ${type} left`);
  return name;
}

/** The RRset as text. */
export function rrsetOf({ owner, type, ttlSeconds, rdata }: StoredRrset): Rrset {
  const name = typeName(type);
  return {
    name: owner,
    type: name,
    ttlSeconds,
    rdata: rdata.map((bytes) => rdataText(name, bytes)),
  } as Rrset;
}

function rdataText(type: RrType, bytes: Buffer): unknown {
  if (type === 'A') return [...bytes].join('.');
  if (type === 'CNAME') return nameAt(bytes, 0);
  if (type === 'SRV') {
    const [priority, weight, port] = [0, 2, 4].map((at) => bytes.readUInt16BE(at));
    return { priority, weight, port, target: nameAt(bytes, 6) };
  }
  if (type === 'TXT') return stringsOf(bytes);
  throw new Error(`no address of type ${type} is published here`);
}

const nameAt = (bytes: Buffer, at: number): Fqdn => readName(bytes, at)?.name as Fqdn;

function stringsOf(bytes: Buffer): string[] {
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + (bytes[at] as number))
    strings.push(bytes.toString('latin1', at + 1, at + 1 + (bytes[at] as number)));
  return strings;
}

/** The world looks again and again at a zone that seldom changes. */
const read = new WeakMap<readonly StoredRrset[], readonly Rrset[]>();

/** What the zone holds of the published types, sorted by name and type. */
export function rrsetsOf(stored: readonly StoredRrset[]): readonly Rrset[] {
  const known = read.get(stored);
  if (known) return known;
  const rrsets = stored
    .filter(({ type }) => ([TYPE.A, TYPE.CNAME, TYPE.SRV, TYPE.TXT] as number[]).includes(type))
    .map(rrsetOf)
    .toSorted((a, b) => (`${a.name} ${a.type}` < `${b.name} ${b.type}` ? -1 : 1));
  read.set(stored, rrsets);
  return rrsets;
}
