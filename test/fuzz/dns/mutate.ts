/** Changes to messages and texts that find bugs in a decoder. */

export type Random = (below: number) => number;

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)]!;
const algorithmNumbers = [0, 1, 2, 0x0c, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff];
const words = [0, 1, 0x0fff, 0x3fff, 0x4000, 0x7fff, 0x8000, 0xc000, 0xc00c, 0xffff];

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const changes: readonly Change[] = [
  (bytes, random) => setByte(bytes, random(bytes.length), random(256)),
  (bytes, random) => setByte(bytes, random(bytes.length), pick(random, algorithmNumbers)),
  (bytes, random) => {
    const at = random(bytes.length);
    return setByte(bytes, at, bytes[at]! ^ (1 << random(8)));
  },
  (bytes, random) => setWord(bytes, random(bytes.length), pick(random, words)),
  // A compression pointer to an earlier place.
  (bytes, random) => {
    const at = random(bytes.length);
    return setWord(bytes, at, 0xc000 | random(at + 1));
  },
  // The counts of the header.
  (bytes, random) => setWord(bytes, 4 + 2 * random(4), random(2) === 0 ? random(6) : pick(random, words)),
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) => {
    const at = random(bytes.length + 1);
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.alloc(1 + random(32), random(256)),
      bytes.subarray(at),
    ]);
  },
  (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(16))]);
  },
  // A part of the message, repeated many times: long messages.
  (bytes, random) => {
    const at = random(bytes.length);
    const part = bytes.subarray(at, at + 1 + random(64));
    return Buffer.concat([
      bytes.subarray(0, at),
      ...Array.from({ length: 1 + random(300) }, () => part),
      bytes.subarray(at),
    ]);
  },
  // Another message's end.
  (bytes, random, others) => {
    const other = pick(random, others);
    return Buffer.concat([bytes.subarray(0, random(bytes.length + 1)), other.subarray(random(other.length))]);
  },
];

function setByte(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = value;
  return copy;
}

function setWord(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at + 2 <= copy.length) copy.writeUInt16BE(value, at);
  return copy;
}

/** One to six changes. Most results are not a message any more. */
export function mutate(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let changed = bytes;
  for (let count = random(2) === 0 ? 1 : 1 + random(6); count > 0 && changed.length > 0; count--)
    changed = pick(random, changes)(changed, random, others);
  return changed;
}

/** The same for texts: each character is a byte of Latin-1, sometimes a character beyond. */
export function mutateText(text: string, random: Random, others: readonly string[]): string {
  const bytes = mutate(
    Buffer.from(text, 'latin1'),
    random,
    others.map((other) => Buffer.from(other, 'latin1')),
  ).toString('latin1');
  return random(8) === 0
    ? bytes.replace(
        /./,
        pick(random, ['\u212a', '\u0130', '\ud800', '\u3002', '\u{1f512}', '\ufeff', '\u2028']),
      )
    : bytes;
}
