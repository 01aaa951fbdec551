/** A procedure for a person. Pure. */

import type { Check, Procedure, Step } from '../core/model/procedure.ts';
import type { AdviceDocument } from '../http/documents.ts';
import { printable, type Style } from './style.ts';
import { wrapped } from './wrap.ts';

/** Breaks prose. A statement is never broken: it is to be pasted. */
type Prose = (text: string) => string;

/** Numbered steps. Statements stand on lines of their own, and can be pasted as they are. */
export function adviceText(document: AdviceDocument, style: Style, columns: number): string {
  const advice = printable(document);
  const prose: Prose = (text) => wrapped(text, columns);
  if (advice.kind !== 'procedures')
    return [
      prose(sentenceOf(advice)),
      ...(advice.kind === 'refused' && advice.first !== null
        ? stepLines(advice.first, 1, { style, prose })
        : []),
    ]
      .map((line) => `${line}\n`)
      .join('');
  const { procedures } = advice;
  const several = procedures.length > 1;
  return [
    ...(several
      ? [`${procedures.length} ways are possible. Choose ONE of them; the first is the safe one.`, '']
      : []),
    ...procedures.flatMap((procedure, index) => [
      ...procedureLines(
        several ? { ...procedure, title: `Way ${index + 1}: ${procedure.title}` } : procedure,
        style,
        prose,
      ),
      ...(index + 1 < procedures.length ? [''] : []),
    ]),
    '',
    prose('Nothing was executed. Go on only if each answer is the expected one.'),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

const sentenceOf = (advice: Exclude<AdviceDocument, { readonly kind: 'procedures' }>): string =>
  advice.kind === 'refused' ? `No procedure now (${advice.reason}): ${advice.sentence}` : advice.sentence;

function procedureLines(procedure: Procedure, style: Style, prose: Prose): readonly string[] {
  const { title, why, preconditions, warnings, steps } = procedure;
  return [
    style.bold(prose(title)),
    prose(`  ${why}`),
    ...(preconditions.length === 0 ? [] : ['  We saw just now:']),
    ...preconditions.map((each) => prose(`  - ${each}`)),
    ...(warnings.length === 0 ? [] : ['  Take care:']),
    ...warnings.map((each) => style.yellow(prose(`  - ${each}`))),
    ...steps.flatMap((step, index) => ['', ...stepLines(step, index + 1, { style, prose })]),
  ];
}

function stepLines(
  step: Step,
  number: number,
  { style, prose }: { readonly style: Style; readonly prose: Prose },
): readonly string[] {
  const { say, on, statements, commands, keep, verify, undo } = step;
  return [
    style.bold(prose(`${number}. ${say}`)),
    ...(on === null ? [] : [style.dim(`-- on ${on}`)]),
    ...statements.map((statement) => `${statement};`),
    ...commands,
    ...keep.map(({ column, placeholder }) => `-- write down ${placeholder}: the column ${column}`),
    ...verify.flatMap((check) => checkLines(check)),
    ...(undo === null ? [] : [style.dim(prose(`-- to undo: ${undo}`))]),
  ];
}

const checkLines = ({ statement, expect, atFirst }: Check): readonly string[] => [
  `-- verify: the answer must be: ${expect}${atFirst === undefined ? '' : ` (${atFirst} at first: ask again)`}`,
  `${statement};`,
];
