/** Cuts a server's byte stream into packets: three bytes of length, one byte of sequence, the payload. */

const headerBytes = 4;
/** A quiet connection holds nothing. */
const nothing = Buffer.alloc(0);

interface FrameReader {
  /** At the beginning of a packet: how many of these bytes, whole packets, need no reading. */
  readonly skip: (bytes: Buffer) => number;
  /** Called as soon as the length of a packet is known, before its payload comes. */
  readonly check: (payloadBytes: number) => void;
  /** A whole packet with its header, valid during the call only. Returns whether to go on. */
  readonly frame: (packet: Buffer) => boolean;
}

/** TestPrerequisite an incomplete packet in at most twice the received bytes. Throws what `check` throws. */
export class Frames {
  readonly #reader: FrameReader;
  #held = nothing;
  #length = 0;

  constructor(reader: FrameReader) {
    this.#reader = reader;
  }

  get partial(): Buffer {
    return this.#held.subarray(0, this.#length);
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const known = this.#length === 0 ? this.#reader.skip(rest) : 0;
      if (known > 0) {
        rest = rest.subarray(known);
        continue;
      }
      const whole = this.#length === 0 ? this.#wholeAt(rest) : undefined;
      if (whole !== undefined) {
        rest = rest.subarray(whole.length);
        if (!this.#reader.frame(whole)) return;
        continue;
      }
      rest = rest.subarray(this.#hold(rest));
      const complete = this.#takeComplete();
      if (complete !== undefined && !this.#reader.frame(complete)) return;
    }
  }

  /** A packet that lies whole in the chunk needs no copy. */
  #wholeAt(chunk: Buffer): Buffer | undefined {
    if (chunk.length < headerBytes) return undefined;
    const payloadBytes = chunk.readUIntLE(0, 3);
    this.#reader.check(payloadBytes);
    return chunk.length < headerBytes + payloadBytes
      ? undefined
      : chunk.subarray(0, headerBytes + payloadBytes);
  }

  /** Copies what the packet, or its header, still lacks; returns the number of copied bytes. */
  #hold(chunk: Buffer): number {
    const wanted = this.#length < headerBytes ? headerBytes : headerBytes + this.#held.readUIntLE(0, 3);
    const count = Math.min(wanted - this.#length, chunk.length);
    if (this.#length + count > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.max(headerBytes, Math.min(wanted, 2 * (this.#length + count))));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#length, 0, count);
    const hadHeader = this.#length >= headerBytes;
    this.#length += count;
    if (!hadHeader && this.#length >= headerBytes) this.#reader.check(this.#held.readUIntLE(0, 3));
    return count;
  }

  #takeComplete(): Buffer | undefined {
    if (this.#length < headerBytes || this.#length < headerBytes + this.#held.readUIntLE(0, 3))
      return undefined;
    const packet = this.#held.subarray(0, this.#length);
    this.#held = nothing;
    this.#length = 0;
    return packet;
  }
}
