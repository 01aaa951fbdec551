/** Every bound of the core that is no setting. Milliseconds, unless the name says otherwise. */

/** Between two readings of the clocks at least: to keep a reading, the whole state is copied. */
export const clocksReadMs = 100;
/** A turn that answers share waits so long. */
export const turnSharedForMs = 50;
/** If the clocks differ by more between two readings, no observation counts: sleep, or a clock was set. */
export const clockJumpMs = 1000;
/** A cluster at rest gets a turn after so many intervals, even if its published source does not answer. */
export const restIntervals = 2;
/** Where a process cannot keep up, the pause at rest is at most this part of `fresh_for`. */
export const restPartOfFresh = 0.6;
/** A suspicion lasts this long once the decision is `steady` again. */
export const suspectAfterSteadyMs = 5000;
/** How long an announcement counts. A failover tool makes its new source writable within seconds. */
export const announcementMs = 120_000;
/** How long an unchanged hold is a suspicion. */
export const suspectDuringHoldMs = 60_000;
/**
 * The pauses of a suspicion, by how much of the haste is spent: between probes `suspect_interval`, or this if
 * it is more; between glances a quarter of it, or this if it is more. Then `interval`.
 */
export const stages = [
  { untilMs: 5000, probeMs: 10, glanceMs: 2 },
  { untilMs: 20_000, probeMs: 50, glanceMs: 2 },
  { untilMs: 60_000, probeMs: 250, glanceMs: 12 },
] as const;
/** So much time in suspicion can be spent. */
export const hasteMs = 60_000;
/** So much quiet gives back as much haste as a twentieth of it. */
export const quietPerHaste = 20;
/** Servers that open and close give back all haste at most this often. */
export const renewAfterMs = 60_000;
/** A server that does not answer is asked at most this often: many attempts keep it from coming back. */
export const silentPauseMs = 50;
/** Between two glances without suspicion. */
export const glanceMs = 150;
/** A probe this far past its deadline was delayed by this process, so its evidence is old. */
export const lateAnswerMs = 500;
/** A host name of a server is resolved again after this. */
export const resolveEveryMs = 30_000;
export const resolveAgainMs = 3000;
export const resolveTimeoutMs = 2000;
/** An address other than that of the kept connection is tried again after this. */
export const retryAddressMs = 30_000;
/** A host name with more addresses is no server's: they are not tried. */
export const addressLimit = 16;
/** At a shared nameserver a message may wait for this many of its time-outs. */
export const queueingTimeouts = 3;
/** An acknowledged update must be visible after this (inline signing takes some milliseconds). */
export const visibleWithinMs = 10_000;
/** A read that shows the zone before a known apply is repeated after this. */
export const rereadMs = 5;
/** Servers of a cluster that were discovered, at most. */
export const discoveredLimit = 16;
/** Further addresses of known servers that are remembered, at most. */
export const aliasLimit = 64;
/** The longest pause before a failing discovered server is asked again. */
export const discoveredPauseMaxMs = 60_000;
/** After a write that failed: first and longest pause before the next. */
export const writePauseMs = 250;
export const writePauseMaxMs = 30_000;
/** After this many refusals over one zone, find out anew what is stored: one may be a lost race. */
export const doubtedAfter = 2;
/** After this many it is an alarm. */
export const noProgressAfter = 3;
/** The same refusal is inspected at most this often: as often as the update is tried in the end. */
export const inspectRefusalEveryMs = 30_000;
/** Different refusals of one publication that are remembered and inspected. */
export const refusalsKept = 4;
/** A missing RRset is an alarm after this: twice BIND's notify-delay of 5 s. Also one slice of asking. */
export const propagationSliceMs = 10_000;
/** Between two slices. */
export const propagationPauseMs = 1000;
/** A resolver with the old RRset is an alarm this long after its TTL is over. */
export const resolverMarginMs = 10_000;
/** After an attempt to fence a server: first and longest pause before the next. */
export const fencePauseMs = 1000;
export const fencePauseMaxMs = 60_000;
/** The longest pause where statements of others prevented it: they may end at any moment. */
export const fenceBlockedPauseMaxMs = 4000;
/** The nameservers answer with a move within this, or a fence does not wait for them. */
export const fenceSpreadMs = propagationSliceMs;
/** So much later than the TTL the clients of a fenced server that came back have connected. */
export const cacheMarginMs = 1000;
/** Some caches keep an answer longer than its TTL: the JVM 30 s, ProxySQL 60 s. */
export const cacheAgainMs = 60_000;
/** A longer TTL is not waited for. */
export const longestTtlMs = 3_600_000;
/** Repairs of a zone within the window; after these there is only the alarm. */
export const repairLimit = 10;
export const repairWindowMs = 600_000;
/** Commands that wait behind the one in progress. */
export const commandQueueLimit = 16;
/** Another instance than the one in `by=` corrects the replicas' RRset after this many intervals. */
export const replicasTakeoverIntervals = 30;
/** The replicas' RRset is written at most this often. */
export const replicasEveryMs = 2000;
/** Fits into one answer, and is below BIND's max-records-per-type of 100. */
export const replicasLimit = 32;
/** nsupdate's fixed fudge: an update of it may still be applied for this long. */
export const nsupdateFudgeMs = 300_000;
