/** A cluster for `explain`: the decision, what would change it, and the evidence. Pure. */

import type { PublicationSnapshot, ServerSnapshot } from '../core/report/snapshot-types.ts';
import type { ClusterDocument } from '../http/documents.ts';
import { contactWords, roleWords } from './servers-text.ts';
import { alarmLines, oneLine, publicationText } from './snapshot-text.ts';
import { printable, type Style } from './style.ts';
import { wrapped } from './wrap.ts';

/** In columns: fits a mail. Longer lines are hard to read, so a wider terminal is not used up. */
const columnsOfPipe = 100;
const mostColumns = 120;

/** The width of prose on a terminal of this width; undefined: a pipe. */
export const proseColumns = (columns: number | undefined): number =>
  Math.min(columns ?? columnsOfPipe, mostColumns);

export function explainText(document: ClusterDocument, style: Style, columns = columnsOfPipe): string {
  const cluster = printable(document);
  const several = cluster.publications.length > 1;
  const text = [
    `${style.bold(cluster.cluster)}\n`,
    ...cluster.publications.map(
      (publication) =>
        `${publicationText(publication, several, style)}${wouldChangeText(publication, style)}`,
    ),
    ...cluster.servers.map((server) => `\n${serverText(server, style)}`),
    ...alarmLines(cluster.alarms, style),
  ].join('');
  return wrapped(text, columns);
}

/** An older daemon does not send it. */
function wouldChangeText({ wouldChange = [] }: Partial<PublicationSnapshot>, style: Style): string {
  if (wouldChange.length === 0) return '';
  return [
    `    ${style.bold('what would change it:')}`,
    ...wouldChange.map((sentence) => `      - ${sentence}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function serverText(server: ServerSnapshot, style: Style): string {
  // An older daemon does not send them.
  const { observed = [], missing = [], promotion = null }: Partial<ServerSnapshot> = server;
  const facts = [roleWords(server), contactWords[server.contact], server.version, server.uuid]
    .filter((fact) => fact !== null)
    .join(', ');
  const lines = [
    `  ${style.bold(server.server)}  ${facts}`,
    // `observed` may repeat evidence.
    ...[...new Set([...server.evidence, ...observed])].map((sentence) => `    - ${sentence}`),
    ...(server.failure === null ? [] : [style.red(`    - ${oneLine(server.failure)}`)]),
    ...missingLines(missing),
    ...(promotion === null ? [] : [`    - ${promotion}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function missingLines(conditions: readonly string[]): readonly string[] {
  if (conditions.length <= 1) return conditions.map((condition) => `    - not a candidate: ${condition}`);
  return ['    - not a candidate:', ...conditions.map((condition) => `      - ${condition}`)];
}
