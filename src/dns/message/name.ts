/**
 * Domain names as text and as bytes (RFC 1035 3.1).
 *
 * An Fqdn is canonical: lower case (RFC 4343), final dot, and every byte outside `a-z 0-9 - _ * /` written as
 * `\DDD` (RFC 1035 5.1). So each name has one text, and no name can bring a space, a quote or a line end into
 * a text.
 */
import type { Fqdn } from '../../core/model/units.ts';

/** RFC 1035 2.3.4. */
const maxLabelBytes = 63;
/** The wire form, with length bytes and the root (RFC 1035 2.3.4). */
const maxNameBytes = 255;

/**
 * A name of any bytes, as a zone file and named.conf write it (RFC 1035 5.1): with `\DDD` and `\X`; the final
 * dot is optional. Undefined for other text. For key names, which are not published: named accepts them so.
 */
export function parseAnyName(text: string): Fqdn | undefined {
  // `@` is the origin, which is the root outside a zone file.
  if (text === '.' || text === '@') return '.' as Fqdn;
  const labels: number[][] = [[]];
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  for (const [part, number, char] of bytes.matchAll(/\\(\d{3})|\\([^0-9])|[^\\]|\\/gs)) {
    if (part === '\\' || Number(number) > 255) return undefined;
    if (part === '.') labels.push([]);
    else labels.at(-1)?.push(number === undefined ? (char ?? part).charCodeAt(0) : Number(number));
  }
  if (labels.length > 1 && labels.at(-1)?.length === 0) labels.pop();
  if (labels.some((label) => label.length === 0 || label.length > maxLabelBytes)) return undefined;
  const wireBytes = labels.reduce((sum, label) => sum + label.length + 1, 1);
  return wireBytes > maxNameBytes ? undefined : joined(labels.map((label) => labelText(Buffer.from(label))));
}

/** A name for a sentence. Anybody can write a name of a thousand characters. */
export const shortName = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}...` : name);

/** The name is the zone's apex or below the zone. */
export const isWithin = (name: Fqdn, zone: Fqdn): boolean =>
  zone === '.' || name === zone || name.endsWith(`.${zone}`);

/** The name without its first label; the root's parent is the root. */
export function parentOf(name: Fqdn): Fqdn {
  const rest = name.slice(name.indexOf('.') + 1);
  return (rest === '' ? '.' : rest) as Fqdn;
}

const dot = 0x2e;
const backslash = 0x5c;
/** The bytes that stand for themselves in a canonical name. */
const plainBytes: readonly boolean[] = Array.from({ length: 256 }, (_, byte) =>
  /[a-z0-9_*/-]/.test(String.fromCharCode(byte)),
);

/**
 * Writes the wire form, uncompressed, at an offset. Returns the offset behind it; undefined if the text is
 * not a canonical Fqdn, whatever its type says. It needs at most one byte more than the text has characters.
 */
export function writeName(target: Buffer, start: number, name: Fqdn): number | undefined {
  if (name === '.') return target.writeUInt8(0, start);
  if (!name.endsWith('.')) return undefined;
  // The length byte of the label that is being written; behind the last label it is the root's.
  let lengthAt = start;
  let at = start + 1;
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (plainBytes[code]) target[at++] = code;
    else if (code === backslash) {
      const byte = escapedByte(name, index);
      if (byte === undefined) return undefined;
      target[at++] = byte;
      index += 3;
    } else {
      const length = at - lengthAt - 1;
      if (code !== dot || length === 0 || length > maxLabelBytes) return undefined;
      target[lengthAt] = length;
      lengthAt = at++;
    }
  }
  target[lengthAt] = 0;
  return at - start > maxNameBytes ? undefined : at;
}

/** The byte of `\DDD`. */
function escapedByte(text: string, index: number): number | undefined {
  const digits = text.slice(index + 1, index + 4);
  return /^\d{3}$/.test(digits) && Number(digits) <= 255 ? Number(digits) : undefined;
}

/** The wire form, uncompressed. Undefined if the text is not a canonical Fqdn, whatever its type says. */
export function nameToWire(name: Fqdn): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(name.length + 1);
  const end = writeName(bytes, 0, name);
  return end === undefined ? undefined : bytes.subarray(0, end);
}

/** The canonical text of each byte. */
const byteTexts: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (/[A-Z]/.test(char)) return char.toLowerCase();
  return /[a-z0-9_*/-]/.test(char) ? char : `\\${String(byte).padStart(3, '0')}`;
});

/** The canonical text of one label's bytes. */
function labelText(label: Buffer): string {
  let text = '';
  for (const byte of label) text += byteTexts[byte];
  return text;
}

/** `end`: the offset behind the name. */
export interface NameAt {
  readonly name: Fqdn;
  readonly end: number;
}

/** More pointers than a name of 255 bytes can have labels. */
const maxPointers = 127;

/**
 * Reads a name that may be compressed (RFC 1035 4.1.4). Undefined if it is malformed: beyond the message,
 * longer than 255 bytes, a label type of RFC 6891 5, or a pointer that does not go strictly backwards. So the
 * loop ends after at most 127 labels and 127 pointers.
 */
export function readName(message: Buffer, start: number): NameAt | undefined {
  const labels: string[] = [];
  let end: number | undefined;
  let bytesLeft = maxNameBytes - 1;
  let at = start;
  for (let pointers = 0; pointers <= maxPointers; ) {
    const length = message[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name: joined(labels), end: end ?? at + 1 };
    if (length >= 0xc0) {
      const target = pointerTarget(message, at);
      if (target === undefined) return undefined;
      end ??= at + 2;
      at = target;
      pointers++;
    } else {
      bytesLeft -= length + 1;
      const label = message.subarray(at + 1, at + 1 + length);
      if (length > maxLabelBytes || bytesLeft < 0 || label.length < length) return undefined;
      labels.push(labelText(label));
      at += length + 1;
    }
  }
  return undefined;
}

const joined = (labels: readonly string[]): Fqdn =>
  (labels.length === 0 ? '.' : `${labels.join('.')}.`) as Fqdn;

function pointerTarget(message: Buffer, at: number): number | undefined {
  if (at + 2 > message.length) return undefined;
  const target = message.readUInt16BE(at) & 0x3fff;
  return target < at ? target : undefined;
}
