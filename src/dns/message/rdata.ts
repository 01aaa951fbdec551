/** RDATA of the published types, to bytes and back. dns-packet reads TXT, behind our checks. Pure. */
import dnsPacket from 'dns-packet';
import type { Fqdn } from '../../core/model/units.ts';
import type { Question, Rrset, RrType, Srv } from '../../core/model/zone.ts';
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from './address-bytes.ts';
import { CLASS, TYPE } from './codes.ts';
import { nameToWire, readName } from './name.ts';
import type { ReceivedMessage, ReceivedRr } from './wire.ts';

/** A codec of dns-packet: RDATA behind its RDLENGTH. @types/dns-packet 5.6.5 does not declare codecs. */
const codecs = dnsPacket as unknown as {
  readonly txt: { decode(bytes: Buffer, offset: number): Buffer[] };
};

/** RFC 1035 3.3. */
const maxStringBytes = 255;

type EncodedRdata =
  | { readonly kind: 'encoded'; readonly rdata: readonly Buffer[] }
  | { readonly kind: 'invalid'; readonly fault: string };

/** The RDATA of every RR, in order, or the fault of an RR that cannot be written. Never throws. */
export function encodeRdata(rrset: Rrset): EncodedRdata {
  const rdata: Buffer[] = [];
  for (const encoded of eachRdata(rrset)) {
    if (typeof encoded === 'string') return { kind: 'invalid', fault: encoded };
    rdata.push(encoded);
  }
  return { kind: 'encoded', rdata };
}

function eachRdata(rrset: Rrset): (Buffer | string)[] {
  switch (rrset.type) {
    case 'A':
      return rrset.rdata.map((text) => ipv4Bytes(text) ?? `${show(text)} is not an IPv4 address`);
    case 'AAAA':
      return rrset.rdata.map((text) => ipv6Bytes(text) ?? `${show(text)} is not an IPv6 address`);
    case 'CNAME':
      return rrset.rdata.map(
        (text) => nameToWire(text as Fqdn) ?? `${show(text)} is not a canonical domain name`,
      );
    case 'SRV':
      return rrset.rdata.map(encodeSrv);
    case 'TXT':
      return rrset.rdata.map(encodeTxt);
  }
}

/**
 * The same text for the same RDATA, compared as bytes: the order of the RRs, the form of an address and the
 * TTL do not matter. An RRset that cannot be written equals no other RRset.
 */
export function rdataKey(rrset: Rrset): string {
  const encoded = encodeRdata(rrset);
  if (encoded.kind === 'invalid') return `invalid: ${encoded.fault}`;
  const texts = encoded.rdata.map((rdata) => rdata.toString('hex'));
  return [rrset.type, ...texts.sort()].join(' ');
}

const show = (text: string): string => JSON.stringify(text.slice(0, 100));

function encodeSrv(srv: Srv): Buffer | string {
  const numbers = [srv.priority, srv.weight, srv.port];
  if (numbers.some((n) => !Number.isInteger(n) || n < 0 || n > 65_535))
    return `${numbers.join(' ')} are not SRV numbers (0 to 65535)`;
  const target = nameToWire(srv.target);
  if (target === undefined) return `${show(srv.target)} is not a canonical domain name`;
  const fixed = Buffer.alloc(6);
  for (const [index, n] of numbers.entries()) fixed.writeUInt16BE(n, index * 2);
  return Buffer.concat([fixed, target]);
}

function encodeTxt(strings: readonly string[]): Buffer | string {
  if (strings.length === 0) return 'a TXT RR has at least one character-string';
  for (const text of strings) {
    if (/[^\0-\xff]/.test(text)) return `${show(text)} has a character that is not a byte`;
    if (text.length > maxStringBytes)
      return `a character-string is longer than ${maxStringBytes} bytes: ${show(text)}`;
  }
  const length = strings.reduce((sum, text) => sum + 1 + text.length, 0);
  if (length > 65_535) return 'a TXT RR is longer than 65535 bytes';
  const rdata = Buffer.allocUnsafe(length);
  let at = 0;
  for (const text of strings) at += 1 + rdata.write(text, rdata.writeUInt8(text.length, at), 'latin1');
  return rdata;
}

/**
 * The answer section's RRset for the question. Only RRs of that name, type and class count: behind a CNAME
 * the answer continues with RRs of other names. `malformed`: RDATA that is not of its type.
 */
export function answeredRrset(message: ReceivedMessage, question: Question): Rrset | 'absent' | 'malformed' {
  const rrs = message.answers.filter(
    (rr) => rr.owner === question.name && rr.type === TYPE[question.type] && rr.class === CLASS.IN,
  );
  if (rrs.length === 0) return 'absent';
  const ttlSeconds = Math.min(...rrs.map((rr) => rr.ttlSeconds));
  const rdata = rrs.map((rr) => decodeRdata(question.type, message.bytes, rr));
  if (rdata.includes(undefined)) return 'malformed';
  // decodeRdata returns the RDATA of that type, but the compiler cannot follow that through the array.
  return { name: question.name, type: question.type, ttlSeconds, rdata } as Rrset;
}

type AnyRdata = string | Srv | readonly string[];

function decodeRdata(type: RrType, bytes: Buffer, rr: ReceivedRr): AnyRdata | undefined {
  const length = rr.end - rr.rdataStart;
  switch (type) {
    case 'A':
      return length === 4 ? ipv4Text(bytes.subarray(rr.rdataStart, rr.end)) : undefined;
    case 'AAAA':
      return length === 16 ? ipv6Text(bytes.subarray(rr.rdataStart, rr.end)) : undefined;
    case 'CNAME':
      return nameRdata(bytes, rr, rr.rdataStart);
    case 'SRV': {
      const target = length > 6 ? nameRdata(bytes, rr, rr.rdataStart + 6) : undefined;
      if (target === undefined) return undefined;
      const [priority, weight, port] = [0, 2, 4].map((at) => bytes.readUInt16BE(rr.rdataStart + at)) as [
        number,
        number,
        number,
      ];
      return { priority, weight, port, target };
    }
    case 'TXT':
      return decodeTxt(bytes, rr);
  }
}

/** The name that fills the RDATA from `at` to its end. */
export function nameRdata(bytes: Buffer, rr: ReceivedRr, at: number): Fqdn | undefined {
  const read = readName(bytes, at);
  return read?.end === rr.end ? read.name : undefined;
}

function decodeTxt(bytes: Buffer, rr: ReceivedRr): readonly string[] | undefined {
  if (rr.end === rr.rdataStart) return undefined;
  try {
    return codecs.txt.decode(bytes, rr.rdataStart - 2).map((string) => string.toString('latin1'));
  } catch {
    // decode throws only for a character-string that goes beyond RDLENGTH.
    return undefined;
  }
}

/** The addresses of the A and AAAA RRs of that owner in a section, canonical. */
export function addressesOf(bytes: Buffer, rrs: readonly ReceivedRr[], owner: Fqdn): readonly string[] {
  return rrs.flatMap((rr) => {
    if (rr.owner !== owner || rr.class !== CLASS.IN || (rr.type !== TYPE.A && rr.type !== TYPE.AAAA))
      return [];
    const decoded = decodeRdata(rr.type === TYPE.A ? 'A' : 'AAAA', bytes, rr);
    return typeof decoded === 'string' ? [decoded] : [];
  });
}
