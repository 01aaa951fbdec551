/**
 * TSIG as a nameserver does it (RFC 8945 5.2, 5.3), without I/O. Written apart from src/dns/message/tsig.ts,
 * so that one does not repeat the mistakes of the other.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Fqdn } from '../../../src/core/model/units.ts';
import { CLASS, TSIG_ERROR, TYPE } from '../../../src/dns/message/codes.ts';
import { nameToWire, readName } from '../../../src/dns/message/name.ts';
import type { ReceivedMessage } from '../../../src/dns/message/wire.ts';

/** A key that the nameserver knows, with the digest as OpenSSL names it. */
export interface ServerKey {
  readonly name: Fqdn;
  readonly digest: 'sha256';
  readonly secret: Buffer;
}

/** The verdict about the TSIG of a request, and how the answer is signed. */
export type RequestTsig =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'malformed' }
  /** `error` 0: verified. BADTIME is answered with a signature, BADKEY and BADSIG are not (5.3.2). */
  | { readonly kind: 'signed'; readonly error: number; readonly sign: (answer: Buffer) => Buffer };

/** Checks a request. `nowSeconds`: since 1970, UTC. */
export function checkRequest(
  message: ReceivedMessage,
  keys: readonly ServerKey[],
  nowSeconds: number,
): RequestTsig {
  const { bytes, additionals } = message;
  const tsig = additionals.at(-1);
  if (tsig?.type !== TYPE.TSIG)
    return additionals.some((rr) => rr.type === TYPE.TSIG) ? { kind: 'malformed' } : { kind: 'unsigned' };
  const algorithm = readName(bytes, tsig.rdataStart);
  if (algorithm === undefined || tsig.class !== CLASS.ANY || algorithm.end + 16 > tsig.end)
    return { kind: 'malformed' };
  const at = algorithm.end;
  const time = bytes.readUIntBE(at, 6);
  const fudge = bytes.readUInt16BE(at + 6);
  const macBytes = bytes.readUInt16BE(at + 8);
  const mac = bytes.subarray(at + 10, at + 10 + macBytes);
  const originalId = bytes.subarray(at + 10 + macBytes, at + 12 + macBytes);
  if (at + 16 + macBytes > tsig.end) return { kind: 'malformed' };
  const key = keys.find(({ name, digest }) => name === tsig.owner && algorithm.name === `hmac-${digest}.`);
  const unsigned = (error: number): RequestTsig => {
    const empty = {
      owner: tsig.owner,
      algorithm: algorithm.name,
      time,
      fudge,
      error,
      other: Buffer.alloc(0),
    };
    return { kind: 'signed', error, sign: (answer) => withTsig(answer, empty, Buffer.alloc(0)) };
  };
  if (key === undefined) return unsigned(TSIG_ERROR.BADKEY);
  const stripped = Buffer.concat([originalId, bytes.subarray(2, tsig.start)]);
  stripped.writeUInt16BE(stripped.readUInt16BE(10) - 1, 10);
  const asSent = {
    owner: tsig.owner,
    algorithm: algorithm.name,
    time,
    fudge,
    error: 0,
    other: Buffer.alloc(0),
  };
  const expected = macOf(key, Buffer.alloc(0), stripped, asSent);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return unsigned(TSIG_ERROR.BADSIG);
  const late = Math.abs(nowSeconds - time) > fudge;
  const other = Buffer.alloc(late ? 6 : 0);
  if (late) other.writeUIntBE(nowSeconds, 0, 6);
  const error = late ? TSIG_ERROR.BADTIME : TSIG_ERROR.NONE;
  // With BADTIME the answer has the time of the request, and the time of the nameserver in the other data
  // (5.2.3).
  const answered = { ...asSent, time: late ? time : nowSeconds, error, other };
  return {
    kind: 'signed',
    error,
    sign: (answer) => withTsig(answer, answered, macOf(key, lengthAnd(mac), answer, answered)),
  };
}

interface Variables {
  readonly owner: Fqdn;
  readonly algorithm: Fqdn;
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Buffer;
}

const u16 = (n: number): Buffer => Buffer.of(n >> 8, n & 0xff);
const lengthAnd = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
const wire = (name: Fqdn): Buffer => nameToWire(name) ?? Buffer.of(0);

function timeAndFudge({ time, fudge }: Variables): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt16BE(fudge, 6);
  return bytes;
}

/** 4.3: the MAC of the request (for an answer), the message without TSIG, the variables. */
function macOf(key: ServerKey, before: Buffer, message: Buffer, variables: Variables): Buffer {
  const { owner, algorithm, error, other } = variables;
  const tail = [
    wire(owner),
    u16(CLASS.ANY),
    u16(0),
    u16(0),
    wire(algorithm),
    timeAndFudge(variables),
    u16(error),
    lengthAnd(other),
  ];
  return createHmac(key.digest, key.secret)
    .update(Buffer.concat([before, message, ...tail]))
    .digest();
}

function withTsig(answer: Buffer, variables: Variables, mac: Buffer): Buffer {
  const { owner, algorithm, error, other } = variables;
  const rdata = [
    wire(algorithm),
    timeAndFudge(variables),
    lengthAnd(mac),
    answer.subarray(0, 2),
    u16(error),
    lengthAnd(other),
  ];
  const rr = [wire(owner), u16(TYPE.TSIG), u16(CLASS.ANY), u16(0), u16(0), lengthAnd(Buffer.concat(rdata))];
  const signed = Buffer.concat([answer, ...rr]);
  signed.writeUInt16BE(signed.readUInt16BE(10) + 1, 10);
  return signed;
}
