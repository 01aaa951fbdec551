/** `source-dns history`: its form. */

import { didYouMean } from '../../suggest.ts';
import { type CommandForm, type Given, optional, wrongUsage } from '../command-form.ts';
import { historyKinds } from '../history-kinds.ts';
import { readTime } from '../time-span.ts';
import { clusterIfGiven, type OptionalCluster } from './operands.ts';

export interface HistoryArguments extends OptionalCluster {
  /** As typed: `readTime` takes both. */
  readonly since?: string;
  readonly until?: string;
  /** Any of them; absent: all. */
  readonly kinds?: readonly string[];
  /** The newest so many. */
  readonly limit?: number;
}

export const historyForm: CommandForm<HistoryArguments> = {
  operands: [optional('CLUSTER')],
  options: [
    { name: 'since', value: 'TIME', text: 'Only from then on: 2h, 3d, 2026-11-22, "2026-11-22 11:30"' },
    { name: 'until', value: 'TIME', text: 'Only before this time' },
    {
      name: 'kind',
      value: 'KIND',
      repeatable: true,
      oneOf: historyKinds,
      text: 'Only entries of this kind; may be repeated',
    },
    { name: 'limit', value: 'N', text: 'Only the newest N entries' },
  ],
  summary: 'Show every move and every hold, with its times',
  details: [
    'The newest entry is the last one. Moves are marked with "=>", and have their times: seen, decided,',
    'published, and answered by every authoritative nameserver.',
    `KIND is one of ${historyKinds.join(', ')}.`,
    'All times are UTC. A time without a zone is UTC too; "2026-11-22T11:30+01:00" has one.',
  ],
  examples: [
    ['history shop --since 1d', 'What happened since yesterday'],
    ['history shop --kind moves --limit 5', 'The last moves'],
    ['history --since "2026-11-22 11:00" --until "2026-11-22 12:00"', 'One hour, all clusters'],
  ],
  exits: { 0: 'shown, or nothing to show', 1: 'failed: the history cannot be read', 2: wrongUsage },
  build(given) {
    const kinds = given.values('kind').flatMap((value) => value.split(','));
    const problem = kindProblem(kinds) ?? timeProblem(given) ?? limitProblem(given.value('limit'));
    if (problem !== undefined) return problem;
    const [since, until, limit] = ['since', 'until', 'limit'].map(given.value);
    return {
      ...clusterIfGiven(given),
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(kinds.length > 0 && { kinds }),
      ...(limit !== undefined && { limit: Number(limit) }),
    };
  },
};

function kindProblem(kinds: readonly string[]): string | undefined {
  const wrong = kinds.find((kind) => !historyKinds.includes(kind));
  return wrong === undefined
    ? undefined
    : `there is no kind "${wrong}"${didYouMean(wrong, historyKinds) || `; the kinds are ${historyKinds.join(', ')}`}`;
}

/** Two spans such as `2h` and `1h` are compared as if it were one moment: they are read a moment apart. */
function timeProblem(given: Given): string | undefined {
  const [since, until] = ['since', 'until'].map((option) => {
    const text = given.value(option);
    return text === undefined ? undefined : readTime(text, 0);
  });
  if (typeof since === 'string') return `--since: ${since}`;
  if (typeof until === 'string') return `--until: ${until}`;
  const comparable = since !== undefined && until !== undefined && since < 0 === until < 0;
  return comparable && since >= until ? '--since must be before --until' : undefined;
}

const limitProblem = (limit: string | undefined): string | undefined =>
  limit === undefined || /^[1-9]\d{0,6}$/.test(limit) ? undefined : '--limit needs a number from 1 on';
