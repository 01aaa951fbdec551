/** Cuts a server's byte stream into packets: three bytes of length, one of sequence, then the payload. */

const headerBytes = 4;
/** What is kept for the next packet. */
const smallBuffer = 4096;

/** Throws what `check` throws. */
interface FrameReader {
  /** Told as soon as a packet's length is known, before its payload has come. */
  readonly check: (payloadBytes: number) => void;
  /** A whole packet, with its header. It is valid during the call only. Says whether to go on. */
  readonly frame: (packet: Buffer) => boolean;
}

/** Holds the beginning of a packet whose rest has not come: at most twice the bytes that came, whatever length it claims and in however many pieces. */
export class Frames {
  readonly #reader: FrameReader;
  #held = Buffer.allocUnsafe(smallBuffer);
  #length = 0;

  constructor(reader: FrameReader) {
    this.#reader = reader;
  }

  /** What has come of a packet that is not complete. */
  get partial(): Buffer {
    return this.#held.subarray(0, this.#length);
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
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

  /** A packet that lies in the chunk from its beginning to its end needs no copy. */
  #wholeAt(chunk: Buffer): Buffer | undefined {
    if (chunk.length < headerBytes) return undefined;
    const payloadBytes = chunk.readUIntLE(0, 3);
    this.#reader.check(payloadBytes);
    return chunk.length < headerBytes + payloadBytes
      ? undefined
      : chunk.subarray(0, headerBytes + payloadBytes);
  }

  /** Copies what the packet still lacks, or its header; returns how much that was. */
  #hold(chunk: Buffer): number {
    const wanted = this.#length < headerBytes ? headerBytes : headerBytes + this.#held.readUIntLE(0, 3);
    const count = Math.min(wanted - this.#length, chunk.length);
    if (this.#length + count > this.#held.length) {
      const larger = Buffer.allocUnsafe(Math.min(wanted, 2 * (this.#length + count)));
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
    this.#held = Buffer.allocUnsafe(smallBuffer);
    this.#length = 0;
    return packet;
  }
}
