/** Whether replicas refuse writes, and still do after a restart. */

import { isWritable } from '../../core/model/observation.ts';
import type { Check } from '../check.ts';
import type { Mend } from '../finding.ts';
import { type Found, warning } from '../found.ts';
import {
  type Answering,
  inServerFile,
  isSuperseded,
  serverCheck,
  setAndKept,
  variable,
} from './cluster-view.ts';

export const readOnlyCheck: Check = serverCheck(
  {
    name: 'read-only',
    codes: ['replica-writable', 'super-read-only-off', 'read-only-not-kept'],
    ok: 'the server is as it should be, and will be so after a restart',
  },
  (server, view) => {
    const { facts, report } = server;
    // A group and a managed service set it by themselves.
    if (facts === undefined || facts.group || facts.wsrep || report.traits.aurora) return [];
    // The check of the roles looks at the published source, and at a former source that takes writes.
    if (view.published?.address === server.address) return isWritable(facts) ? [] : undefined;
    if (isSuperseded(view, { address: server.address, id: facts.id }) && isWritable(facts)) return undefined;
    if (view.source?.address === server.address || facts.channels.length === 0) return [];
    return replicaFindings(server);
  },
);

const isOn = (value: string | undefined): boolean => value === 'ON' || value === '1';

function replicaFindings(server: Answering): readonly Found[] {
  const { mariadb, rds } = server.report.traits;
  // RDS sets read_only by itself where a replica begins, and lets nobody set super_read_only.
  if (rds)
    return isOn(variable(server, 'read_only'))
      ? []
      : [writable(setAndKept(server, 'read_only', '{TrueIfReplica}'))];
  const strict = mariadb ? 'read_only' : 'super_read_only';
  if (!isOn(variable(server, 'read_only'))) return [writable(setAndKept(server, strict, 'ON'))];
  if (!mariadb && !isOn(variable(server, 'super_read_only')))
    return [
      warning(
        'super-read-only-off',
        'read_only is ON, but super_read_only is OFF: an administrator can write to the replica by mistake',
        ...setAndKept(server, strict, 'ON'),
      ),
    ];
  return isKept(server)
    ? []
    : [
        warning(
          'read-only-not-kept',
          `${strict} was turned on by hand: after a restart the replica takes writes, unless my.cnf says the same`,
          ...keeping(server, strict),
        ),
      ];
}

const writable = (mends: readonly Mend[]): Found =>
  warning(
    'replica-writable',
    'a replica takes writes: what a client writes there is lost for all others, and the server cannot rejoin without them',
    ...mends,
  );

/** A file, an option or SET PERSIST says it. Without the answer nothing is claimed. */
function isKept({ report }: Answering): boolean {
  const { origins, persisted } = report;
  const byHand = (name: string): boolean => {
    const origin = origins.get(name);
    return (origin === 'DYNAMIC' || origin === 'SQL') && !isOn(persisted.get(name));
  };
  // In MySQL, super_read_only turns read_only on, too.
  return report.traits.mariadb ? !byHand('read_only') : !byHand('super_read_only');
}

const keeping = (server: Answering, name: string) =>
  server.report.traits.mariadb ? [inServerFile(server, [`${name} = ON`])] : setAndKept(server, name, 'ON');
