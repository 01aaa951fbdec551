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
    this.#socket.on('error', () => undefined);
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
    for (let id = 1; this.#socket !== undefined; id = (id % 65_535) + 1) {
      const addresses = await this.#question(socket, id);
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

  async #question(socket: Socket, id: number): Promise<string | undefined> {
    try {
      const answered = once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) });
      socket.send(encode({ type: 'query', id, flags: 0, questions: [{ type: 'A', name: this.#name }] }));
      const packet = decode(((await answered) as [Buffer])[0]);
      // A nameserver that is starting answers SERVFAIL or REFUSED: this says nothing about the name.
      const flags = packet.flags ?? 0;
      if (packet.id !== id || (flags & flagAa) === 0 || ![noerror, nxdomain].includes(flags & rcodeBits))
        return undefined;
      return (packet.answers ?? [])
        .flatMap((answer) => (answer.type === 'A' ? [answer.data] : []))
        .sort()
        .join(' ');
    } catch {
      return undefined;
    }
  }
}
