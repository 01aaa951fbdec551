/** Reads the payload of one packet; a read beyond its end is a fault. */

import { broken } from '../answer/answer-fault.ts';

/** Every method throws an AnswerFault where the payload is too short. `what` names the packet. */
export class Payload {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at: number;

  constructor(bytes: Buffer, what: string, at = 0) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = at;
  }

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  bytes(count: number): Buffer {
    this.skip(count);
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  skip(count: number): void {
    if (count > this.#bytes.length - this.#at) throw broken(`${this.#what} that was cut off`);
    this.#at += count;
  }

  integer(bytes: 1 | 2 | 3): number {
    this.skip(bytes);
    return bytes === 1 ? (this.#bytes[this.#at - 1] ?? 0) : this.#bytes.readUIntLE(this.#at - bytes, bytes);
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  /** Up to a zero byte, and skips this byte. */
  upToZero(maxBytes: number): Buffer {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0 || end - this.#at > maxBytes) throw broken(`${this.#what} with a text that does not end`);
    const text = this.bytes(end - this.#at);
    this.#at += 1;
    return text;
  }

  /** Protocol documentation, "Integer Types"; undefined for NULL. No length that we read is above 2^53. */
  encodedInteger(): number | undefined {
    const first = this.integer(1);
    if (first < 0xfb) return first;
    if (first === 0xfb) return undefined;
    if (first === 0xfc) return this.integer(2);
    if (first === 0xfd) return this.integer(3);
    if (first === 0xfe) return Number(this.bytes(8).readBigUInt64LE(0));
    throw broken(`${this.#what} with an invalid number`);
  }

  /** A text after its length; undefined for NULL. */
  encodedText(): Buffer | undefined {
    const length = this.encodedInteger();
    return length === undefined ? undefined : this.bytes(length);
  }

  skipText(): void {
    this.skip(this.encodedInteger() ?? 0);
  }

  end(): void {
    if (this.left > 0) throw broken(`${this.#what} with ${this.left} bytes too many`);
  }
}
