/** The configuration of the program under test: pairs of servers, and one BIND that has their names. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BindPair } from '../../../src/lab/servers/bind.ts';
import type { Cluster } from '../../../src/lab/servers/cluster.ts';

/** A cluster with the servers of it that are watched. */
export interface WatchedPair {
  readonly name: string;
  readonly cluster: Cluster;
  readonly servers: readonly string[];
  /** With `fence:`, by the account `source_dns_fence`. Default: without. */
  readonly fenced?: boolean;
}

/** Writes the file into the folder, anew if it is there. */
export async function writePairsConfig(
  folder: string,
  pairs: readonly WatchedPair[],
  bind: BindPair,
): Promise<{ readonly file: string; readonly stateDir: string }> {
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { recursive: true, mode: 0o750 });
  const clusters = await Promise.all(pairs.map((pair) => clusterText(folder, pair, bind)));
  const file = join(folder, 'source-dns.yaml');
  await writeFile(
    file,
    `instance: bench\nstate_dir: ${stateDir}\nclusters:\n${clusters.join('')}${nameserverText(bind)}`,
  );
  return { file, stateDir };
}

async function clusterText(
  folder: string,
  { name, cluster, servers, fenced = false }: WatchedPair,
  bind: BindPair,
): Promise<string> {
  const passwordFile = join(folder, `${name}.password`);
  await writeFile(passwordFile, `${cluster.accounts.watcher}\n`, { mode: 0o600 });
  return `  ${name}:
    servers: [${servers.map((server) => `"${server}"`).join(', ')}]
    mysql: { user: source_dns, password_file: ${passwordFile} }
    publish:
      nameserver: ns1
      zone: ${bind.zone}.
      source: { name: source.${name}.${bind.zone}., ttl: 1 }
    watch: { max_moves: 100, max_moves_window: 1s }
${fenced ? `    fence: { user: source_dns_fence, password_file: ${passwordFile} }\n` : ''}    allow_loopback: true
`;
}

/** BIND is the nameserver `ns1`. */
export const nameserverText = ({
  primary,
  secondary,
  keyFile,
}: Pick<BindPair, 'primary' | 'secondary' | 'keyFile'>): string => `nameservers:
  ns1:
    address: ${primary.address}
    port: ${primary.port}
    key_file: ${keyFile}
    verify: ["${primary.address}:${primary.port}", "${secondary.address}:${secondary.port}"]
`;
