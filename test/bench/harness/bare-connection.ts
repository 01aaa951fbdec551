/** The floor of an update: bytes that were built and signed before, written on a TCP connection. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class BareConnection {
  readonly #socket: Socket;
  /** By message id. */
  readonly #waiting = new Map<number, (answer: Buffer) => void>();
  #buffered: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
  }

  static async open(port: number, address: string): Promise<BareConnection> {
    const socket = connect({ port, host: address, noDelay: true });
    await once(socket, 'connect');
    return new BareConnection(socket);
  }

  /** `frame`: a message behind its length. Rejects unless the answer is NOERROR; checks no signature. */
  async exchange(frame: Buffer): Promise<void> {
    const answer = await new Promise<Buffer>((resolve) => {
      this.#waiting.set(frame.readUInt16BE(2), resolve);
      this.#socket.write(frame);
    });
    const rcode = answer.readUInt8(3) & 0xf;
    if (rcode !== 0) throw new Error(`the nameserver answered RCODE ${rcode}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #received(chunk: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    while (this.#buffered.length >= 2) {
      const end = 2 + this.#buffered.readUInt16BE(0);
      if (this.#buffered.length < end) return;
      const answer = this.#buffered.subarray(2, end);
      this.#buffered = this.#buffered.subarray(end);
      const id = answer.readUInt16BE(0);
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    }
  }
}

/** The message as it is written on TCP (RFC 1035 4.2.2). */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
