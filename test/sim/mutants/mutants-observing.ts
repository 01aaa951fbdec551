/** Builds that draw wrong conclusions from what the servers answer. */

import type { Mutant } from './mutants.ts';

export const observingMutants: readonly Mutant[] = [
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
        find: 'drifted > clockJumpMs ? {',
        replace: 'drifted > Number.POSITIVE_INFINITY ? {',
      },
    ],
    breaks: ['S1', 'S4', 'S7'],
    seed: 5,
  },
  {
    name: 'a server that was not asked counts as silent',
    patches: [
      {
        file: 'core/step.ts',
        find: 'return withServer(state, changedServer(memory, waiting));',
        replace: "told = { ...told, kind: 'unknown' };",
      },
    ],
    breaks: ['S4'],
    seed: 58,
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
    seed: 2,
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
    name: 'a probe without an answer stays open for ever',
    patches: [
      {
        file: 'core/observe/observe.ts',
        find: 'memory: changedServer(memory, {\n      probing: undefined,',
        replace:
          "memory: changedServer(memory, {\n      probing: probe.kind === 'unknown' ? memory.probing : undefined,",
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
    name: 'addresses at which another server answered are kept',
    patches: [
      {
        file: 'core/observe/server-addresses.ts',
        find: 'addresses: isSame || memory.addresses?.includes(facts.peer) ? memory.addresses : [facts.peer],',
        replace: 'addresses: memory.addresses,',
      },
    ],
    breaks: ['S7'],
    seed: 4_000_004,
  },
  {
    name: 'servers keep the names of others',
    patches: [
      { file: 'core/observe/own-names.ts', find: 'names.size === 0 ||', replace: 'names.size < 99 ||' },
    ],
    breaks: ['L1'],
    seed: 1,
    story: 'servers get their own names',
  },
  {
    name: 'a stale gtid_executed is believed in OFF_PERMISSIVE',
    patches: [
      {
        file: 'mysql/flavour/mysql-rows.ts',
        find: "const isReplicated = mode === 'OFF_PERMISSIVE';",
        replace: 'const isReplicated = false;',
      },
      {
        file: 'core/observe/comparison.ts',
        find: "const complete = theirs.gtidMode === undefined || own.gtidMode === 'ON';",
        replace: 'const complete = true;',
      },
    ],
    breaks: ['S5'],
    seed: 1,
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
    seed: 1,
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
    seed: 1,
    story: 'a former source is asked for its GTIDs',
  },
  {
    name: 'one server under two names counts by the first name',
    patches: [
      {
        file: 'core/observe/same-server.ts',
        find: '?? ownName(seen) ?? seen[0]',
        replace: '?? seen[0]',
      },
    ],
    breaks: ['S1'],
    seed: 150,
  },
];
