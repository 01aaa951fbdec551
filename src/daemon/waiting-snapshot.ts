/** What readers see of a cluster that waits for its turn. Pure. */

import type { Snapshot } from '../core/report/snapshot-types.ts';

/** Nothing is known of a cluster that waits: its snapshot says why. */
export function ofWaiting(snapshot: Snapshot): Snapshot {
  const sentence = 'This cluster waits for its turn to be watched: the process has others to ask first.';
  return {
    ...snapshot,
    decision: { ...snapshot.decision, sentence },
    publications: snapshot.publications.map((publication) => ({
      ...publication,
      decision: { ...publication.decision, sentence },
    })),
  };
}
