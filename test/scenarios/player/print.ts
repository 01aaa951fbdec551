/**
 * Prints what the service does and says as lines of a transcript. The port 3306 is left out, and UUIDs and
 * tries are numbered.
 */

import { lackWords } from '../../../src/core/decide/lack.ts';
import type { CommandResult, Effect, HistoryEntry, Move } from '../../../src/core/model/events.ts';
import type { ClusterState } from '../../../src/core/model/state.ts';
import type { Now } from '../../../src/core/model/units.ts';
import type { Rrset, UpdatePlan } from '../../../src/core/model/zone.ts';
import { snapshot } from '../../../src/core/report/snapshot.ts';
import type { ServerSnapshot } from '../../../src/core/report/snapshot-types.ts';
import { fakeUuid } from '../../support/fake-mysql.ts';
import type { FakeZone } from '../../support/fake-zone.ts';

/** The zone of all transcripts. */
export const zoneName = 'example.';

/** The printer of one transcript: a try keeps its number within it. */
export class Printer {
  readonly #tries = new Map<string, string>();

  /** Short names instead of ports and UUIDs. */
  plain(text: string): string {
    let result = text.replaceAll(':3306', '');
    for (let n = 9; n >= 1; n -= 1) result = result.replaceAll(fakeUuid(n), `UUID${n}`);
    return result;
  }

