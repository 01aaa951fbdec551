/** A nameserver that is not BIND, for the contract: its process, the names of its zone, and its key. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, withFreePort } from '../../../src/lab/host/free-ports.ts';
import { LabError } from '../../../src/lab/host/lab-error.ts';
import { launch, type ServerProcess } from '../../../src/lab/host/processes.ts';
import { askSoaSerial } from '../../../src/lab/servers/ask-soa.ts';
import { generateTsigKey, type TsigKey } from '../../../src/lab/servers/tsig-key.ts';

/** One nameserver on 127.0.0.1, the only one of `lab.test`. */
export interface ForeignNameserver {
  readonly address: string;
  readonly port: number;
  /** Without the last dot. */
  readonly zone: string;
  readonly key: TsigKey;
  /** Resolves when the process and its temporary folder are gone. */
  readonly stop: () => Promise<void>;
}

export interface ForeignWishes {
  /** The nameserver signs the zone (DNSSEC). */
  readonly signed?: boolean;
}

/** What one kind of nameserver needs. */
export interface ForeignKind {
  readonly name: string;
  /** Writes its configuration; resolves with the command that runs it in the foreground. */
  configure(given: ForeignConfiguration): Promise<readonly [string, ...string[]]>;
}

export interface ForeignConfiguration {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  readonly key: TsigKey;
  /** The key may change this and nothing else. */
  readonly owners: readonly string[];
}

const ownAddress = '127.0.0.1';
const zoneName = 'lab.test';
const startDeadlineMs = 20_000;
const stopDeadlineMs = 10_000;
const askIntervalMs = 10;

/**
 * The key may change the names of these clusters, as in bind-config/, and wildcards. Rejects with a LabError.
 */
export async function startForeign(
  kind: ForeignKind,
  clusters: readonly string[],
): Promise<ForeignNameserver> {
  const folder = await mkdtemp(join(tmpdir(), `source-dns-${kind.name}-`));
  const key = generateTsigKey('source-dns-key');
  const owners = clusters.flatMap((cluster) =>
    ['source', '_source-dns.source', '_mysql._tcp.source', 'replicas', '*'].map(
      (label) => `${label}.${cluster}.${zoneName}`,
    ),
  );
  let server: ServerProcess | undefined;
  const stop = async (): Promise<void> => {
    await server?.stop(stopDeadlineMs);
    await rm(folder, { recursive: true, force: true });
  };
  const start = async (port: number): Promise<ForeignNameserver> => {
    const [command, ...args] = await kind.configure({
      folder,
      address: ownAddress,
      port,
      zone: zoneName,
      key,
      owners,
    });
    server = launch(`${kind.name} ${ownAddress}:${port}`, command, args, {
      cwd: folder,
      logFile: join(folder, `${kind.name}.log`),
    });
    await awaitZone(server, port);
    return { address: ownAddress, port, zone: zoneName, key, stop };
  };
  const isTaken = (error: unknown) =>
    error instanceof Error && /address (?:already )?in use/i.test(error.message);
  try {
    return await withFreePort(() => findFreePort([ownAddress], { udp: true }), start, { isTaken });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function awaitZone(server: ServerProcess, port: number): Promise<void> {
  const end = performance.now() + startDeadlineMs;
  while (server.running && performance.now() < end) {
    if ((await askSoaSerial(ownAddress, port, zoneName)) !== undefined) return;
    // Only an answer shows that a nameserver answers.
    await delay(askIntervalMs);
  }
  throw new LabError(`${server.name} did not answer for ${zoneName}:\n${server.log.tail()}`, {
    hint: `see ${server.log.file}`,
  });
}

/** The first RRs of the zone, as `name type rdata`; the names are absolute. */
export const firstRrs = (zone: string): readonly (readonly [string, string, string])[] => [
  [zone, 'SOA', `ns1.${zone}. hostmaster.${zone}. 1 3600 600 86400 1`],
  [zone, 'NS', `ns1.${zone}.`],
  [`ns1.${zone}`, 'A', ownAddress],
];
