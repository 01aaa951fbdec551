/** The findings of the doctor as text for people. Pure. */

import type { Findings } from '../doctor/check.ts';
import { areas, type Finding, type Mend, type Verdict } from '../doctor/finding.ts';
import type { Style } from './style.ts';
import { wrapped } from './wrap.ts';

/** Short, and one can look for the capitals. */
const marks: Readonly<Record<Verdict, string>> = {
  ok: 'ok',
  warning: 'warning',
  fault: 'FAULT',
  unreachable: 'UNREACHABLE',
};

/** Findings that differ only in their subject: said once. */
interface Group {
  readonly finding: Finding;
  readonly subjects: readonly string[];
}

/** By area: ok lines short, faults with their mends below. The last line counts. */
export function checkText({ findings, counts }: Findings, style: Style, columns = 100): string {
  const parts = areas.flatMap((area) => {
    const groups = grouped(findings.filter((finding) => finding.area === area));
    return groups.length === 0
      ? []
      : [`${style.bold(area)}\n${groups.map((each) => groupText(each, style, columns)).join('')}`];
  });
  return [...parts, `${summary(counts, style)}\n`].join('\n');
}

function grouped(findings: readonly Finding[]): readonly Group[] {
  const groups = new Map<string, { finding: Finding; subjects: string[] }>();
  for (const finding of findings) {
    const { code, verdict, sentence, mends, subject } = finding;
    // Of what is well, the detail is of no interest.
    const key = JSON.stringify(verdict === 'ok' ? [code] : [code, verdict, sentence, mends]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { finding, subjects: [subject] });
    else group.subjects.push(subject);
  }
  return [...groups.values()];
}

function groupText({ finding, subjects }: Group, style: Style, columns: number): string {
  const { verdict, code, sentence, mends } = finding;
  const mark = paint(verdict, style)(marks[verdict]);
  const named = subjects.join(', ');
  if (verdict === 'ok') {
    const detail = subjects.length === 1 ? `${named}: ${sentence}` : named;
    return `${wrapped(`  ${mark} ${code}: ${style.dim(detail)}`, columns)}\n`;
  }
  const head = wrapped(`  ${mark} ${style.bold(code)}: ${named}: ${sentence}`, columns);
  return `${head}\n${mends.map((mend) => mendText(mend, style, columns)).join('')}`;
}

/** Lines to paste are never broken. */
const mendText = ({ where, lines }: Mend, style: Style, columns: number): string =>
  `${wrapped(`      ${where}:`, columns)}\n${lines.map((line) => `        ${style.green(line)}\n`).join('')}`;

function paint(verdict: Verdict, style: Style): (text: string) => string {
  if (verdict === 'ok') return style.green;
  return verdict === 'warning' ? style.yellow : style.red;
}

function summary(counts: Findings['counts'], style: Style): string {
  const { ok, warning, fault, unreachable } = counts;
  const parts = [
    counted(fault, 'fault', style.red),
    ...(unreachable === 0 ? [] : [style.red(`${unreachable} unreachable`)]),
    counted(warning, 'warning', style.yellow),
    counted(ok + warning + fault + unreachable, 'check', (text) => text),
  ];
  return parts.join(', ');
}

function counted(count: number, noun: string, colour: (text: string) => string): string {
  const text = `${count} ${noun}${count === 1 ? '' : 's'}`;
  return count === 0 ? text : colour(text);
}
