/** Builds that are wrong in what they make of the servers, and in what they decide. */

import type { Mutant } from './mutants.ts';

export const decidingMutants: readonly Mutant[] = [
  {
    name: 'observations never get old',
    patches: [
      {
        file: 'core/observe/topology.ts',
        find: "return now.mono - latest.at <= state.settings.watch.freshForMs ? latest.probe.kind : 'unobserved';",
        replace: 'return latest.probe.kind;',
      },
      // The second patch also lets updates be sent later than their evidence is fresh.
      {
        file: 'core/publish/intended.ts',
        find: 'plusMs(server.observedAt ?? situation.now.mono, situation.state.settings.watch.freshForMs)',
        replace: 'plusMs(situation.now.mono, situation.state.settings.watch.freshForMs)',
      },
    ],
    breaks: ['S1', 'S4', 'S7'],
    seed: 1,
  },
  {
    name: 'a sleep of the machine is not noticed',
    patches: [
      {
        file: 'core/step.ts',
        find: 'return drifted > clockJumpMs ?',
        replace: 'return drifted > Number.POSITIVE_INFINITY ?',
      },
    ],
    breaks: ['S1', 'S4', 'S7'],
    seed: 51,
  },
  {
    name: 'an answer that waited counts as fresh',
    patches: [
      {
        file: 'core/step.ts',
        find: 'now.mono > probing + lateAnswerMs || probing',
        replace: 'probing',
      },
    ],
    breaks: ['S1', 'S4', 'S7'],
    seed: 1,
    story: 'an answer from before a stall',
  },
  {
    name: 'an answer from before a sleep counts as fresh',
    patches: [
      {
        file: 'core/step.ts',
        find: '|| probing - state.settings.watch.probeTimeoutMs < state.staleBefore',
        replace: '',
      },
    ],
    breaks: ['S1', 'S7'],
    seed: 1,
    story: 'an answer from before a sleep',
  },
  {
    name: 'read_only is ignored',
    patches: [
      {
        file: 'core/model/observation.ts',
        find: '  !facts.readOnly &&\n  !facts.superReadOnly &&\n',
        replace: '',
      },
    ],
    breaks: ['S1', 'S4'],
    seed: 5,
  },
  {
    name: 'innodb_force_recovery is ignored',
    patches: [
      { file: 'core/model/observation.ts', find: '  (facts.switches ?? []).length === 0 &&\n', replace: '' },
    ],
    breaks: ['S1'],
    seed: 1,
    story: 'a source that a switch closed',
  },
  {
    name: 'every refusal counts as serving nobody',
    patches: [
      {
        file: 'core/observe/topology.ts',
        find: "contact === 'alive' && servesNobody(memory.latest?.probe)",
        replace: "contact === 'alive'",
      },
    ],
    breaks: ['S4'],
    seed: 1,
    story: 'a source that refuses us alone',
  },
  {
    name: 'a superseded source is a candidate',
    patches: [
      {
        file: 'core/decide/candidates.ts',
        find: "if (isSuperseded(situation, server)) return 'is a former source that has not rejoined';",
        replace: '',
      },
    ],
    breaks: ['S1', 'S5'],
    seed: 3,
  },
  {
    name: 'a stranger is a candidate',
    patches: [
      {
        file: 'core/decide/candidates.ts',
        find: "if (!belongsToLine(situation, server)) return 'does not belong to the replication line';",
        replace: '',
      },
    ],
    breaks: ['S1'],
    seed: 53,
    story: 'a stranger in a cluster',
  },
  {
    name: 'failover to the first of several promoted servers',
    patches: [
      {
        file: 'core/decide/rules/failover.ts',
        find: 'if (others.length > 0) return undefined;\n  if (proven)',
        replace: 'if (proven)',
      },
    ],
    breaks: ['S4'],
    seed: 9,
  },
  {
    name: 'switchover to the first of several promoted servers',
    patches: [
      {
        file: 'core/decide/rules/switchover.ts',
        find: 'if (published === undefined || !tellsItsState(published) || proven === undefined || others.length > 0) return undefined;',
        replace:
          'if (published === undefined || !tellsItsState(published) || proven === undefined) return undefined;',
      },
    ],
    breaks: ['S1', 'S4'],
    seed: 51,
  },
  {
    name: 'a second source takes the name from a writable one',
    patches: [
      {
        file: 'core/decide/table.ts',
        find: 'publishedIsCandidate(situation) ?? // 10 switchover(situation) ??',
        replace: 'switchover(situation) ?? publishedIsCandidate(situation) ??',
      },
    ],
    breaks: ['S4'],
    seed: 2,
  },
  {
    name: 'a writable server counts as proven',
    patches: [
      {
        file: 'core/decide/strong-evidence.ts',
        find: 'situation.candidates.filter((candidate) => strongEvidence(situation, candidate).length > 0),',
        replace: 'situation.candidates,',
      },
    ],
    breaks: ['S4'],
    seed: 2,
  },
  {
    name: 'a restart counts as a promotion',
    patches: [
      {
        file: 'core/observe/observe.ts',
        find: 'const sameProcess = known !== undefined && isSameProcess(known, facts, elapsedMs);',
        replace: 'const sameProcess = known !== undefined && known.id === facts.id && elapsedMs !== 0;',
      },
    ],
    breaks: ['S4'],
    seed: 4,
  },
  {
    name: 'a restart of the source proves a promotion beside it',
    patches: [
      {
        file: 'core/observe/observe.ts',
        find: 'sameServer ? (sameProcess && wasWritable ? moment : before.closedAt) : undefined',
        replace: 'sameServer ? (wasWritable ? moment : before.closedAt) : undefined',
      },
    ],
    breaks: ['S4'],
    seed: 1,
    story: 'a promotion beside a source that restarts',
  },
  {
    name: 'a source that opened again still counts as closed',
    patches: [
      {
        file: 'core/observe/observe.ts',
        find: 'lostAskedAt: undefined, closedAt: undefined };',
        replace: 'lostAskedAt: undefined, closedAt: before.closedAt };',
      },
    ],
    breaks: ['S4'],
    seed: 16,
  },
  {
    name: 'a promotion beside a healthy source is proof for ever',
    patches: [
      {
        file: 'core/decide/promotion.ts',
        find: 'return shutAskedAt !== undefined && shutAskedAt >= published.lostAskedAt;',
        replace: 'return true;',
      },
    ],
    breaks: ['S4'],
    seed: 11,
  },
  {
    name: 'failover in a minority view',
    patches: [
      {
        file: 'core/decide/rules/failover.ts',
        find: 'if (reachable(rest).length <= rest.length / 2) return undefined;',
        replace: '',
      },
    ],
    breaks: ['S4'],
    seed: 8,
    story: 'a minority view',
  },
  {
    name: 'failover while others hear the source',
    patches: [
      {
        file: 'core/decide/rules/failover.ts',
        find: "published?.contact !== 'unknown' || topology.followersOf(published.address).length > 0",
        replace: "published?.contact !== 'unknown'",
      },
      // The second patch is needed because the source also prevents a move to any other server.
      {
        file: 'core/decide/rivals.ts',
        find: "(member.contact === 'alive' || (member.contact === 'unknown' && situation.topology.followersOf(member.address).length > 0)) &&",
        replace: "member.contact === 'alive' &&",
      },
    ],
    breaks: ['S4'],
    seed: 33,
    story: 'a source that others hear',
  },
  {
    name: 'the previous decision is written',
    patches: [
      {
        file: 'core/turn.ts',
        find: 'situationOf(next, settled, now, { topology }), settled.decision);',
        replace: 'situationOf(next, settled, now, { topology }), publication.decision);',
      },
    ],
    breaks: ['S1', 'S4', 'FREEZE'],
    seed: 9,
  },
  {
    name: 'a freeze is ignored',
    patches: [
      {
        file: 'core/decide/rules/frozen.ts',
        find: 'if (ledger?.frozen === undefined) return undefined;',
        replace: 'if (ledger?.frozen === undefined || ledger.epoch > 0) return undefined;',
      },
    ],
    breaks: ['FREEZE'],
    seed: 30,
  },
  {
    name: 'a freeze by another instance is ignored',
    patches: [
      {
        file: 'core/decide/rules/frozen.ts',
        find: 'if (ledger?.frozen === undefined) return undefined;',
        replace:
          'if (ledger?.frozen === undefined || ledger.by !== arguments[0].state.settings.instance) return undefined;',
      },
    ],
    breaks: ['FREEZE'],
    seed: 17,
  },
  {
    name: 'a frozen name is restored',
    patches: [
      {
        file: 'core/decide/rules/lost-ledger.ts',
        find: 'if (ledger?.frozen) return undefined;',
        replace: '',
      },
    ],
    breaks: ['FREEZE'],
    seed: 1,
    story: 'a frozen name',
  },
  {
    name: 'the next source counts as the passive half of a ring',
    patches: [{ file: 'core/decide/candidates.ts', find: ' && wasThere(upstream, source)', replace: '' }],
    breaks: ['S1'],
    seed: 1,
    story: 'a source that tries',
  },
  {
    name: 'one member of a group is believed',
    patches: [
      {
        file: 'core/decide/elections.ts',
        find: 'const needed = Math.max(Math.floor(electors.length / 2) + 1, 2);',
        replace: 'const needed = 1;',
      },
    ],
    breaks: ['S4'],
    seed: 6,
  },
  {
    name: 'the answering members of a group count as its majority',
    patches: [
      {
        file: 'core/decide/elections.ts',
        find: 'members.filter((member) => mayElect(group, member));',
        replace: 'members.filter((member) => member.facts !== undefined && mayElect(group, member));',
      },
    ],
    breaks: ['S4'],
    seed: 42,
  },
  {
    name: 'a writable secondary of a group counts as promoted',
    patches: [
      {
        file: 'core/decide/candidates.ts',
        find: "if (isSecondary(server)) return 'is a secondary of its group';",
        replace: '',
      },
      {
        file: 'core/decide/strong-evidence.ts',
        find: 'if (isPromotedInIncident(situation.published, server) && !isLeftToGroup(situation, server))',
        replace: 'if (isPromotedInIncident(situation.published, server))',
      },
    ],
    breaks: ['S4'],
    seed: 21048,
  },
  {
    name: 'a server that bootstraps its own group counts as promoted',
    patches: [
      {
        file: 'core/decide/strong-evidence.ts',
        find: 'if (isPromotedInIncident(situation.published, server) && !isLeftToGroup(situation, server))',
        replace: 'if (isPromotedInIncident(situation.published, server))',
      },
    ],
    breaks: ['S4'],
    seed: 618,
  },
  {
    name: 'a probe without an answer stays open for ever',
    patches: [
      {
        file: 'core/step.ts',
        find: 'const result = observe({ ...asked, probing: undefined }, probe,',
        replace:
          "const result = observe(probe.kind === 'unknown' ? asked : { ...asked, probing: undefined }, probe,",
      },
    ],
    breaks: ['L1'],
    seed: 1,
  },
  {
    name: 'a resolved address is published untried',
    patches: [
      {
        file: 'core/observe/server-addresses.ts',
        find: 'if (facts?.peer === undefined || !proposed?.includes(facts.peer)) return memory;',
        replace: 'if (proposed) return { ...memory, addresses: proposed };',
      },
      {
        file: 'core/decide/form.ts',
        find: 'if (unprovenAddress(situation, target)) return undefined;',
        replace: '',
      },
    ],
    breaks: ['S1', 'S3'],
    seed: 1,
    story: 'a host name leads nowhere',
  },
  {
    name: 'the answer of another member counts for this member',
    patches: [
      {
        file: 'core/step.ts',
        find: 'const probe = notMisled(state, memory, told);',
        replace: 'const probe = told;',
      },
    ],
    breaks: ['S1', 'S4'],
    seed: 13,
  },
  {
    name: 'force overrides what was just seen',
    patches: [
      {
        file: 'core/decide/rules/commanded.ts',
        find: 'const closed = command.force && !command.althoughReadOnly ? knownReplica',
        replace: 'const closed = false ? knownReplica',
      },
    ],
    breaks: ['S1'],
    seed: 1,
    story: 'a replica is named by force',
  },
  {
    name: 'a stale gtid_executed is believed in OFF_PERMISSIVE',
    patches: [
      {
        file: 'mysql/flavour/mysql-rows.ts',
        find: "return mode === 'OFF_PERMISSIVE' ? { gtidReplicated: executed } : { gtidExecuted: executed };",
        replace: 'return { gtidExecuted: executed };',
      },
      {
        file: 'core/observe/comparison.ts',
        find: "const complete = theirs.gtidMode === undefined || own.gtidMode === 'ON';",
        replace: 'const complete = true;',
      },
    ],
    breaks: ['S5'],
    seed: 4,
    story: 'a former source that lags has not rejoined: permissive',
  },
  {
    name: 'a place in the binary log counts as reached before it is',
    patches: [
      {
        file: 'core/observe/waypoint.ts',
        find: 'applied !== undefined && isAtOrAfter(applied, place);',
        replace: 'applied !== undefined;',
      },
    ],
    breaks: ['S5'],
    seed: 4,
    story: 'a former source that lags has not rejoined: OFF',
  },
  {
    name: 'the GTIDs of a source in a mode without GTIDs are ignored',
    patches: [
      {
        file: 'core/decide/rejoin.ts',
        find: 'const own = source.facts && gtidsOf(source.facts) && isOfServers(track.target)',
        replace: 'const own = source.facts?.gtidExecuted && isOfServers(track.target)',
      },
    ],
    breaks: ['S5'],
    seed: 179,
    story: 'a former source is asked for its GTIDs',
  },
];
