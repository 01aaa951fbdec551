/**
 * How often the servers are asked during a suspicion: very often at first, then less and less. Otherwise a
 * server that breaks its connection again and again would keep its whole cluster busy for ever.
 */

import {
  glanceMs,
  hasteMs,
  quietPerHaste,
  renewAfterMs,
  restPartOfFresh,
  stages,
  turnSharedForMs,
} from './limits.ts';
import type { ClusterSettings } from './settings.ts';
import { type ClusterState, newHaste } from './state.ts';
import type { MonoMs, Now } from './units.ts';

export interface Pace {
  /** Between two probes of a server. */
  readonly probeMs: number;
  /** Between two glances at a server. */
  readonly glanceMs: number;
  /** Between two connections to a server that breaks them. */
  readonly reconnectMs: number;
}

/** The pace of this moment. */
export function paceOf(state: ClusterState, now: Now): Pace {
  const { intervalMs, suspectIntervalMs } = state.settings.watch;
  const { stretch = 1 } = now;
  const stage =
    now.mono < state.suspectUntil ? stages.find(({ untilMs }) => spentMs(state, now) < untilMs) : undefined;
  // With a long interval the operator wants few questions of any kind.
  const quietGlanceMs = Math.max(glanceMs, glanceMs * (intervalMs / 1000));
  if (stage === undefined)
    return { probeMs: restMs(state.settings, now), glanceMs: quietGlanceMs, reconnectMs: intervalMs };
  return {
    probeMs: Math.min(restMs(state.settings, now), stretch * Math.max(stage.probeMs, suspectIntervalMs)),
    glanceMs: Math.min(quietGlanceMs, stretch * Math.max(stage.glanceMs, suspectIntervalMs / 4)),
    reconnectMs: Math.min(intervalMs, stretch * stage.probeMs),
  };
}

/** So long a turn may wait for further answers. */
export const sharedTurnMs = ({ sharesTurns = false }: Now): number => (sharesTurns ? turnSharedForMs : 0);

/** The pause of the probes at rest: an answer must still be fresh when the next one is late. */
export function restMs({ watch }: ClusterSettings, { restStretch = 1 }: Now): number {
  const { intervalMs, freshForMs } = watch;
  return Math.max(intervalMs, Math.min(restStretch * intervalMs, restPartOfFresh * freshForMs));
}

/** The state in which suspicion lasts until then. */
export const suspectUntil = (state: ClusterState, until: number, now: Now): ClusterState => ({
  ...state,
  suspectUntil: until as MonoMs,
  haste: { ...state.haste, spentMs: spentMs(state, now), at: now.mono },
});

/** The state in which suspicion lasts for so long at least. */
export const suspectFor = (state: ClusterState, ms: number, now: Now): ClusterState =>
  suspectUntil(state, Math.max(state.suspectUntil, now.mono + ms), now);

/** The state in which the haste begins anew: somebody said something, or the name moved. */
export const renewed = (state: ClusterState, now: Now): ClusterState => ({ ...state, haste: newHaste(now) });

/** The same because a server was opened or closed. Two tools may do that in turns for ever: not too often. */
export const renewedAtTimes = (state: ClusterState, now: Now): ClusterState =>
  now.mono - state.haste.renewedAt < renewAfterMs ? state : renewed(state, now);

function spentMs({ haste, suspectUntil }: ClusterState, { mono }: Now): number {
  const suspiciousMs = Math.max(0, Math.min(mono, suspectUntil) - haste.at);
  const quietMs = mono - haste.at - suspiciousMs;
  return Math.max(0, Math.min(haste.spentMs + suspiciousMs, hasteMs) - quietMs / quietPerHaste);
}
