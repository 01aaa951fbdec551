/** A history entry as a sentence, for the log and for `source-dns history`. Pure. */

import type { Decision } from '../core/model/decision.ts';
import type { Alarm, HistoryEntry, Move, NameserverTime } from '../core/model/events.ts';
import type { HookRecord } from '../core/model/hook-record.ts';

interface EntryText {
  readonly level: 'info' | 'warn' | 'error';
  readonly code: string;
  readonly sentence: string;
}

export function describeEntry(entry: HistoryEntry): EntryText {
  switch (entry.kind) {
    case 'decision':
      return decisionText(entry.decision);
    case 'move':
      return {
        level: 'info',
        code: 'moved',
        sentence: `${entry.name} ${movedWords(entry)} ${entry.to.server}, epoch ${entry.epoch} (${entry.reason}): ${entry.sentence}`,
      };
    case 'propagated':
      return entry.complete
        ? { level: 'info', code: 'propagated', sentence: arrivedText(entry) }
        : { level: 'warn', code: 'propagation-incomplete', sentence: arrivedText(entry) };
    case 'moved-elsewhere':
      return {
        level: 'info',
        code: 'moved-elsewhere',
        sentence: `${entry.by} moved the name to ${entry.source}, epoch ${entry.epoch} (${entry.why})`,
      };
    case 'written':
      return { level: 'info', code: `written-${entry.what}`, sentence: entry.sentence };
    case 'update-failed': {
      const { code, message, hint } = entry.failure;
      // By design: the update had not left when another decision came.
      if (code === 'recalled') return { level: 'info', code, sentence: `${entry.what}: ${message}` };
      // The loser of a race has nothing to do: it reads the zone and decides again.
      if (code === 'prerequisite-failed')
        return { level: 'info', code, sentence: `${entry.what}: another instance was faster: ${message}` };
      const outcome = entry.outcome === 'refused' ? 'was refused' : 'may or may not be applied';
      const sentence = `${entry.what}: the update ${outcome}: ${message}`;
      return { level: 'error', code, sentence: withHint(sentence, hint) };
    }
    case 'alarm': {
      const { code, subject } = entry.alarm;
      return entry.raised
        ? {
            level: 'warn',
            code: `alarm-${code}`,
            sentence: withHint(alarmText(entry.alarm), entry.alarm.hint),
          }
        : { level: 'info', code: `alarm-${code}-over`, sentence: `${subject}: the alarm ${code} is over` };
    }
    case 'fenced':
      return {
        level: 'warn',
        code: 'fenced',
        sentence: fencedText(entry),
      };
    case 'hook':
      return hookText(entry);
  }
}

function fencedText({ server, again, killed, spared }: HistoryEntry & { kind: 'fenced' }): string {
  const ended =
    killed === undefined
      ? 'Nobody knows which connections of clients ended'
      : `${killed} ${killed === 1 ? 'connection' : 'connections'} of clients ended, ${spared} left`;
  return again === true
    ? `${server} was read-only already. ${ended}: clients that had stayed, or had come back by an answer of before the move`
    : `${server} was made read-only: it is a former source and took writes. ${ended}`;
}

function hookText(entry: HookRecord): EntryText {
  const { outcome, place, hook, about, sentence, hint, inARow, output } = entry;
  const cause =
    about.kind === 'move'
      ? `epoch ${about.epoch}`
      : `alarm ${about.code} of ${about.subject}${about.raised ? '' : ' is over'}`;
  const again = inARow === undefined ? '' : ` (${inARow} calls in a row have failed)`;
  const printed = output === undefined ? '' : `; output: ${output}`;
  return {
    level: outcome === 'done' ? 'info' : 'warn',
    code: outcome === 'done' || outcome === 'dropped' ? `hook-${outcome}` : 'hook-failed',
    sentence: `${withHint(`${place} ${hook} for ${cause}: ${sentence}${again}`, hint)}${printed}`,
  };
}

function decisionText(decision: Decision): EntryText {
  const { kind, reason, sentence } = decision;
  const target = kind === 'point-to' ? `point to ${decision.source}` : 'hold';
  const isWarning = kind === 'hold' && decision.asking !== true;
  return {
    level: isWarning ? 'warn' : 'info',
    code: `decision-${reason}`,
    sentence: `${target} (${reason}): ${sentence}`,
  };
}

/** The same server is published again after its ledger was lost, or after it was rebuilt. */
function movedWords({ from, to }: Move): string {
  if (from === undefined) return 'moved to';
  return from.server === to.server ? 'is published again for' : `moved from ${from.server} to`;
}

function arrivedText({ epoch, among, nameservers }: Extract<HistoryEntry, { kind: 'propagated' }>): string {
  return `${among === undefined ? '' : 'resolvers: '}epoch ${epoch} is ${propagationWords(nameservers)}`;
}

/** A longer list of names is cut. */
const maxNames = 8;
const nameList = (list: readonly NameserverTime[]): string => {
  const shown = list.slice(0, maxNames).map(({ nameserver }) => nameserver);
  return list.length > maxNames ? `${shown.join(', ')} and ${list.length - maxNames} more` : shown.join(', ');
};

/** Names the nameservers that answer a move and those that do not yet: the reader sees which were asked. */
export function propagationWords(nameservers: readonly NameserverTime[]): string {
  const have = nameservers.filter(({ at }) => at !== undefined);
  const lack = nameservers.filter(({ at }) => at === undefined);
  if (nameservers.length === 0) return 'not known to be answered: no nameserver could be asked yet';
  if (lack.length === 0) return `answered by ${nameList(have)}`;
  return have.length === 0
    ? `not yet answered by ${nameList(lack)}`
    : `answered by ${nameList(have)}, not yet by ${nameList(lack)}`;
}

/** What to do next follows the sentence. */
export const withHint = (sentence: string, hint: string | undefined): string =>
  hint === undefined ? sentence : `${sentence}${sentence.endsWith('.') ? '' : ';'} ${hint}`;

/** Most sentences name their subject. */
export const alarmText = ({ subject, sentence }: Alarm): string =>
  sentence.includes(subject) ? sentence : `${subject}: ${sentence}`;
