/** Transaction signatures (RFC 8945): signs a request, and verifies the answer's bytes as received. Pure. */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Fqdn } from '../../core/model/units.ts';
import { CLASS, TSIG_ERROR, TYPE } from './codes.ts';
import { readName } from './name.ts';
import { encodeRr, type ReceivedMessage, wireName } from './wire.ts';

/** RFC 8945 6. Old zones still use hmac-md5; opening such a key gives a warning. */
const algorithms = {
  'hmac-md5': { digest: 'md5', macBytes: 16, wireName: 'hmac-md5.sig-alg.reg.int.' },
  'hmac-sha1': { digest: 'sha1', macBytes: 20, wireName: 'hmac-sha1.' },
  'hmac-sha224': { digest: 'sha224', macBytes: 28, wireName: 'hmac-sha224.' },
  'hmac-sha256': { digest: 'sha256', macBytes: 32, wireName: 'hmac-sha256.' },
  'hmac-sha384': { digest: 'sha384', macBytes: 48, wireName: 'hmac-sha384.' },
  'hmac-sha512': { digest: 'sha512', macBytes: 64, wireName: 'hmac-sha512.' },
} as const;

export type TsigAlgorithm = keyof typeof algorithms;

export const tsigAlgorithms = Object.keys(algorithms) as readonly TsigAlgorithm[];

/** A shared key. No log, error or JSON can show a KeyObject. */
export interface TsigKey {
  readonly name: Fqdn;
  readonly algorithm: TsigAlgorithm;
  readonly secret: KeyObject;
  /** The length of a request's MAC, and the least of an answer's (RFC 8945 5.2.2.1). */
  readonly macBytes: number;
}

/** The bytes of a MAC that is not truncated. */
export const wholeMac = (algorithm: TsigAlgorithm): number => algorithms[algorithm].macBytes;

/** The shortest MAC in bytes: half of the whole MAC, at least 10 (RFC 8945 5.2.2.1). */
export const shortestMac = (algorithm: TsigAlgorithm): number => Math.max(10, wholeMac(algorithm) / 2);

/** `secret` must not be empty. */
export const tsigKey = (
  name: Fqdn,
  algorithm: TsigAlgorithm,
  secret: Buffer,
  macBytes = wholeMac(algorithm),
): TsigKey => ({
  name,
  algorithm,
  secret: createSecretKey(secret),
  macBytes,
});

/** The algorithm as a key file writes it, in any case, also by its name on the wire; undefined: unknown. */
export function tsigAlgorithm(text: string): TsigAlgorithm | undefined {
  const lower = text.toLowerCase().replace(/\.$/, '');
  return tsigAlgorithms.find(
    (algorithm) => algorithm === lower || algorithms[algorithm].wireName === `${lower}.`,
  );
}

export interface SignedRequest {
  readonly bytes: Buffer;
  /** The answer's MAC covers this MAC (RFC 8945 5.3.1). */
  readonly mac: Buffer;
  readonly timeSeconds: number;
}

/** Appends a TSIG RR to a message without one (RFC 8945 5.1, 4.3). `timeSeconds`: since 1970, UTC. */
export function signRequest(
  message: Buffer,
  key: TsigKey,
  timeSeconds: number,
  fudgeSeconds: number,
): SignedRequest {
  const variables: TsigVariables = {
    timeSeconds,
    fudgeSeconds,
    error: TSIG_ERROR.NONE,
    other: Buffer.alloc(0),
  };
  const mac = computeMac(key, [message], variables).subarray(0, key.macBytes);
  const { algorithm } = wireOf(key);
  const rdata = Buffer.alloc(algorithm.length + 16 + mac.length);
  let at = writeTime(rdata, algorithm.copy(rdata), timeSeconds, fudgeSeconds);
  at = rdata.writeUInt16BE(mac.length, at);
  at += mac.copy(rdata, at);
  // The original id. The error and the length of other data are 0.
  message.copy(rdata, at, 0, 2);
  const rr = encodeRr({ owner: key.name, type: TYPE.TSIG, class: CLASS.ANY, ttlSeconds: 0, rdata });
  const bytes = Buffer.concat([message, rr]);
  bytes.writeUInt16BE(bytes.readUInt16BE(10) + 1, 10);
  return { bytes, mac, timeSeconds };
}

/** What the TSIG RR proves. `verified`: somebody with the key answered this very request. */
export type TsigVerdict =
  | {
      readonly kind: 'verified';
      /** Error field: not 0 for BADTIME and BADTRUNC, which are signed (RFC 8945 5.3.2). */
      readonly error: number;
      /** Seconds since 1970, when signed. For BADTIME, from other data (RFC 8945 5.2.3). */
      readonly serverTimeSeconds?: number;
    }
  /** No TSIG RR, or a TSIG RR without MAC, as of BADKEY and BADSIG. A forger can write the same. */
  | { readonly kind: 'unsigned'; readonly claimedError: number }
  | {
      readonly kind: 'not-verified';
      readonly fault:
        | 'misplaced-tsig'
        | 'malformed-tsig'
        | 'other-key'
        | 'truncated-mac'
        | 'wrong-mac'
        | 'wrong-time';
    };

