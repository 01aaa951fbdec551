/** Reads the general log of a server: every statement that reached it, and the account that sent it. */

import { open } from 'node:fs/promises';

/** A line of the general log. Times are performance.now(). */
export interface LoggedCommand {
  readonly at: number;
  readonly user: string;
  /** `Connect`, `Query`, `Quit`... */
  readonly command: string;
  readonly text: string;
}

/** So much is read at once. */
const chunkBytes = 1024 * 1024;

/** Reads on where it ended. The log outlives restarts of the server. */
export class GeneralLog {
  readonly #file: string;
  #offset = 0;
  #rest = '';
  readonly #parser = new GeneralLogParser();

  constructor(file: string) {
    this.#file = file;
  }

  /** The commands of this user that were logged since the last call. */
  async read(user: string): Promise<readonly LoggedCommand[]> {
    const file = await open(this.#file);
    const found: LoggedCommand[] = [];
    try {
      const buffer = Buffer.alloc(chunkBytes);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, chunkBytes, this.#offset);
        if (bytesRead === 0) return found;
        this.#offset += bytesRead;
        const lines = (this.#rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
        this.#rest = lines.pop() ?? '';
        for (const line of lines) {
          const command = this.#parser.take(line);
          if (command?.user === user) found.push(command);
        }
      }
    } finally {
      await file.close();
    }
  }
}

/** Only `Connect` names the account: later lines have the number of the connection. */
export class GeneralLogParser {
  /** The user of each connection. */
  readonly #users = new Map<string, string>();

  take(line: string): LoggedCommand | undefined {
    // The server begins anew, and so do its numbers.
    if (line.endsWith('started with:')) this.#users.clear();
    const [, time = '', id = '', command = '', text = ''] =
      /^(\d{4}-\d\d-\d\dT\S+Z)\t\s*(\d+) (\w[\w ]*)\t(.*)$/.exec(line) ?? [];
    const [, connected] = command === 'Connect' ? (/^(\S*?)@\S* on /.exec(text) ?? []) : [];
    if (connected !== undefined) this.#users.set(id, connected);
    const user = this.#users.get(id);
    if (command === 'Quit') this.#users.delete(id);
    return user === undefined
      ? undefined
      : { at: Date.parse(time) - performance.timeOrigin, user, command, text };
  }
}
