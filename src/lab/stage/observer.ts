/** Polls one nameserver for the name and notes every change. It trusts nothing that source-dns says. */

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { decode, encode } from 'dns-packet';
import { LabError } from '../host/lab-error.ts';

/** What one nameserver answers, and since when (performance.now). */
export interface Answer {
  readonly at: number;
  /** Addresses, sorted and joined by a space; empty: the name does not exist. */
  readonly addresses: string;
}

/** The resolution of every time that the lab reports. */
const askEveryMs = 2;
const timeoutMs = 500;
/** RFC 1035 section 4.1.1: a message begins with its number. */
const idBytes = 2;
/** RFC 1035 section 4.1.1: the bit AA, and the codes for a name that exists or does not. */
const flagAa = 1 << 10;
const rcodeBits = 0xf;
const noerror = 0;
const nxdomain = 3;

export class Observer {
  /** Every answer that differs from the previous one. */
  readonly changes: Answer[] = [];
  readonly #name: string;
  readonly #port: number;
  readonly #address: string;
  #socket: Socket | undefined;
  /** Gets the next message, or undefined: there will be none. */
  #hear: (message: Buffer | undefined) => void = () => undefined;
  /** The last answer, and what it says: nearly every answer is like the last one. */
  #last: { readonly text: string; readonly addresses: string | undefined } | undefined;
  #loop: Promise<void> | undefined;
  #waiters: { readonly addresses: string; readonly resolve: (at: number) => void }[] = [];

  constructor(nameserver: { readonly address: string; readonly port: number }, name: string) {
    this.#address = nameserver.address;
    this.#port = nameserver.port;
    this.#name = name;
  }

  async start(): Promise<void> {
    this.#socket = createSocket('udp4');
    this.#socket.connect(this.#port, this.#address);
    await once(this.#socket, 'connect');
    this.#socket.on('message', (message) => this.#hear(message));
    // No nameserver listens there.
    this.#socket.on('error', () => this.#hear(undefined));
    this.#loop = this.#ask(this.#socket);
  }

  /** Ends after the current question. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await this.#loop;
    socket?.close();
  }

  /** The current answer. */
  get current(): string {
    return this.changes.at(-1)?.addresses ?? '';
  }

  /** Resolves with the moment since which it answers exactly these addresses. Rejects after `deadlineMs`. */
  async answers(addresses: string, deadlineMs: number): Promise<number> {
    const latest = this.changes.at(-1);
    if (latest?.addresses === addresses) return latest.at;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<number>((resolve, reject) => {
        this.#waiters.push({ addresses, resolve });
        const late = () =>
          reject(
            new LabError(
              `${this.#address}:${this.#port} answers "${this.current}", not "${addresses}", after ${deadlineMs} ms`,
              {
                hint: 'run the lab with --keep, and read source-dns.log and the logs of the nameservers in its folder',
              },
            ),
          );
        timer = setTimeout(late, deadlineMs);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask(socket: Socket): Promise<void> {
    const question = encode({ type: 'query', id: 0, flags: 0, questions: [{ type: 'A', name: this.#name }] });
    for (let id = 1; this.#socket !== undefined; id = (id % 65_535) + 1) {
      question.writeUInt16BE(id, 0);
      const answer = await this.#answerTo(question, socket);
      const addresses = answer && this.#addressesIn(answer);
      if (addresses !== undefined && (this.changes.length === 0 || addresses !== this.current))
        this.#note(addresses);
      await delay(askEveryMs);
    }
  }

  #note(addresses: string): void {
    const at = performance.now();
    this.changes.push({ at, addresses });
    const [met, waiting] = [
      this.#waiters.filter((waiter) => waiter.addresses === addresses),
      this.#waiters.filter((waiter) => waiter.addresses !== addresses),
    ];
    this.#waiters = waiting;
    for (const waiter of met) waiter.resolve(at);
  }

  /** Undefined: none came in time. */
  #answerTo(question: Buffer, socket: Socket): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#hear(undefined), timeoutMs);
      this.#hear = (message) => {
        // An answer to an earlier question came late.
        if (message !== undefined && !isSameId(message, question)) return;
        clearTimeout(timer);
        this.#hear = () => undefined;
        resolve(message);
      };
      socket.send(question);
    });
  }

  #addressesIn(answer: Buffer): string | undefined {
    const text = answer.toString('latin1', idBytes);
    if (this.#last?.text !== text) this.#last = { text, addresses: addressesIn(answer) };
    return this.#last.addresses;
  }
}

const isSameId = (message: Buffer, question: Buffer): boolean =>
  message.length > idBytes && message.readUInt16BE(0) === question.readUInt16BE(0);

/** Sorted and joined by a space; undefined: the answer says nothing about the name. */
function addressesIn(answer: Buffer): string | undefined {
  try {
    const packet = decode(answer);
    // A nameserver that is starting answers SERVFAIL or REFUSED.
    const flags = packet.flags ?? 0;
    if ((flags & flagAa) === 0 || ![noerror, nxdomain].includes(flags & rcodeBits)) return undefined;
    return (packet.answers ?? [])
      .flatMap((record) => (record.type === 'A' ? [record.data] : []))
      .sort()
      .join(' ');
  } catch {
    return undefined;
  }
}
