/** How good a cluster is, in words and colour: the same words as on the status page. Pure. */

import type { ClusterDocument } from '../http/documents.ts';
import { byTone, type Tone, type Verdict, verdictOf } from '../page/verdict.ts';
import type { Style } from './style.ts';

const colours: Readonly<Record<Tone, 'red' | 'yellow' | 'green'>> = {
  down: 'red',
  held: 'red',
  note: 'yellow',
  moving: 'yellow',
  frozen: 'yellow',
  asking: 'yellow',
  good: 'green',
};

export const toneColour = (tone: Tone, style: Style): ((text: string) => string) => style[colours[tone]];

/** `steady`, `held`, `no writable source`. */
export const verdictText = ({ tone, word }: Verdict, style: Style): string =>
  toneColour(tone, style)(`${word.charAt(0).toLowerCase()}${word.slice(1)}`);

/** The worst first; equally good ones in their order. */
export const worstFirst = (documents: readonly ClusterDocument[]): readonly ClusterDocument[] =>
  documents
    .map((document) => ({ document, tone: verdictOf(document).tone }))
    .toSorted((a, b) => byTone(a.tone, b.tone))
    .map(({ document }) => document);
