/**
 * DNS messages as bytes, with our own framing of RRs. dns-packet 5.6.1 cannot write class NONE or an RR
 * without RDATA. Its decoder ignores RDLENGTH, so it cannot tell where an RR ends. Pure.
 */
import type { Fqdn } from '../../core/model/units.ts';
import { TYPE } from './codes.ts';
import { type NameAt, readName, writeName } from './name.ts';

/** Longer answers are not read. A ledger is below 4 KiB; a long hostile message costs time to decode. */
export const maxAnswerBytes = 16_384;
/** The longest message that can be sent: TCP's length field (RFC 1035 4.2.2). */
export const maxMessageBytes = 65_535;

const headerBytes = 12;
const flagQr = 0x8000;
const flagAa = 0x0400;
const flagTc = 0x0200;
const flagRd = 0x0100;

/** One RR to send. Empty RDATA has a meaning (RFC 2136 2.4, 2.5). */
export interface WireRr {
  readonly owner: Fqdn;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  readonly rdata: Buffer;
}

/** A question, or the zone section of an UPDATE (RFC 2136 2.3). Its class is IN. */
export interface WireQuestion {
  readonly name: Fqdn;
  readonly type: number;
}

/** A message to send. An UPDATE has its prerequisites in `answers` and its changes in `authorities`. */
export interface OutgoingMessage {
  readonly id: number;
  readonly opcode: number;
  readonly question: WireQuestion;
  readonly answers: readonly WireRr[];
  readonly authorities: readonly WireRr[];
  /** RD: the resolver shall ask others. Default: no. */
  readonly recursionDesired?: boolean;
}

/** The message's bytes, without TSIG. Throws if a name is not canonical. */
export function encodeMessage(message: OutgoingMessage): Buffer {
  const { id, opcode, question, answers, authorities } = message;
  const rrs = [...answers, ...authorities];
  const roomBytes = rrs.reduce((sum, rr) => sum + rrRoom(rr), headerBytes + question.name.length + 5);
  const bytes = Buffer.allocUnsafe(roomBytes);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt16BE((opcode << 11) | (message.recursionDesired ? flagRd : 0), 2);
  bytes.writeUInt16BE(1, 4);
  bytes.writeUInt16BE(answers.length, 6);
  bytes.writeUInt16BE(authorities.length, 8);
  bytes.writeUInt16BE(0, 10);
  let at = bytes.writeUInt16BE(question.type, writeCanonical(bytes, headerBytes, question.name));
  at = bytes.writeUInt16BE(1, at);
  for (const rr of rrs) at = writeRr(bytes, at, rr);
  return bytes.subarray(0, at);
}

/** At least as many bytes as `writeRr` writes. */
const rrRoom = ({ owner, rdata }: WireRr): number => owner.length + 11 + rdata.length;

/** Names are not compressed. Returns the offset behind the RR. */
function writeRr(target: Buffer, start: number, rr: WireRr): number {
  let at = target.writeUInt16BE(rr.type, writeCanonical(target, start, rr.owner));
  at = target.writeUInt16BE(rr.class, at);
  at = target.writeUInt32BE(rr.ttlSeconds, at);
  at = target.writeUInt16BE(rr.rdata.length, at);
  return at + rr.rdata.copy(target, at);
}

/** One RR as bytes; names are not compressed. */
export function encodeRr(rr: WireRr): Buffer {
  const bytes = Buffer.allocUnsafe(rrRoom(rr));
  return bytes.subarray(0, writeRr(bytes, 0, rr));
}

function writeCanonical(target: Buffer, start: number, name: Fqdn): number {
  const end = writeName(target, start, name);
  if (end === undefined) throw new TypeError(`not a canonical name: ${JSON.stringify(name)}`);
  return end;
}

/** The name's bytes. Throws if the name is not canonical. */
export function wireName(name: Fqdn): Buffer {
  const bytes = Buffer.allocUnsafe(name.length + 1);
  return bytes.subarray(0, writeCanonical(bytes, 0, name));
}

/** An RR of a received message. RDATA stays in place, because its names may point to anywhere before it. */
export interface ReceivedRr {
  readonly owner: Fqdn;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  /** Offsets into the message: where the RR begins, where its RDATA begins, where the RR ends. */
  readonly start: number;
  readonly rdataStart: number;
  readonly end: number;
}

export interface ReceivedMessage {
  readonly bytes: Buffer;
  readonly id: number;
  readonly opcode: number;
  /** 12 bits: with the upper bits of an OPT record (RFC 6891 6.1.3). */
  readonly rcode: number;
  /** QR: this message is an answer. */
  readonly answer: boolean;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly questions: readonly (WireQuestion & { readonly class: number })[];
  readonly answers: readonly ReceivedRr[];
  readonly authorities: readonly ReceivedRr[];
  readonly additionals: readonly ReceivedRr[];
}

