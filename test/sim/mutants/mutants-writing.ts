/** Builds that are wrong in what they write into the zone, or in what they conclude from the outcome. */

import type { Mutant } from './mutants.ts';

export const writingMutants: readonly Mutant[] = [
  {
    name: 'an update has no prerequisites',
    patches: [
      {
        file: 'core/publish/plan.ts',
        find: 'prerequisites: all.map((want) => asRead(view, want)),',
        replace: 'prerequisites: [],',
      },
    ],
    breaks: ['S2'],
    seed: 1,
  },
  {
    name: 'an update does not require the ledger',
    patches: [
      {
        file: 'core/publish/plan.ts',
        find: 'prerequisites: all.map((want) => asRead(view, want)),',
        replace: 'prerequisites: wanted.map((want) => asRead(view, want)),',
      },
    ],
    breaks: ['S2'],
    seed: 3,
  },
  {
    name: 'an update does not require the SRV RRset',
    patches: [
      {
        file: 'core/publish/plan.ts',
        find: 'prerequisites: all.map((want) => asRead(view, want)),',
        replace:
          "prerequisites: all.filter((want) => want.type !== 'SRV').map((want) => asRead(view, want)),",
      },
    ],
    breaks: ['S2'],
    seed: 45,
  },
  {
    name: 'an unknown outcome counts as applied',
    patches: [
      {
        file: 'core/publish/attempt.ts',
        find: "if (outcome.kind === 'applied') {",
        replace: "if (outcome.kind !== 'refused') {",
      },
    ],
    breaks: ['S2', 'S4', 'S6', 'L1'],
    seed: 14,
  },
  {
    name: 'an update without an answer is not fenced off',
    patches: [
      {
        file: 'core/publish/write.ts',
        find: 'const chosen = fenced(situation, intended);',
        replace: 'const chosen = intended;',
      },
    ],
    breaks: ['S4'],
    seed: 6,
    story: 'a move without an answer',
  },
  {
    name: 'the epoch is not raised',
    patches: [
      {
        file: 'core/publish/move.ts',
        find: 'const epoch = Math.max(ledger?.epoch ?? 0, publication.zone.remembered?.epoch ?? 0) + 1;',
        replace: 'const epoch = Math.max(ledger?.epoch ?? 0, publication.zone.remembered?.epoch ?? 0, 1);',
      },
    ],
    breaks: ['S2'],
    seed: 1,
  },
  {
    name: 'drift is repaired while the source is down',
    patches: [
      {
        file: 'core/publish/intent.ts',
        find: "if (decision.kind === 'hold') return backAgain(situation, decision) ?? duringFreeze(situation, decision) ?? withdrawal(situation);",
        replace:
          "if (decision.kind === 'hold') return situation.ledger && situation.published ? repair(situation, situation.ledger, situation.published) : undefined;",
      },
    ],
    breaks: ['S1'],
    seed: 6,
  },
  {
    name: 'a read from before a known update is believed',
    patches: [
      {
        file: 'core/publish/zone-read.ts',
        find: 'if (awaiting && view.ledgerText === awaiting.attempt.baseText',
        replace: "if (awaiting && view.ledgerText === 'never'",
      },
    ],
    breaks: ['S6'],
    seed: 2,
  },
  {
    name: 'an attached server counts as rejoined',
    patches: [
      {
        file: 'core/decide/rejoin.ts',
        find: 'if (comparison === undefined || attachedAt === undefined) return begun;',
        replace:
          'if (comparison !== undefined && attachedAt !== undefined) return { ...begun, rejoined: true };\n  if (comparison === undefined || attachedAt === undefined) return begun;',
      },
    ],
    breaks: ['S5'],
    seed: 3,
  },
  {
    name: 'the former sources are forgotten at the next move',
    patches: [
      {
        file: 'core/publish/move.ts',
        find: 'was: formersAfter(previous, target, uuid),',
        replace: 'was: previous?.was ?? [],',
      },
    ],
    breaks: ['S5'],
    seed: 3,
  },
  {
    name: 'fields of a newer version are dropped',
    patches: [
      {
        file: 'core/model/ledger-text.ts',
        find: 'return [...fields, ...ledger.unknown];',
        replace: 'return fields;',
      },
    ],
    breaks: ['S2'],
    seed: 15,
  },
  {
    name: 'the old RRset is not deleted',
    patches: [
      {
        file: 'core/publish/plan.ts',
        find: '.filter((want) => findRrset(view.rrsets, want.name, want.type))',
        replace: ".filter((want) => want.type === 'TXT' && findRrset(view.rrsets, want.name, want.type))",
      },
    ],
    breaks: ['S3'],
    seed: 1,
  },
  {
    name: 'the outcome of an update is not asked',
    patches: [
      {
        file: 'core/publish/attempt.ts',
        find: 'pending: mayBeThere ? [...pending.slice(-31), { ...attempt, answered: lostRace }] : pending,',
        replace: 'pending,',
      },
    ],
    breaks: ['S2', 'S4', 'S6'],
    seed: 6,
    story: 'a move without an answer',
  },
  {
    name: 'a channel from any member makes a replica',
    patches: [
      {
        file: 'core/decide/replica-lag.ts',
        find: 'const rest = ways.get(hop.upstream);',
        replace: 'const rest = ways.get(hop.upstream) ?? { lagSeconds: 0 };',
      },
      {
        file: 'core/decide/replica-lag.ts',
        find: '!isSuperseded(situation, server) && !isPublished(situation, server);',
        replace: 'true;',
      },
    ],
    breaks: ['S7'],
    seed: 1,
  },
  {
    name: 'replicas of a former source that has not rejoined are published',
    patches: [
      {
        file: 'core/decide/replica-lag.ts',
        find: '!isSuperseded(situation, server) && !isPublished(situation, server);',
        replace: 'true;',
      },
    ],
    breaks: ['S7'],
    seed: 80,
  },
  {
    name: 'the answer of a wildcard counts as stored',
    patches: [
      {
        file: 'dns/read/zone-reader.ts',
        find: 'rrsets: stored,',
        replace: 'rrsets: [...stored, ...synthesized],',
      },
    ],
    breaks: ['S6', 'L1'],
    seed: 1,
  },
  {
    name: 'SERVFAIL at a name that a wildcard makes fail is not looked into',
    patches: [
      {
        file: 'dns/read/read-rrsets.ts',
        find: 'isServfail(first) ? await lookTwice(correspondent, question, deadline, () => look(question.name, first.failure)) : first;',
        replace: 'first as Reading;',
      },
    ],
    breaks: ['L1'],
    seed: 17,
  },
  {
    name: 'a move waits for its side names',
    patches: [
      {
        file: 'core/publish/refusals.ts',
        find: 'if (leftOut !== undefined) return leftOut;',
        replace: 'if (settings.source) return undefined;',
      },
      {
        file: 'core/publish/refusals.ts',
        find: 'writing: { refusals, leftOut },',
        replace: 'settings, writing: { refusals, leftOut },',
      },
    ],
    breaks: ['L1', 'L2'],
    seed: 45,
  },
  {
    name: 'a write that the nameserver changed counts as a change by hand',
    patches: [{ file: 'core/publish/plan.ts', find: ' && !isAsNearAsItGets(view, want)', replace: '' }],
    breaks: ['L1', 'L2'],
    seed: 37,
  },
  {
    name: 'a refusal is inspected although the zone is as decided',
    patches: [
      {
        file: 'core/publish/write.ts',
        find: 'withoutInspections(withoutLostRaces(noted))',
        replace: 'withoutLostRaces(noted)',
      },
    ],
    breaks: ['L2'],
    seed: 311,
  },
];
