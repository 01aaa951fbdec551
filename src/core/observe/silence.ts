/** How long a server is silent, where a probe now and then did not ask: that is no silence, and no answer. */

import type { Failure } from '../model/observation.ts';
import type { ClusterState, ServerMemory } from '../model/state.ts';
import type { MonoMs, Now } from '../model/units.ts';

/** In fresh times: a silence that was seen longer ago may be over, and must be observed anew. */
const goesOnWithin = 2;

/** Nothing is known of the server now, also not that it is silent. */
export function notAsked(memory: ServerMemory, unasked: Failure, now: Now): ServerMemory {
  const { latest, unknownSince } = memory;
  const silence =
    latest === undefined || unknownSince === undefined
      ? memory.silence
      : { ms: latest.at - unknownSince, seenAt: latest.at };
  return {
    ...memory,
    probing: undefined,
    latest: undefined,
    nextProbeAt: now.mono,
    unknownSince: undefined,
    silence,
    unasked,
  };
}

/** Before an answer or a silence is taken in: an earlier silence goes on, without the time between. */
export function silentAgain(
  state: ClusterState,
  memory: ServerMemory,
  askedAt: MonoMs,
  now: Now,
): ServerMemory {
  const { silence } = memory;
  if (silence === undefined) return memory;
  const isRecent = askedAt - silence.seenAt <= goesOnWithin * state.settings.watch.freshForMs;
  const since = isRecent ? ((now.mono - silence.ms) as MonoMs) : undefined;
  return { ...memory, unknownSince: since, silence: undefined };
}