/** The first 4 bytes of a message, readable even if the rest is not. */
interface MessageHead {
  readonly id: number;
  readonly opcode: number;
  readonly answer: boolean;
  readonly truncated: boolean;
}

/** Undefined if there is no whole header. Never throws. */
export function decodeHead(bytes: Buffer): MessageHead | undefined {
  if (bytes.length < headerBytes) return undefined;
  const flags = bytes.readUInt16BE(2);
  return {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    answer: (flags & flagQr) !== 0,
    truncated: (flags & flagTc) !== 0,
  };
}

/** What is wrong with the message, as the rest of a sentence that begins with `it`. */
interface Malformed {
  readonly malformed: string;
}

/** The message; undefined if it is malformed. Never throws. */
export function decodeMessage(bytes: Buffer): ReceivedMessage | undefined {
  const message = readMessage(bytes);
  return 'malformed' in message ? undefined : message;
}

/**
 * Reads all records of a received message, unless it is longer than `maxAnswerBytes`. Ignores bytes behind
 * the last record, as BIND and dig do. Never throws.
 */
export function readMessage(bytes: Buffer): ReceivedMessage | Malformed {
  const head = decodeHead(bytes);
  if (head === undefined) return { malformed: `has ${bytes.length} bytes, less than a DNS header` };
  if (bytes.length > maxAnswerBytes) return tooLong(bytes.length);
  const cursor = { at: headerBytes };
  const questions = readMany(bytes.readUInt16BE(4), cursor, (at) => readQuestion(bytes, at));
  const answers = questions && readMany(bytes.readUInt16BE(6), cursor, (at) => readRr(bytes, at));
  const authorities = answers && readMany(bytes.readUInt16BE(8), cursor, (at) => readRr(bytes, at));
  const additionals = authorities && readMany(bytes.readUInt16BE(10), cursor, (at) => readRr(bytes, at));
  if (!(questions && answers && authorities && additionals))
    return { malformed: 'ends within a record, or has an unreadable name' };
  const opts = [...answers, ...authorities, ...additionals].filter(({ type }) => type === TYPE.OPT);
  const [opt] = opts;
  if (opts.length > 1) return { malformed: 'has more than one OPT record' };
  if (opt && !(opt.owner === '.' && additionals.includes(opt)))
    return { malformed: 'has an OPT record in the wrong place' };
  // The TTL field of an OPT record begins with the upper 8 bits of the RCODE.
  const upper = opt === undefined ? 0 : (bytes[opt.rdataStart - 6] ?? 0);
  const flags = bytes.readUInt16BE(2);
  return {
    ...head,
    bytes,
    rcode: (upper << 4) | (flags & 0xf),
    authoritative: (flags & flagAa) !== 0,
    questions,
    answers,
    authorities,
    additionals,
  };
}

export const tooLong = (length: number): Malformed => ({
  malformed: `has ${length} bytes, more than the limit of ${maxAnswerBytes}`,
});

function readMany<T extends { readonly end: number }>(
  count: number,
  cursor: { at: number },
  read: (at: number) => T | undefined,
): readonly T[] | undefined {
  const items: T[] = [];
  for (let index = 0; index < count; index++) {
    const item = read(cursor.at);
    if (item === undefined) return undefined;
    items.push(item);
    cursor.at = item.end;
  }
  return items;
}

function readQuestion(
  bytes: Buffer,
  at: number,
): (WireQuestion & { readonly class: number; readonly end: number }) | undefined {
  const owner: NameAt | undefined = readName(bytes, at);
  if (owner === undefined || owner.end + 4 > bytes.length) return undefined;
  return {
    name: owner.name,
    type: bytes.readUInt16BE(owner.end),
    class: bytes.readUInt16BE(owner.end + 2),
    end: owner.end + 4,
  };
}

function readRr(bytes: Buffer, at: number): ReceivedRr | undefined {
  const owner = readName(bytes, at);
  if (owner === undefined || owner.end + 10 > bytes.length) return undefined;
  const rdataStart = owner.end + 10;
  const end = rdataStart + bytes.readUInt16BE(owner.end + 8);
  if (end > bytes.length) return undefined;
  return {
    owner: owner.name,
    type: bytes.readUInt16BE(owner.end),
    class: bytes.readUInt16BE(owner.end + 2),
    // A TTL with the highest bit set means zero (RFC 2181 8).
    ttlSeconds: Math.max(0, bytes.readInt32BE(owner.end + 4)),
    start: at,
    rdataStart,
    end,
  };
}
