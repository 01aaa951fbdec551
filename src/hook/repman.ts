/**
 * replication-manager's `failover-post-script` (cluster/cluster_bash.go): seven words, of which some may be
 * empty. Older versions give six, the oldest two, and run the script before the new source takes writes.
 */

import type { HookCall, HookReading } from './claim.ts';
import { placeholderIn, placeOf, placesOf } from './place.ts';
import { byOf, told } from './words.ts';

export function readReplicationManager({ tool, cluster, words, host }: HookCall): HookReading {
  const [oldHost, newHost = '', oldPort, newPort, , , kind = ''] = words;
  if (words.length < 2)
    return {
      kind: 'wrong',
      sentence: `${words.length} arguments: replication-manager gives old host, new host, old port, new port, two proxy names and the kind`,
    };
  const literal = words.flatMap((word) => placeholderIn(word) ?? [])[0];
  if (literal !== undefined) return { kind: 'wrong', sentence: `${literal} was not filled in` };
  const successor = placeOf(newHost, newPort);
  if (successor === undefined)
    return { kind: 'wrong', sentence: `the second argument, "${told(newHost)}", is not a host` };
  return {
    kind: 'claim',
    claim: {
      tool,
      act: 'moving',
      ...(cluster === undefined ? {} : { cluster }),
      names: [],
      former: placesOf(placeOf(oldHost, oldPort)),
      successor: [successor],
      by: byOf(tool, host),
      // Old versions do not say which.
      reason: kind === '' ? 'failover or switchover' : told(kind),
    },
  };
}
