/** Many clusters on one screen for `status`: a line for each, the worst first. Pure. */

import type { ClusterDocument } from '../http/documents.ts';
import {
  attentionWords,
  counted,
  followers,
  isOnlyThought,
  plainName,
  type Tone,
  talliesOf,
  verdictOf,
} from '../page/verdict.ts';
import { printable, type Style } from './style.ts';
import { type Column, fittingTable } from './table.ts';
import { toneColour, worstFirst } from './tone-style.ts';
import { wrapped } from './wrap.ts';

const columns: readonly Column[] = [
  { heading: 'CLUSTER' },
  { heading: 'STATE' },
  { heading: 'WHY', dispensable: 4 },
  { heading: 'POINTS TO', dispensable: 3 },
  { heading: 'NAME', dispensable: 1 },
  { heading: 'FOLLOW', dispensable: 2 },
  { heading: 'ALARMS', dispensable: 5 },
];

/** Short: a column for every cluster. */
const stateWords: Readonly<Record<Tone, string>> = {
  down: 'down',
  held: 'held',
  note: 'alarms',
  moving: 'moving',
  frozen: 'frozen',
  asking: 'asking',
  good: 'steady',
};

export interface Screen {
  /** Undefined: not limited. */
  readonly columns: number | undefined;
  /** So many lines at most. */
  readonly rows: number;
}

/** At least one line of a cluster is shown, however small the screen is. */
export function overviewText(
  documents: readonly ClusterDocument[],
  style: Style,
  { columns: limit, rows }: Screen,
): string {
  const within = (text: string): string => (limit === undefined ? text : wrapped(text, limit));
  const head = within(`${headText(documents, style)}\n`);
  const foot = `${within(style.dim('One of them: source-dns status CLUSTER'))}\n`;
  const sorted = worstFirst(documents);
  const height = (text: string): number => text.split('\n').length - 1;
  // The headings, and the line for those that have no room.
  const room = Math.max(1, rows - height(head) - height(foot) - 2);
  const shown = sorted.length <= room + 1 ? sorted : sorted.slice(0, room);
  const more = sorted.length - shown.length;
  const table = fittingTable(
    columns,
    shown.map((document) => rowOf(printable(document), style)),
    limit,
  );
  const rest = more === 0 ? '' : within(`  and ${more.toLocaleString('en')} more\n`);
  return `${head}${table}${rest}${foot}`;
}

function headText(documents: readonly ClusterDocument[], style: Style): string {
  const found = documents.map((document) => verdictOf(document));
  const words = attentionWords(found);
  if (words === undefined)
    return style.green(`${counted(documents.length, 'cluster')}: every name is steady`);
  const bad = talliesOf(found)
    .filter(({ tone }) => tone !== 'good')
    .map(({ count, words }) => `${count.toLocaleString('en')} ${words}`);
  return style.bold(`${words}: ${bad.join(', ')}`);
}

function rowOf(document: ClusterDocument, style: Style) {
  const { cluster, name, ledger, alarms } = document;
  const verdict = verdictOf(document);
  const { have, all } = followers(document);
  const codes = [...new Set(alarms.map(({ code }) => code))];
  const why = verdict.code === 'steady' ? '' : verdict.code;
  return [
    { text: cluster, paint: style.bold },
    {
      text: isOnlyThought(verdict) ? 'would move' : stateWords[verdict.tone],
      paint: toneColour(verdict.tone, style),
    },
    { text: why },
    { text: ledger?.source ?? 'nothing' },
    { text: plainName(name ?? '') },
    { text: `${have} of ${all}` },
    // The other columns need the room more than the second code.
    { text: codes.length > 1 ? `${codes[0]} +${codes.length - 1}` : (codes[0] ?? ''), paint: style.red },
  ];
}
