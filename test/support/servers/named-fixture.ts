/** One named with the test's own configuration, and the keys `one` and `two`. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { findFreePort, withFreePort } from '../../../src/lab/host/free-ports.ts';
import { type BindPrograms, provideBind } from '../../../src/lab/programs/bind-programs.ts';
import { isListenTaken, Named } from '../../../src/lab/servers/named.ts';
import { formatTsigKey, generateTsigKey, type TsigKey } from '../../../src/lab/servers/tsig-key.ts';

export interface NamedFixture {
  readonly named: Named;
  readonly programs: BindPrograms;
  readonly keys: { readonly one: TsigKey; readonly two: TsigKey };
  /** A key in BIND's form. */
  readonly keyText: (key: TsigKey) => string;
  /** Every change of the zone since it was loaded, in order, by IXFR with key `one`. */
  readonly journal: () => Promise<readonly JournalEntry[]>;
  /** Restarts the nameserver with other statements. */
  readonly restart: (statements: string) => Promise<void>;
  /** Also removes the folder. */
  readonly stop: () => Promise<void>;
}

/** The RRs that one update removed and added: `name ttl class type rdata`, as dig prints them. */
export interface JournalEntry {
  readonly serial: number;
  readonly deleted: readonly string[];
  readonly added: readonly string[];
}

const ownAddress = '127.0.0.1';
const zoneName = 'lab.test';
const digTimeoutMs = 30_000;
const maxDigBytes = 64 * 1024 * 1024;

/** `programs`: the BIND to use; default: that of the lab. `zones`: further zones with files. */
export interface NamedWishes {
  readonly programs?: BindPrograms;
  readonly zones?: readonly string[];
  /** The zone whose answer shows that it runs; default: `lab.test`. */
  readonly answersFor?: string;
}

/**
 * Starts it with these statements for `lab.test`; `@folder@` is the folder of `lab.test.db`. Rejects with a
 * LabError.
 */
export async function startNamed(statements: string, wishes: NamedWishes = {}): Promise<NamedFixture> {
  const { programs = await provideBind((line) => process.stderr.write(`${line}\n`)), zones = [] } = wishes;
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-named-'));
  const keys = { one: generateTsigKey('one'), two: generateTsigKey('two') };
  const configure = async (port: number, given: string): Promise<void> => {
    const options = [
      `directory "${folder}"; listen-on port ${port} { ${ownAddress}; }; listen-on-v6 { none; }; reuseport no;`,
      'pid-file none; session-keyfile none; recursion no; dnssec-validation no; minimal-responses yes;',
      'notify no; max-ixfr-ratio unlimited; allow-transfer { key one; };',
    ];
    const text = [
      `options { ${options.join('\n')} };`,
      'controls { };',
      formatTsigKey(keys.one),
      formatTsigKey(keys.two),
      given.replaceAll('@folder@', folder),
    ];
    await writeFile(join(folder, 'named.conf'), text.join('\n'), { mode: 0o600 });
  };
  const start = async (port: number): Promise<Named> => {
    await configure(port, statements);
    const named = new Named(programs, {
      folder,
      address: ownAddress,
      port,
      zone: wishes.answersFor ?? zoneName,
    });
    await named.start();
    return named;
  };
  const zone = `$TTL 60\n@ IN SOA ns1 hostmaster 1 10 2 604800 1\n@ IN NS ns1\nns1 IN A ${ownAddress}\n`;
  for (const file of [zoneName, `${zoneName}.two`, ...zones].map((name) => `${name}.db`))
    await writeFile(join(folder, file), zone);
  await writeFile(join(folder, 'one.key'), formatTsigKey(keys.one), { mode: 0o600 });
  const clean = () => rm(folder, { recursive: true, force: true });
  try {
    const named = await withFreePort(() => findFreePort([ownAddress], { udp: true }), start, {
      isTaken: isListenTaken,
    });
    const journal = async () => {
      const args = [
        '+tcp',
        '+nocmd',
        '+nocomments',
        '+nostats',
        '+noquestion',
        '-k',
        join(folder, 'one.key'),
      ];
      const dig = await execa(
        programs.dig,
        [`@${ownAddress}`, '-p', `${named.port}`, ...args, `IXFR=1`, zoneName],
        {
          timeout: digTimeoutMs,
          maxBuffer: maxDigBytes,
        },
      );
      return parseIxfr(dig.stdout);
    };
    const restart = async (given: string) => {
      await named.stop();
      await configure(named.port, given);
      await named.start();
    };
    const stop = async () => {
      await named.stop();
      await clean();
    };
    return { named, programs, keys, keyText: formatTsigKey, journal, restart, stop };
  } catch (error) {
    await clean();
    throw error;
  }
}

/**
 * RFC 1995 4: the new SOA; for each change the old SOA, the deleted RRs, the new SOA and the added RRs; the
 * new SOA.
 */
function parseIxfr(text: string): readonly JournalEntry[] {
  const lines = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';') && !/\sTSIG\s/.test(line));
  const entries: { serial: number; deleted: string[]; added: string[] }[] = [];
  let adding = true;
  for (const line of lines.slice(1, -1)) {
    const serial = /\sIN\s+SOA\s+\S+\s+\S+\s+(\d+)\s/.exec(line)?.[1];
    if (serial === undefined) {
      const entry = entries.at(-1);
      (adding ? entry?.added : entry?.deleted)?.push(line.replace(/\s+/g, ' '));
      continue;
    }
    adding = !adding;
    if (!adding) entries.push({ serial: 0, deleted: [], added: [] });
    else Object.assign(entries.at(-1) ?? {}, { serial: Number(serial) });
  }
  return entries;
}
