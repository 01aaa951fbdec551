/** What the daemon does, in one line: for `systemctl status`. */

import type { Snapshot } from '../core/report/snapshot-types.ts';

/** More would not fit into one line of a terminal. */
const mostNamed = 3;

/** `watches shop; orders holds: no-candidate; 2 alarms` */
export function statusLine(snapshots: readonly Snapshot[]): string {
  const [first, ...others] = snapshots.map(({ cluster }) => cluster);
  const watched = others.length === 0 ? (first ?? 'nothing') : `${others.length + 1} clusters`;
  const holds = snapshots.flatMap(({ cluster, publications }) => {
    const decision = publications
      .map((publication) => publication.decision)
      .find(({ kind }) => kind === 'hold');
    return decision === undefined ? [] : [`${cluster} holds: ${decision.reason}`];
  });
  const alarms = snapshots.reduce((sum, snapshot) => sum + snapshot.alarms.length, 0);
  return [
    `watches ${watched}`,
    ...holds.slice(0, mostNamed),
    ...(holds.length > mostNamed ? [`${holds.length - mostNamed} more hold`] : []),
    ...(alarms > 0 ? [alarms === 1 ? '1 alarm' : `${alarms} alarms`] : []),
  ].join('; ');
}
