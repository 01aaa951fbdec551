/**
 * MHA's `master_ip_failover_script` and `master_ip_online_change_script` (MHA 0.58: MasterFailover.pm,
 * MasterRotate.pm, MasterMonitor.pm). `start` comes before MHA sets read_only=0 on the new source.
 */

import type { HookCall, HookReading } from './claim.ts';
import { placeOf, placesOf } from './place.ts';
import { byOf, told, type Values, valuesOf } from './words.ts';

const place = (value: Values, which: 'orig' | 'new') => {
  const port = value(`${which}_master_port`);
  return placesOf(
    placeOf(value(`${which}_master_host`), port),
    // The host name as MHA resolved it.
    placeOf(value(`${which}_master_ip`), port),
  );
};

export function readMha({ tool, cluster, words, host }: HookCall): HookReading {
  const value = valuesOf(words);
  const command = value('command');
  const former = place(value, 'orig');
  const claim = {
    tool,
    ...(cluster === undefined ? {} : { cluster }),
    names: [],
    former,
    by: byOf(tool, host),
    // The author of a move is in the history beside its reason.
    reason: tool === 'mha' ? 'failover' : 'online change',
  } as const;
  switch (command) {
    case 'stop':
    case 'stopssh':
      return { kind: 'nothing', sentence: 'the name moves at --command=start, not before' };
    case 'status':
      return former.length === 0
        ? { kind: 'wrong', sentence: '--orig_master_host is missing' }
        : { kind: 'claim', claim: { ...claim, act: 'status', successor: [] } };
    case 'start': {
      const successor = place(value, 'new');
      if (successor.length === 0)
        return { kind: 'wrong', sentence: '--new_master_host is missing, or is not a host' };
      return { kind: 'claim', claim: { ...claim, act: 'announced', successor } };
    }
    default:
      return {
        kind: 'wrong',
        sentence:
          command === undefined
            ? '--command is missing: MHA gives stop, stopssh, start or status'
            : `--command=${told(command)} is none of MHA's: stop, stopssh, start, status`,
      };
  }
}
