/**
 * The adapters for MySQL servers and nameservers, put together. Only a command that asks servers itself loads
 * this: most commands ask a daemon, or nobody.
 */

import type { LoadedCluster, NameserverConfig } from './config/loaded.ts';
import type { Failure } from './core/model/observation.ts';
import type { AdapterMaker } from './daemon/adapters.ts';
import { systemClock } from './daemon/clock.ts';
import { openZoneClient } from './dns/open-zone-client.ts';
import type { InspectorMaker } from './doctor/open-world.ts';
import { GlanceBudget } from './mysql/connection/glances.ts';
import { OpeningGate } from './mysql/connection/opening-gate.ts';
import { createFencer } from './mysql/fence/fencer.ts';
import { createInspector } from './mysql/inspection.ts';
import { createProber } from './mysql/probe.ts';

const openServers = ({ settings, mysql: { password, ...access } }: LoadedCluster) => ({
  cluster: settings.cluster,
  servers: settings.servers,
  ...(settings.discoverWithin && { discoverWithin: settings.discoverWithin }),
  ...access,
  password: password.reveal(),
  clock: systemClock,
});

const openNameserver = ({ key, ...options }: NameserverConfig, onWarning: (failure: Failure) => void) =>
  openZoneClient(
    {
      ...options,
      onWarning,
      ...(key === undefined ? {} : { keyFile: key.file, keyText: key.text.reveal() }),
      ...(key?.name === undefined ? {} : { keyName: key.name }),
    },
    systemClock,
  );

/** One for all clusters: together they open only so many connections at once, and glance only so often. */
const gate = new OpeningGate(systemClock);
const glances = new GlanceBudget();

/** A fence waits for no connection that is opened to watch. */
const fenceGate = new OpeningGate(systemClock);

function openFencer(cluster: LoadedCluster) {
  const { fence, mysql } = cluster;
  if (fence === undefined) return undefined;
  const { password, ...rest } = fence;
  return createFencer({
    ...openServers(cluster),
    ...rest,
    password: password.reveal(),
    watcher: mysql.user,
    gate: fenceGate,
  });
}

export const maker: AdapterMaker = {
  prober: (cluster) => createProber({ ...openServers(cluster), gate, glances }),
  fencer: openFencer,
  waiting: () => gate.waiting,
  zoneClient: openNameserver,
};

/** For `check`. */
export const inspectors: InspectorMaker = {
  servers: (cluster) => createInspector(openServers(cluster)),
  fences: ({ fence, ...cluster }) =>
    fence &&
    createInspector({ ...openServers(cluster), user: fence.user, password: fence.password.reveal() }),
  nameserver: (nameserver) => openNameserver(nameserver, () => {}),
};
