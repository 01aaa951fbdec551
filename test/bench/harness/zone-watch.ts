/** Asks a nameserver for the addresses of many names, as a client would: by UDP, some questions at a time. */

import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import packet from 'dns-packet';

/** Questions that wait for their answer at the same time. */
const atOnce = 64;
/** So many names tell whether to ask for more: questions cost the nameserver what updates need. */
const scouts = 4;
const answerMs = 1000;
const lookEveryMs = 20;

type Type = 'A' | 'TXT';

/** The deadline came first. */
export class NamesMissing extends Error {}

export interface ZoneWatch {
  /** The first datum of each name, in text; undefined: no such RRset, or no answer. */
  ask(names: readonly string[], type?: Type): Promise<readonly (string | undefined)[]>;
  /** Resolves when each name has its address. Rejects after the deadline: NamesMissing, with some of them. */
  until(wanted: ReadonlyMap<string, string>, deadlineMs: number): Promise<void>;
  close(): void;
}

export function watchZone(address: string, port: number): ZoneWatch {
  const socket = createSocket('udp4');
  const asker = new Asker(socket, address, port);

  async function ask(names: readonly string[], type: Type = 'A'): Promise<readonly (string | undefined)[]> {
    const found: (string | undefined)[] = [];
    const left = names.entries();
    const work = async (): Promise<void> => {
      for (const [index, name] of left) found[index] = await asker.ask(name, type);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return found;
  }

  return {
    ask,
    async until(wanted, deadlineMs) {
      const end = performance.now() + deadlineMs;
      let missing = [...wanted.keys()];
      let batch = scouts;
      while (missing.length > 0) {
        const some = missing.slice(0, batch);
        const found = await ask(some);
        const late = some.filter((name, index) => found[index] !== wanted.get(name));
        missing = [...late, ...missing.slice(batch)];
        batch = late.length > 0 ? scouts : atOnce;
        if (missing.length > 0 && performance.now() > end)
          throw new NamesMissing(
            `${missing.length} names have not their address, as ${missing.slice(0, 3).join(', ')}`,
          );
        if (late.length > 0) await delay(lookEveryMs);
      }
    },
    close: () => socket.close(),
  };
}

class Asker {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (answer: string | undefined) => void>();
  readonly #address: string;
  readonly #port: number;
  #last = 0;

  constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket;
    this.#address = address;
    this.#port = port;
    socket.on('message', (bytes) => {
      const { id, answers = [] } = packet.decode(bytes);
      const data = (answers[0] as { data?: unknown } | undefined)?.data;
      this.#waiting.get(id ?? 0)?.(data === undefined ? undefined : String(data));
    });
  }

  ask(name: string, type: Type): Promise<string | undefined> {
    this.#last = (this.#last + 1) % 0x1_0000;
    const id = this.#last;
    return new Promise((resolve) => {
      const end = (answer: string | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => end(undefined), answerMs);
      this.#waiting.set(id, end);
      this.#socket.send(
        packet.encode({ type: 'query', id, questions: [{ type, name }] }),
        this.#port,
        this.#address,
      );
    });
  }
}
