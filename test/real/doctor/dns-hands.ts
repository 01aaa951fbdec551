/** What the tests of the doctor do by hand: break a configuration or a zone, and paste lines into it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Findings } from '../../../src/doctor/check.ts';
import type { Finding, Mend } from '../../../src/doctor/finding.ts';
import type { DnsLab } from './dns-lab.ts';

export interface Fault {
  /** What exactly is found: the code, and the subject without the lab's ports. */
  readonly found: readonly string[];
  /** What is left at the end; default: nothing. */
  readonly left?: readonly string[];
  breaks(on: Hands): Promise<void> | void;
  /** Applies the lines that were printed. */
  mends(on: Hands, found: Findings): Promise<void> | void;
}

export interface Hands {
  readonly lab: DnsLab;
  /** Replaces a text in the named.conf of the primary server. */
  conf(find: string | RegExp, replacement: string): Promise<void>;
  /** Replaces a text in the configuration of source-dns. */
  inConfig(find: string | RegExp, replacement: string): void;
  /** Changes the zone. */
  zone(...lines: readonly string[]): Promise<void>;
  /** Freezes the zone. Resolves with the text of its file, which has the present serial then. */
  frozen(file: string): Promise<string>;
  /** Replaces the history of this host. */
  history(...entries: readonly object[]): Promise<void>;
  /** Gives the SOA a higher serial and these numbers: refresh, retry, expire, minimum. Returns the serial. */
  soa(numbers: string, primary?: string): Promise<number>;
}

export const handsOn = (lab: DnsLab): Hands => ({
  lab,
  async frozen(file) {
    const serial = await lab.bind.primary.awaitSerial(1, 5000);
    await lab.rndc('primary', 'freeze', 'lab.test');
    // rndc does not wait until the file is written.
    await expect
      .poll(() => readFile(file, 'utf8'), { interval: 10, timeout: 10_000 })
      .toMatch(new RegExp(`${serial}\\s*; serial`));
    return readFile(file, 'utf8');
  },
  async history(...entries) {
    const folder = join(lab.bind.folder, 'state');
    await mkdir(folder, { recursive: true, mode: 0o750 });
    const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await writeFile(join(folder, 'history.jsonl'), text);
  },
  async soa(numbers, primary = 'ns1.lab.test.') {
    const serial = (await lab.bind.primary.awaitSerial(1, 5000)) + 1000;
    const rdata = `${primary} hostmaster.lab.test. ${serial} ${numbers}`;
    await handsOn(lab).zone(`update add lab.test. 60 SOA ${rdata}`);
    return serial;
  },
  conf: (find, replacement) => lab.edit('primary', (text) => text.replace(find, () => replacement)),
  inConfig(find, replacement) {
    const before = lab.config;
    lab.config = before.replace(find, () => replacement);
    expect(lab.config).not.toBe(before);
  },
  zone: (...lines) =>
    lab.nsupdate(`server 127.0.0.1 ${lab.bind.primary.port}`, 'zone lab.test.', ...lines, 'send'),
});

/** The subject as the tables have it: `ns1`, `primary`, `secondary`, `resolver`, or a name. */
function short(lab: DnsLab, { subject }: Pick<Finding, 'subject'>): string {
  if (subject.startsWith('ns1 (')) return 'ns1';
  const { primary, secondary } = lab.bind;
  const ports = { primary: primary.port, secondary: secondary.port, resolver: lab.resolver.port };
  return Object.entries(ports).find(([, port]) => subject === `127.0.0.1:${port}`)?.[0] ?? subject;
}

/** What is not right, as `code subject`. */
export const seen = (lab: DnsLab, { findings }: Findings): readonly string[] =>
  findings
    .filter(({ verdict }) => verdict !== 'ok')
    .map((finding) => `${finding.code} ${short(lab, finding)}`)
    .toSorted();

/** The mends of the only finding with that code. */
export function mendsOf({ findings }: Findings, code: string): readonly Mend[] {
  const found = findings.filter((finding) => finding.code === code);
  if (found.length !== 1) throw new Error(`${found.length} findings with the code ${code}`);
  return found[0]!.mends;
}

/** The lines of the mend whose place matches. */
export function linesAt(mends: readonly Mend[], where: RegExp): readonly string[] {
  const found = mends.filter((mend) => where.test(mend.where));
  if (found.length !== 1) throw new Error(`${found.length} of ${JSON.stringify(mends)} match ${where}`);
  return found[0]!.lines;
}

export const linesOf = (found: Findings, code: string, where: RegExp): string =>
  linesAt(mendsOf(found, code), where).join('\n');
