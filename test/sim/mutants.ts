/** Deliberately wrong cores: one patch of the source each. The world must break a promise of each, or it is too lazy. */

export interface Patch {
  /** In src/core. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant extends Patch {
  readonly name: string;
  /** What else must be wrong, where one line of defence stands behind another. */
  readonly also?: Patch;
  /** What may break first. */
  readonly breaks: string;
  /** A seed that caught it: tried first, so that a run is quick. Any other may do as well. */
  readonly seed: number;
  /** The beginning of the names of the stories that are tried before. */
  readonly story?: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'observations never get old',
    file: 'topology.ts',
    find: "return now.mono - latest.at <= state.settings.watch.freshForMs ? latest.probe.kind : 'unobserved';",
    replace: 'return latest.probe.kind;',
    // An update is not sent later than its evidence is fresh, either.
    also: {
      file: 'intent.ts',
      find: 'plusMs(server.observedAt ?? situation.now.mono, situation.state.settings.watch.freshForMs)',
      replace: 'plusMs(situation.now.mono, situation.state.settings.watch.freshForMs)',
    },
    breaks: 'S1, S4',
    seed: 29,
  },
  {
    name: 'a sleep of the machine is not noticed',
    file: 'step.ts',
    find: 'return drifted > clockJumpMs ?',
    replace: 'return drifted > Number.POSITIVE_INFINITY ?',
    breaks: 'S1, S4',
    seed: 24,
  },
  {
    name: 'an answer that waited counts as fresh',
    file: 'step.ts',
    find: 'return now.mono > probing + lateAnswerMs || probing',
    replace: 'return probing',
    breaks: 'S1',
    seed: 1,
    story: 'an answer from before a stall',
  },
  {
    name: 'an answer from before a sleep counts as fresh',
    file: 'step.ts',
    find: ' || probing - state.settings.watch.probeTimeoutMs < state.staleBefore;',
    replace: ';',
    breaks: 'S1',
    seed: 1,
    story: 'an answer from before a sleep',
  },
  {
    name: 'read_only is ignored',
    file: 'observation.ts',
    find: '!facts.readOnly && !facts.superReadOnly && !facts.offlineMode',
    replace: '!facts.offlineMode',
    breaks: 'S1, S4',
    seed: 2,
  },
  {
    name: 'a superseded source is a candidate',
    file: 'situation.ts',
    find: "if (isSuperseded(situation, server)) return 'is a former source that has not rejoined';",
    replace: '',
    breaks: 'S1, S5',
    seed: 1,
  },
  {
    name: 'a stranger is a candidate',
    file: 'situation.ts',
    find: "if (!belongsToLine(situation, server)) return 'does not belong to the replication line';",
    replace: '',
    breaks: 'S1',
    seed: 53,
  },
  {
    name: 'failover to the first of several promoted servers',
    file: 'decide.ts',
    find: 'if (others.length > 0) return undefined;\n  if (proven)',
    replace: 'if (proven)',
    breaks: 'S4',
    seed: 5,
  },
  {
    name: 'switchover to the first of several promoted servers',
    file: 'decide.ts',
    find: "if (published?.contact !== 'reachable' || proven === undefined || others.length > 0) return undefined;",
    replace: "if (published?.contact !== 'reachable' || proven === undefined) return undefined;",
    breaks: 'S4',
    seed: 37,
  },
  {
    name: 'a second source takes the name from a writable one',
    file: 'decide.ts',
    find: '  publishedIsCandidate,\n  switchover,',
    replace: '  switchover,\n  publishedIsCandidate,',
    breaks: 'S4',
    seed: 2,
  },
  {
    name: 'being writable is proof enough',
    file: 'situation.ts',
    find: 'situation.candidates.filter((candidate) => strongEvidence(situation, candidate).length > 0);',
    replace: 'situation.candidates;',
    breaks: 'S4',
    seed: 14,
  },
  {
    name: 'a restart forges a promotion',
    file: 'observe.ts',
    find: 'const sameProcess = known !== undefined && isSameProcess(known, facts, elapsedMs);',
    replace: 'const sameProcess = known !== undefined && known.id === facts.id && elapsedMs !== 0;',
    breaks: 'S4',
    seed: 14,
  },
  {
    name: 'failover in a minority view',
    file: 'decide.ts',
    find: 'if (reachable(rest).length <= rest.length / 2) return undefined;',
    replace: '',
    breaks: 'S4',
    seed: 8,
  },
  {
    name: 'failover while others hear the source',
    file: 'decide.ts',
    find: "published?.contact !== 'unknown' || topology.followersOf(published.address).length > 0",
    replace: "published?.contact !== 'unknown'",
    breaks: 'S4',
    seed: 33,
  },
  {
    name: 'the decision of the step before is written',
    file: 'publish.ts',
    find: 'settled.decision, undefined, now, effects);',
    replace: 'publication.decision, undefined, now, effects);',
    breaks: 'S1, S4, FREEZE',
    seed: 3,
  },
  {
    name: 'no prerequisites',
    file: 'plan.ts',
    find: 'prerequisites: all.map((want) => asRead(view, want)),',
    replace: 'prerequisites: [],',
    breaks: 'S2',
    seed: 1,
  },
  {
    name: 'no ledger among the prerequisites',
    file: 'plan.ts',
    find: 'prerequisites: all.map((want) => asRead(view, want)),',
    replace: 'prerequisites: wanted.map((want) => asRead(view, want)),',
    breaks: 'S2',
    seed: 1,
  },
  {
    name: 'an unknown outcome counts as applied',
    file: 'attempt.ts',
    find: "if (outcome.kind === 'applied') {",
    replace: "if (outcome.kind !== 'refused') {",
    breaks: 'S2, S4, S6, L1',
    seed: 29,
  },
  {
    name: 'no fence around an update without an answer',
    file: 'write.ts',
    find: 'const chosen = fenced(situation, intended);',
    replace: 'const chosen = intended;',
    breaks: 'S4',
    seed: 64,
    story: 'a move without an answer',
  },
  {
    name: 'the epoch is not raised',
    file: 'intent.ts',
    find: 'const epoch = Math.max(ledger?.epoch ?? 0, publication.remembered?.epoch ?? 0) + 1;',
    replace: 'const epoch = Math.max(ledger?.epoch ?? 0, publication.remembered?.epoch ?? 0, 1);',
    breaks: 'S2',
    seed: 1,
  },
  {
    name: 'a freeze is ignored',
    file: 'decide.ts',
    find: 'if (ledger?.frozen === undefined) return undefined;',
    replace: 'if (ledger?.frozen === undefined || ledger.epoch > 0) return undefined;',
    breaks: 'FREEZE',
    seed: 10,
  },
  {
    name: 'drift is repaired while the source is down',
    file: 'intent.ts',
    find: "if (decision.kind === 'hold') return withdrawal(situation);",
    replace:
      "if (decision.kind === 'hold') return situation.ledger && situation.published ? repair(situation, situation.ledger, situation.published) : undefined;",
    breaks: 'S1',
    seed: 4,
  },
  {
    name: 'a read from before a known update is believed',
    file: 'zone-read.ts',
    find: 'if (awaiting && view.ledgerText === awaiting.attempt.baseText',
    replace: "if (awaiting && view.ledgerText === 'never'",
    breaks: 'S6',
    seed: 1,
  },
  {
    name: 'attached counts as rejoined',
    file: 'rejoin.ts',
    find: 'if (track.rejoined || sourceSet === undefined || ownSet === undefined || track.attachedAt === undefined) return track;',
    replace:
      'if (sourceSet !== undefined && ownSet !== undefined && track.attachedAt !== undefined) return { ...track, rejoined: true };\n  return track;',
    breaks: 'S5',
    seed: 3,
  },
];
