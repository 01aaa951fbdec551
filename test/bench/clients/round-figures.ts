/** The table of the rounds: a row for each plan. */

import { type Figure, median } from '../harness/benchmark.ts';
import { connections, type Plan, type Round } from './round.ts';

const incidentWords: Readonly<Record<Plan['incident'], string>> = {
  kill: 'kill -9',
  switchover: 'switchover, the old source is a replica',
  hang: 'SIGSTOP',
  unfenced: 'the old source stays writable',
};

/** `interval`, and what reconnecting may take. */
const slowMs = 1000 + 400;
const targets = { median: 150, worst: 400, errors: connections };

export function roundFigures(plan: Plan, rounds: readonly Round[]): readonly Figure[] {
  const row = wordsOf(plan);
  const following = plan.pool === 'following';
  const prompt = plan.incident === 'kill' || plan.incident === 'switchover';
  const followed = rounds.map(({ followedMs }) => followedMs);
  const most = (pick: (round: Round) => number): number => Math.max(...rounds.map(pick));
  const figure = (column: string, value: number, unit: Figure['unit'], atMost?: number): readonly Figure[] =>
    // A median of rounds that never ended is none.
    Number.isFinite(value)
      ? [
          {
            what: `${column}: ${row}`,
            value,
            unit,
            ...(atMost !== undefined && following && { target: { atMost } }),
          },
        ]
      : [];
  return [
    ...figure('name answers', median(rounds.map(({ answerMs }) => answerMs)), 'ms'),
    ...figure(
      'then all write on the new source, median',
      median(followed),
      'ms',
      prompt ? targets.median : slowMs,
    ),
    ...figure('worst', Math.max(...followed), 'ms', prompt ? targets.worst : slowMs),
    ...figure(
      'writers that never came',
      most(({ left }) => left),
      '',
      0,
    ),
    ...figure(
      'most errors',
      most(({ errors }) => errors),
      '',
      targets.errors,
    ),
    ...figure(
      'most writes that the old source took after the answer',
      most(({ lost }) => lost),
      '',
    ),
    ...figure(
      'the last of them',
      most(({ lastLostMs }) => lastLostMs),
      'ms',
    ),
    ...figure(
      'written twice',
      most(({ twice }) => twice),
      '',
      0,
    ),
    ...figure('rounds without an exit', rounds.filter(({ exited }) => !exited).length, '', 0),
  ];
}

export const wordsOf = ({ incident, writing, pool, fenced }: Plan): string =>
  `${incidentWords[incident]}, ${writing}, ${pool} pool${fenced ? ', with fence' : ''}`;