  effect(atMs: number, effect: Effect): readonly string[] {
    const line = (kind: string, text: string): string =>
      `${clock(atMs)} ${kind.padEnd(9)} ${this.plain(text)}`;
    switch (effect.kind) {
      case 'update':
        return [line('update', this.#planText(effect.plan))];
      case 'fence':
        return [line(effect.finishes ? 'end' : 'fence', effect.server)];
      case 'recall':
        return [line('recall', 'the update in flight: if it has not left yet, it must not')];
      case 'inspect-refusal':
        return [line('inspect', 'which RRset is refused')];
      case 'release':
        return [line('release', `${effect.server} is not asked any more`)];
      case 'reply':
        return effect.answer.results.flatMap((result) => [
          line('reply', replyText(result)),
          ...(result.plan ? [this.#dryRun(result.plan)] : []),
        ]);
      case 'record':
        return [line(entryKind(effect.entry), entryText(effect.entry))];
      default:
        return [];
    }
  }

  ledger(zone: FakeZone): readonly string[] {
    const rrset = zone.find(`_source-dns.source.${zoneName}`, 'TXT');
    if (rrset?.type !== 'TXT') return ['no ledger'];
    return rrset.rdata.flatMap((strings) => strings.map((field) => this.plain(this.#field(field))));
  }

  zone(zone: FakeZone): readonly string[] {
    const lines = zone
      .all()
      .flatMap((rrset) =>
        rrset.type === 'TXT' ? [] : [`${rrset.name} ${rrset.ttlSeconds} ${rrset.type} ${rdataText(rrset)}`],
      );
    return lines.length > 0 ? lines : ['nothing'];
  }

  status(state: ClusterState, now: Now): readonly string[] {
    const { decision, servers, alarms, published } = snapshot(state, now);
    const heading = `${decision.kind} ${decision.reason}: ${decision.sentence}`;
    const rows = servers.map(
      (server) =>
        `${server.server} ${server.role}, ${server.contact}: ${server.evidence.join('; ')}${lacksText(server.lacks)}${server.alarms.length > 0 ? ` [${server.alarms.join(' ')}]` : ''}`,
    );
    const names = [`published: ${published.join(' ') || 'nothing'}`];
    return [
      heading,
      ...names,
      ...rows,
      ...alarms.map((alarm) => `alarm ${alarm.code} ${alarm.subject}: ${alarm.sentence}${hintText(alarm)}`),
    ].map((text) => this.plain(text));
  }

  /** The way of the data to each server. */
  ways(state: ClusterState, now: Now): readonly string[] {
    return snapshot(state, now).servers.flatMap(({ way }) => (way === null ? [] : this.plain(way.sentence)));
  }

  /**
   * What `explain` tells a person, without mere observations: the reason, what would change it, and what each
   * server lacks.
   */
  explain(state: ClusterState, now: Now): readonly string[] {
    const { publications, servers } = snapshot(state, now);
    const decided = publications.flatMap(({ decision, wouldChange }) => [
      `${decision.kind} ${decision.reason}: ${decision.sentence}`,
      ...wouldChange.map((sentence) => `  would change it: ${sentence}`),
    ]);
    const each = servers.flatMap(({ server, role, evidence, missing, promotion }) => [
      `${server} ${role}: ${evidence.join('; ')}`,
      ...missing.map((condition) => `  not a candidate: ${condition}`),
      ...(promotion === null ? [] : [`  ${promotion}`]),
    ]);
    return [...decided, ...each].map((text) => this.plain(text));
  }

  #dryRun(plan: UpdatePlan): string {
    return `          would be: ${this.plain(this.#planText(plan))}`;
  }

  #field(field: string): string {
    return field.startsWith('try=') ? `try=${this.#tryName(field.slice(4))}` : field;
  }

  #tryName(token: string): string {
    const known = this.#tries.get(token) ?? `try-${this.#tries.size + 1}`;
    this.#tries.set(token, known);
    return known;
  }

  #planText(plan: UpdatePlan): string {
    const adds = plan.changes.flatMap((change) => (change.kind === 'add-rrset' ? [change.rrset] : []));
    const ledger = adds.find((rrset) => rrset.type === 'TXT');
    const fields = ledger?.type === 'TXT' ? (ledger.rdata[0] ?? []) : [];
    const value = (name: string) =>
      fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1) ?? '?';
    const others = adds
      .filter((rrset) => rrset.type !== 'TXT')
      .map((rrset) => `${shortName(rrset.name)} ${rrset.type} ${rdataText(rrset)}`);
    const gone = plan.changes.flatMap((change) =>
      change.kind === 'delete-rrset' &&
      !adds.some((rrset) => rrset.name === change.name && rrset.type === change.type)
        ? [`no ${shortName(change.name)} ${change.type}`]
        : [],
    );
    return `epoch ${value('epoch')} ${this.#tryName(value('try'))}: ${[...others, ...gone].join(', ') || 'the ledger alone'}`;
  }
}

function lacksText(lacks: ServerSnapshot['lacks']): string {
  const words = lacks && lackWords(lacks);
  return words ? `; lacks ${words}` : '';
}

const shortName = (name: string): string => name.replace(`.${zoneName}`, '');

function rdataText(rrset: Rrset): string {
  if (rrset.type === 'SRV')
    return rrset.rdata.map((srv) => `${srv.priority} ${srv.weight} ${srv.port} ${srv.target}`).join(' ');
  return rrset.type === 'TXT' ? '' : [...rrset.rdata].join(' ');
}

/** Minutes, seconds and milliseconds since the transcript began. */
export function clock(ms: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(ms / 60_000))}:${two(Math.floor(ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}

const replyText = ({ kind, code, sentence, hint }: CommandResult): string =>
  `${kind === code ? kind : `${kind} ${code}`}: ${sentence}${hintText({ hint })}`;

const hintText = ({ hint }: { readonly hint?: string | undefined }): string =>
  hint === undefined ? '' : ` (${hint})`;

const entryKind = (entry: HistoryEntry): string =>
  entry.kind === 'update-failed' ? 'failed' : entry.kind === 'moved-elsewhere' ? 'elsewhere' : entry.kind;

function entryText(entry: HistoryEntry): string {
  switch (entry.kind) {
    case 'decision':
      return decisionText(entry.decision);
    case 'move':
      return moveText(entry);
    case 'propagated':
      return `epoch ${entry.epoch} ${entry.complete ? 'everywhere' : 'not everywhere'}${entry.among === undefined ? '' : ` among ${entry.among}`}: ${entry.nameservers.map(({ nameserver, at }) => (at === undefined ? `not ${nameserver}` : nameserver)).join(', ')}`;
    case 'moved-elsewhere':
      return `epoch ${entry.epoch} ${entry.source} by ${entry.by} (${entry.why})`;
    case 'written':
      return `${entry.what}: ${entry.sentence}`;
    case 'update-failed':
      return `${entry.what} ${entry.outcome}: ${entry.failure.message}${hintText(entry.failure)}`;
    case 'alarm':
      return entry.raised
        ? `raised ${entry.alarm.code} ${entry.alarm.subject}: ${entry.alarm.sentence}${hintText(entry.alarm)}`
        : `over ${entry.alarm.code} ${entry.alarm.subject}`;
    case 'fenced':
      return `${entry.server}${entry.again ? ' again' : ''}: ${entry.killed ?? '?'} connections ended, ${entry.spared ?? '?'} left`;
    case 'hook':
      return entry.sentence;
  }
}

const decisionText = (decision: (HistoryEntry & { kind: 'decision' })['decision']): string =>
  `${decision.kind} ${decision.reason}${decision.kind === 'point-to' ? ` ${decision.source}` : ''}: ${decision.sentence}`;

/** How long after the observed promotion the new RRset was in the zone. */
const moveText = ({ epoch, from, to, reason, seenAt, appliedAt }: Move): string =>
  `epoch ${epoch} ${from ? `${from.server} -> ` : ''}${to.server} (${reason}), ${Date.parse(appliedAt) - Date.parse(seenAt)} ms after it was seen`;
