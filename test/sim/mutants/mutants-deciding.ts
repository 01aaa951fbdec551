/** Builds that know the servers as they are, and decide wrong. */

import type { Mutant } from './mutants.ts';

export const decidingMutants: readonly Mutant[] = [
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
    name: 'an announced server gets the name at once',
    patches: [
      {
        file: 'core/decide/rules/commanded.ts',
        find: 'const server = candidates.find((candidate) => candidate.id === next.uuid);',
        replace: 'const server = situation.members.find((candidate) => candidate.id === next.uuid);',
      },
      {
        file: 'core/decide/rules/commanded.ts',
        find: 'const { ledger, candidates, now } = situation;',
        replace: 'const { ledger, now } = situation;',
      },
    ],
    breaks: ['S1'],
    seed: 1,
    story: 'an announced server',
  },
  {
    name: 'a stranger is a candidate',
    patches: [
      {
        file: 'core/decide/candidates.ts',
        find: "return belongsToLine(situation, server) ? undefined : 'does not belong to the replication line';",
        replace: 'return undefined;',
      },
    ],
    breaks: ['S1'],
    seed: 1,
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
    seed: 27,
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
    seed: 3,
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
    seed: 4,
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
    seed: 4,
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
    seed: 1,
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
    seed: 1,
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
    seed: 8,
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
    seed: 32,
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
    seed: 18,
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
    seed: 6,
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
    seed: 114,
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
    name: 'force publishes a server with the address of another',
    patches: [{ file: 'core/decide/form.ts', find: 'addressOfAnother(situation, target) ??', replace: '' }],
    breaks: ['S3'],
    seed: 1,
    story: 'a silent server is not published',
  },
];