/** Verifies an answer to a signed request (RFC 8945 5.3, 5.4). Never throws. */
export function verifyAnswer(
  message: ReceivedMessage,
  key: TsigKey,
  requestMac: Buffer,
  nowSeconds: number,
): TsigVerdict {
  const answer = message.bytes;
  const last = message.additionals.at(-1);
  const { answers, authorities, additionals } = message;
  // A second TSIG RR, another place (RFC 8945 5.1), class or TTL (4.2) is a format error.
  if (
    [answers, authorities, additionals].some((rrs) => rrs.some((rr) => rr.type === TYPE.TSIG && rr !== last))
  )
    return { kind: 'not-verified', fault: 'misplaced-tsig' };
  if (last?.type !== TYPE.TSIG) return { kind: 'unsigned', claimedError: TSIG_ERROR.NONE };
  const tsig = parseTsigRdata(answer, last.rdataStart, last.end);
  if (tsig === undefined || last.class !== CLASS.ANY || answer.readUInt32BE(last.rdataStart - 6) !== 0)
    return { kind: 'not-verified', fault: 'malformed-tsig' };
  if (tsig.mac.length === 0) return { kind: 'unsigned', claimedError: tsig.error };
  if (last.owner !== key.name || tsig.algorithm !== algorithms[key.algorithm].wireName)
    return { kind: 'not-verified', fault: 'other-key' };

  // The message as signed: without the TSIG RR and its count, under the original id (RFC 8945 4.3.2).
  const signed = Buffer.from(answer.subarray(0, last.start));
  signed.writeUInt16BE(tsig.originalId, 0);
  signed.writeUInt16BE(signed.readUInt16BE(10) - 1, 10);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(requestMac.length);
  const mac = computeMac(key, [length, requestMac, signed], tsig);
  // A longer MAC than the key's is good (RFC 8945 5.2.2.1).
  if (tsig.mac.length < key.macBytes || tsig.mac.length > mac.length)
    return { kind: 'not-verified', fault: 'truncated-mac' };
  if (!timingSafeEqual(tsig.mac, mac.subarray(0, tsig.mac.length)))
    return { kind: 'not-verified', fault: 'wrong-mac' };
  if (tsig.error === TSIG_ERROR.BADTIME) {
    const time = tsig.other.length === 6 ? { serverTimeSeconds: tsig.other.readUIntBE(0, 6) } : {};
    return { kind: 'verified', error: tsig.error, ...time };
  }
  if (Math.abs(nowSeconds - tsig.timeSeconds) > tsig.fudgeSeconds)
    return { kind: 'not-verified', fault: 'wrong-time' };
  return { kind: 'verified', error: tsig.error, serverTimeSeconds: tsig.timeSeconds };
}

/** The RR fields that the MAC covers, apart from the message (RFC 8945 4.3.3). */
interface TsigVariables {
  readonly timeSeconds: number;
  readonly fudgeSeconds: number;
  readonly error: number;
  readonly other: Buffer;
}

function computeMac(key: TsigKey, message: readonly Buffer[], variables: TsigVariables): Buffer {
  const { timeSeconds, fudgeSeconds, error, other } = variables;
  const tail = Buffer.allocUnsafe(12 + other.length);
  tail.writeUInt16BE(error, writeTime(tail, 0, timeSeconds, fudgeSeconds));
  tail.writeUInt16BE(other.length, 10);
  other.copy(tail, 12);
  const hmac = createHmac(algorithms[key.algorithm].digest, key.secret);
  for (const part of [...message, wireOf(key).head, tail]) hmac.update(part);
  return hmac.digest();
}

/** What is the same in every message of a key. */
interface KeyWire {
  readonly algorithm: Buffer;
  /** The first variables that a MAC covers: the key's name, its class and TTL, the algorithm's name. */
  readonly head: Buffer;
}

const wireOfKeys = new WeakMap<TsigKey, KeyWire>();

function wireOf(key: TsigKey): KeyWire {
  const known = wireOfKeys.get(key);
  if (known !== undefined) return known;
  const algorithm = wireName(algorithms[key.algorithm].wireName as Fqdn);
  const classAndTtl = Buffer.from([0, CLASS.ANY, 0, 0, 0, 0]);
  const made = { algorithm, head: Buffer.concat([wireName(key.name), classAndTtl, algorithm]) };
  wireOfKeys.set(key, made);
  return made;
}

/** Time signed (48 bits) and fudge. Returns the offset behind them. */
function writeTime(target: Buffer, at: number, timeSeconds: number, fudgeSeconds: number): number {
  return target.writeUInt16BE(fudgeSeconds, target.writeUIntBE(timeSeconds, at, 6));
}

interface ParsedTsig extends TsigVariables {
  readonly algorithm: string;
  readonly mac: Buffer;
  readonly originalId: number;
}

function parseTsigRdata(bytes: Buffer, start: number, end: number): ParsedTsig | undefined {
  const algorithm = readName(bytes, start);
  if (algorithm === undefined || algorithm.end + 10 > end) return undefined;
  const at = algorithm.end;
  const macEnd = at + 10 + bytes.readUInt16BE(at + 8);
  if (macEnd + 6 > end || macEnd + 6 + bytes.readUInt16BE(macEnd + 4) !== end) return undefined;
  return {
    algorithm: algorithm.name,
    timeSeconds: bytes.readUIntBE(at, 6),
    fudgeSeconds: bytes.readUInt16BE(at + 6),
    mac: bytes.subarray(at + 10, macEnd),
    originalId: bytes.readUInt16BE(macEnd),
    error: bytes.readUInt16BE(macEnd + 2),
    other: bytes.subarray(macEnd + 6, end),
  };
}
