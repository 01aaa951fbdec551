/** Every bound of the core that is no setting, in one place. Milliseconds unless the name says otherwise. */

/** Monotonic and wall time that part by more than this between two steps: the machine slept, or a clock was set; no observation counts any more. */
export const clockJumpMs = 1000;
/** How long after a suspicion the servers are asked at `suspect_interval`, once the decision is `steady` again. */
export const suspectAfterSteadyMs = 5000;
/** How long an unchanged hold keeps `suspect_interval`. */
export const suspectDuringHoldMs = 60_000;
/** A probe that ends so long after its deadline waited in this process (stopped, or starved of CPU): its evidence is older than it looks. */
export const lateAnswerMs = 500;
/** A host name of a server is resolved again after this. */
export const resolveEveryMs = 30_000;
export const resolveAgainMs = 3000;
export const resolveTimeoutMs = 2000;
/** An address of a server's host that is not that of the kept connection is tried again after this. */
export const retryAddressMs = 30_000;
/** A host name with more addresses than this is no server's: they are not tried. */
export const addressLimit = 16;
/** A message may wait for its turn at a nameserver that many clusters share: at most so many of its time-outs. */
export const queueingTimeouts = 3;
/** An update that the nameserver acknowledged must be visible after this (inline signing takes some milliseconds). */
export const visibleWithinMs = 10_000;
/** How soon a read that showed the zone before a known apply is repeated. */
export const rereadMs = 5;
/** Servers of a cluster that were discovered, at most. */
export const discoveredLimit = 16;
/** Further addresses of known servers that are remembered, at most. */
export const aliasLimit = 64;
/** The longest pause before a discovered server that does not answer, or is not who it should be, is asked again. */
export const discoveredPauseMaxMs = 60_000;
/** After a write that failed: first and longest pause before the next. */
export const writePauseMs = 250;
export const writePauseMaxMs = 30_000;
/** After so many refusals over one zone it is found out anew what is stored: once is a lost race. */
export const doubtedAfter = 2;
/** After so many it is an alarm. */
export const noProgressAfter = 3;
/** Why one and the same refusal comes is looked into at most this often: as often as the updates themselves are tried in the end. */
export const inspectRefusalEveryMs = 30_000;
/** Different refusals of one publication that are remembered, and looked into each for itself: a move, with and without what stands beside it, a write of the ledger alone. */
export const refusalsKept = 4;
/** How long the authoritative nameservers are asked for the new RRset before it is an alarm: twice BIND's notify-delay of 5 s. They are asked on in slices as long. */
export const propagationSliceMs = 10_000;
/** Between two slices. */
export const propagationPauseMs = 1000;
/** A resolver may answer the old RRset until its TTL is over; after this much more it is an alarm. */
export const resolverMarginMs = 10_000;
/** Repairs of a zone that someone changed by hand: at most so many in the window, then only the alarm. */
export const repairLimit = 10;
export const repairWindowMs = 600_000;
/** Commands that wait behind the one in progress. */
export const commandQueueLimit = 16;
/** A wrong replicas' RRset is the business of the instance in `by=`; another one takes it over after this many intervals. */
export const replicasTakeoverIntervals = 30;
/** The replicas' RRset is written at most this often. */
export const replicasEveryMs = 2000;
/** RRs in an RRset of ours at most: what one answer can carry, and below BIND's max-records-per-type of 100. */
export const replicasLimit = 32;
/** nsupdate signs with a fudge of 300 s and takes no other (nsupdate.c of BIND 9): for so long one of its updates may still be applied. */
export const nsupdateFudgeMs = 300_000;
