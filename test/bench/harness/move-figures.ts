/** The figures of the moves of one kind. */

import { type Figure, median, percentile } from './benchmark.ts';
import type { Kind, MoveStages, Round } from './move-stages.ts';

const words: Readonly<Record<Kind, string>> = { failover: 'crash', switchover: 'planned switchover' };

const stageNames: readonly (readonly [Exclude<keyof MoveStages, 'glanced'>, string])[] = [
  ['asked', 'noticed: promotion to the begin of the probe that sees it'],
  ['probed', 'probed: to its answer'],
  ['decided', 'decided and sent: to the update'],
  ['applied', "applied: to the nameserver's answer"],
  ['readBack', 'read back: to the primary showing it'],
  ['propagated', 'propagated: to every nameserver showing it'],
];

export function moveFigures(
  kind: Kind,
  rounds: readonly Round[],
  targets: { readonly median: number; readonly p99: number },
): readonly Figure[] {
  const what = words[kind];
  const times = rounds.map(({ promoted, answeredAt }) => answeredAt - promoted.returnedAt);
  const sinceSent = rounds.map(({ promoted, answeredAt }) => answeredAt - promoted.sentAt);
  const dba = rounds.flatMap(({ promoted, dbaAnsweredAt }) =>
    dbaAnsweredAt === undefined ? [] : [dbaAnsweredAt - promoted.returnedAt],
  );
  const glanced = rounds.filter(({ stages }) => stages.glanced).length;
  return [
    ms(`${what}, median of ${rounds.length}`, median(times), targets.median),
    ms(`${what}, p99`, percentile(times, 0.99), targets.p99),
    ms(`${what}, longest`, Math.max(...times)),
    ms(`${what}, from the sending of the statement, median`, median(sinceSent)),
    ms(`${what}, a DBA's loop, median of ${dba.length}`, median(dba)),
    ms(`${what}, a DBA's loop, p99`, percentile(dba, 0.99)),
    {
      what: `${what}, a DBA's loop takes so many times longer`,
      value: median(dba) / median(times),
      unit: 'times',
    },
    ...stageFigures(
      what,
      rounds.map(({ stages }) => stages),
    ),
    { what: `${what}, share that a glance noticed first`, value: (100 * glanced) / rounds.length, unit: '%' },
  ];
}

/** Means, because these add up. */
function stageFigures(what: string, all: readonly MoveStages[]): readonly Figure[] {
  const mean = (stage: Exclude<keyof MoveStages, 'glanced'>): number =>
    all.reduce((sum, stages) => sum + stages[stage], 0) / all.length;
  let before = 0;
  return stageNames.map(([stage, name]) => {
    const at = mean(stage);
    const figure = ms(`${what}, mean, ${name}`, at - before);
    before = at;
    return figure;
  });
}

const ms = (what: string, value: number, atMost?: number): Figure => ({
  what,
  value,
  unit: 'ms',
  ...(atMost === undefined ? {} : { target: { atMost } }),
});
