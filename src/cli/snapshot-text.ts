/** A cluster for `status`. Pure. */

import type { Alarm } from '../core/model/events.ts';
import type { PublicationSnapshot, ServerSnapshot } from '../core/report/snapshot-types.ts';
import { alarmText, propagationWords } from '../daemon/entry-text.ts';
import type { ClusterDocument } from '../http/documents.ts';
import { verdictOf } from '../page/verdict.ts';
import { serversText } from './servers-text.ts';
import { printable, type Style } from './style.ts';
import { verdictText } from './tone-style.ts';
import { wrapped } from './wrap.ts';

/** Where the alarms stand: above the prompt, they are read best; on a screen that is cut below, first. */
type AlarmsAt = 'end' | 'top';

/** `columns` undefined: not limited. */
export function statusText(
  document: ClusterDocument,
  style: Style,
  columns?: number,
  alarmsAt: AlarmsAt = 'end',
): string {
  const cluster = printable(document);
  const observing = cluster.mode === 'observe' ? style.yellow('  observe: writes nothing') : '';
  const alarms = alarmLines(cluster.alarms, style);
  const text = [
    `${style.bold(cluster.cluster)}  ${verdictText(verdictOf(cluster), style)}${observing}\n`,
    ...cluster.publications.map((publication) =>
      publicationText(publication, cluster.publications.length > 1, style),
    ),
    ...(alarmsAt === 'top' ? alarms : []),
    '\n',
    serversText(cluster.servers, cluster.ledger?.source, style, columns),
    ...wayLines(cluster.servers, style),
    ...fenceLines(cluster.servers),
    ...(alarmsAt === 'end' ? alarms : []),
  ].join('');
  return columns === undefined ? text : wrapped(text, columns);
}

/** What DNS says, the decision, the ledger, and the progress of the last move. */
export function publicationText(publication: PublicationSnapshot, several: boolean, style: Style): string {
  const { name, nameserver, decision, ledger, published, propagation } = publication;
  // Only a zone that was read can show that the name does not exist.
  const answers =
    published.length > 0 ? published.join(', ') : style.yellow(publication.ready ? 'nothing' : 'not known');
  const source = ledger === null ? '' : `${style.dim(' = ')}${style.bold(ledger.source)}`;
  const lines = [
    `${name}${several ? style.dim(` at ${nameserver}`) : ''} -> ${answers}${source}`,
    `  ${decisionText(decision, style)}`,
  ];
  if (ledger !== null) {
    lines.push(`  ledger: epoch ${ledger.epoch}, ${ledger.why}, by ${ledger.by}, ${ledger.at}`);
    if (ledger.was.length > 0)
      lines.push(`  former sources that have not rejoined: ${ledger.was.join(', ')}`);
    // The sentence of that decision has it.
    if (ledger.frozen !== null && decision.reason !== 'frozen')
      lines.push(style.yellow(`  frozen by ${ledger.frozen.by}: ${ledger.frozen.reason}`));
    // An older daemon does not send it.
    const { next = null }: Partial<typeof ledger> = ledger;
    if (next !== null)
      lines.push(
        style.yellow(`  announced by a failover tool: ${next.server ?? next.uuid}, until ${next.until}`),
      );
  }
  if (publication.readFailure !== null)
    lines.push(style.red(`  cannot read the zone: ${oneLine(publication.readFailure)}`));
  if (publication.pendingUpdates > 0)
    lines.push(
      style.yellow(`  ${publication.pendingUpdates} update(s) without an answer may still be applied`),
    );
  if (propagation !== null) lines.push(`  ${propagationText(propagation, style)}`);
  return lines.map((line) => `  ${line}\n`).join('');
}

function decisionText(decision: PublicationSnapshot['decision'], style: Style): string {
  const what =
    decision.kind === 'hold'
      ? style.yellow(`hold: ${decision.reason}`)
      : style.green(`point to ${decision.source}: ${decision.reason}`);
  return `${what}. ${decision.sentence}`;
}

function propagationText(
  { epoch, complete, nameservers, resolvers }: NonNullable<PublicationSnapshot['propagation']>,
  style: Style,
): string {
  const text = `epoch ${epoch} is ${propagationWords(nameservers)}`;
  const told = complete ? text : style.yellow(text);
  return resolvers === undefined ? told : `${told}; resolvers: ${propagationWords(resolvers.nameservers)}`;
}

/** A line for each server that gets its data in several hops, or not at all. */
const wayLines = (servers: readonly ServerSnapshot[], style: Style): readonly string[] =>
  servers.flatMap(({ way, writable, replicatesFrom }) => {
    // An older daemon does not send it.
    if (!way || (way.broken === null && way.hops.length < 2)) return [];
    // A second writable server: an alarm is about it.
    if (writable === true && replicatesFrom.length === 0) return [];
    return `  ${way.broken === null ? way.sentence : style.yellow(way.sentence)}\n`;
  });

/** Why a former source is read-only. While it takes writes, an alarm says what is done about it. */
const fenceLines = (servers: readonly ServerSnapshot[]): readonly string[] =>
  servers.flatMap(({ fence }) => (fence?.stage === 'fenced' ? `  ${fence.sentence}\n` : []));

export const oneLine = ({ code, message, hint }: NonNullable<ServerSnapshot['failure']>): string =>
  `${message} (${code})${hint === undefined ? '' : `; ${hint}`}`;

/** Each alarm on its own line, with its hint below, after an empty line. */
export const alarmLines = (alarms: readonly Alarm[], style: Style): readonly string[] =>
  alarms.length === 0
    ? []
    : ['\n', ...alarms.flatMap((alarm) => [alarmLine(alarm, style), ...hintLines(alarm)])];

const alarmLine = (alarm: Alarm, style: Style): string =>
  `  ${style.red(`! ${alarm.code}`)} ${alarmText(alarm)}\n`;
const hintLines = ({ hint }: Alarm): readonly string[] => (hint === undefined ? [] : [`    ${hint}\n`]);
