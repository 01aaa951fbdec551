/** Runs the doctor's checks of nameservers, zones and clients on a configuration. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../../src/config/load.ts';
import type { MonoMs, WallMs } from '../../../src/core/model/units.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import { openZoneClient } from '../../../src/dns/open-zone-client.ts';
import { type Findings, runChecks } from '../../../src/doctor/check.ts';
import { clusterLedger } from '../../../src/doctor/dns/ledgers.ts';
import { zoneChecks } from '../../../src/doctor/dns/zone-doctor.ts';
import { rolesCheck } from '../../../src/doctor/mysql/roles.ts';
import type { SeenNameserver, World } from '../../../src/doctor/world.ts';

interface Examination {
  /** Where the configuration is written. */
  readonly folder: string;
  readonly text: string;
  /** Seconds that our clock is off. */
  readonly clockOff?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly hostResolvers?: readonly string[];
  readonly nsupdate?: string;
}

const deadlineMs = 15_000;

export async function examine(examination: Examination): Promise<Findings> {
  const { folder, text, clockOff = 0, env = {}, hostResolvers = [], nsupdate } = examination;
  const file = join(folder, 'source-dns.yaml');
  await writeFile(file, text, { mode: 0o600 });
  const loaded = await loadConfig(file);
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.errors));
  const { config } = loaded;
  const clock = { ...systemClock, wall: () => (systemClock.wall() + clockOff * 1000) as WallMs };
  const nameservers = new Map<string, SeenNameserver>();
  for (const [name, nameserver] of config.nameservers) {
    const { key, ...rest } = nameserver;
    const options = {
      ...rest,
      ...(key && { keyFile: key.file, keyText: key.text.reveal() }),
      ...(key?.name !== undefined && { keyName: key.name }),
      ...(nsupdate !== undefined && { nsupdateCommand: [nsupdate] }),
    };
    nameservers.set(name, { ...(await openZoneClient(options, clock)), config: nameserver });
  }
  const world: World = {
    config,
    clusters: config.clusters,
    nameservers,
    clock,
    deadline: (systemClock.mono() + deadlineMs) as MonoMs,
    around: {
      env,
      nodeVersion: process.versions.node,
      version: '0.0.0',
      resolvers: hostResolvers,
      openFiles: () => Promise.resolve(undefined),
      unixSockets: () => Promise.resolve(''),
    },
    servers: () => Promise.resolve([]),
    ledger: (cluster) => clusterLedger(world, cluster),
    daemon: () => Promise.reject(new Error('no check of the zone asks the daemon')),
  };
  const findings = await runChecks(world, [...zoneChecks, rolesCheck]);
  for (const seen of nameservers.values()) if (seen.kind === 'opened') await seen.client.close();
  return findings;
}
