/** A nameserver that is not BIND, for the contract: its process, its zone's names and its key. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, withFreePort } from '../../../src/lab/host/free-ports.ts';
import { LabError } from '../../../src/lab/host/lab-error.ts';
import { launch, type ServerProcess } from '../../../src/lab/host/processes.ts';
import { askSoaSerial } from '../../../src/lab/servers/ask-soa.ts';
import { generateTsigKey, type TsigKey } from '../../../src/lab/servers/tsig-key.ts';

/** One nameserver on 127.0.0.1 that serves `lab.test`, alone. */
export interface ForeignNameserver {
  readonly address: string;
  readonly port: number;
  /** Without the last dot. */
  readonly zone: string;
  readonly key: TsigKey;
  /** Resolves when the process and its temporary folder are gone. */
  readonly stop: () => Promise<void>;
}

/** What a test wants otherwise. */
export interface ForeignWishes {
  /** The zone is signed (DNSSEC), by the nameserver itself. */
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
  /** What the key may change, and nothing else. */
  readonly owners: readonly string[];
}

const ADDRESS = '127.0.0.1';
const ZONE = 'lab.test';
const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 10_000;
const ASK_INTERVAL_MS = 10;

/** Starts it; the key may change the names of these clusters, as in bind-config/, and their wildcards. Rejects with a LabError. */
export async function startForeign(kind: ForeignKind, clusters: readonly string[]): Promise<ForeignNameserver> {
  const folder = await mkdtemp(join(tmpdir(), `source-dns-${kind.name}-`));
  const key = generateTsigKey('source-dns-key');
  const owners = clusters.flatMap((cluster) =>
    ['source', '_source-dns.source', '_mysql._tcp.source', 'replicas', '*'].map((label) => `${label}.${cluster}.${ZONE}`),
  );
  let server: ServerProcess | undefined;
  const stop = async (): Promise<void> => {
    await server?.stop(STOP_DEADLINE_MS);
    await rm(folder, { recursive: true, force: true });
  };
  const start = async (port: number): Promise<ForeignNameserver> => {
    const [command, ...args] = await kind.configure({ folder, address: ADDRESS, port, zone: ZONE, key, owners });
    server = launch(`${kind.name} ${ADDRESS}:${port}`, command, args, { cwd: folder, logFile: join(folder, `${kind.name}.log`) });
    await awaitZone(server, port);
    return { address: ADDRESS, port, zone: ZONE, key, stop };
  };
  const isTaken = (error: unknown) => error instanceof Error && /address (?:already )?in use/i.test(error.message);
  try {
    return await withFreePort(() => findFreePort([ADDRESS], { udp: true }), start, { isTaken });
  } catch (error) {
    await stop();
    throw error;
  }
}

async function awaitZone(server: ServerProcess, port: number): Promise<void> {
  const end = performance.now() + START_DEADLINE_MS;
  while (server.running && performance.now() < end) {
    if ((await askSoaSerial(ADDRESS, port, ZONE)) !== undefined) return;
    // Nothing tells that a nameserver answers but its answer.
    await delay(ASK_INTERVAL_MS);
  }
  throw new LabError(`${server.name} did not answer for ${ZONE}:\n${server.log.tail()}`, { hint: `see ${server.log.file}` });
}

/** The zone's first RRs, as `name type rdata`; the names are absolute. */
export const firstRrs = (zone: string): readonly (readonly [string, string, string])[] => [
  [zone, 'SOA', `ns1.${zone}. hostmaster.${zone}. 1 3600 600 86400 1`],
  [zone, 'NS', `ns1.${zone}.`],
  [`ns1.${zone}`, 'A', ADDRESS],
];
