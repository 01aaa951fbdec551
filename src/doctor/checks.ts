/** All checks of `source-dns check`: the registry. Within an area they are printed in this order. */

import { askDaemon } from '../http/client.ts';
import type { Check } from './check.ts';
import { documentCheck, hooksCheck, passwordCheck, serversCheck } from './configuration.ts';
import { zoneChecks } from './dns/zone-doctor.ts';
import { daemonCheckWith, otherDaemonMs } from './host/daemon.ts';
import { namesCheck } from './host/names.ts';
import { clockCheck, filesCheck, nodeCheck } from './host/process.ts';
import { stateDirCheck } from './host/state-dir.ts';
import { watchCheck } from './host/watch.ts';
import { accountCheck } from './mysql/account.ts';
import { connectionsCheck } from './mysql/connections.ts';
import { encryptionCheck } from './mysql/encryption.ts';
import { fenceCheck } from './mysql/fence.ts';
import { fitnessCheck } from './mysql/fitness.ts';
import { identityCheck, reportCheck } from './mysql/identity.ts';
import { logsCheck } from './mysql/logs.ts';
import { reachCheck } from './mysql/reach.ts';
import { readOnlyCheck } from './mysql/read-only.ts';
import { replicasKnownCheck, replicationCheck } from './mysql/replication.ts';
import { rightsCheck } from './mysql/rights.ts';
import { rolesCheck } from './mysql/roles.ts';
import { shareCheck } from './share.ts';

/** Areas: configuration, host, mysql. */
const serverChecks: readonly Check[] = [
  documentCheck,
  passwordCheck,
  serversCheck,
  shareCheck,
  hooksCheck,
  nodeCheck,
  filesCheck,
  stateDirCheck,
  daemonCheckWith((socket) =>
    askDaemon(socket, { method: 'GET', path: '/v1/clusters', timeoutMs: otherDaemonMs }),
  ),
  watchCheck,
  namesCheck,
  clockCheck,
  reachCheck,
  rightsCheck,
  accountCheck,
  fenceCheck,
  encryptionCheck,
  identityCheck,
  reportCheck,
  logsCheck,
  fitnessCheck,
  rolesCheck,
  readOnlyCheck,
  replicationCheck,
  replicasKnownCheck,
  connectionsCheck,
];

export const checks: readonly Check[] = [...serverChecks, ...zoneChecks];
