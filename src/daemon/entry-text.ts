/** What a history entry says, for people: the log and `source-dns history` use the same words. Pure. */

import type { Decision } from '../core/decision.ts';
import type { Alarm, HistoryEntry, Move } from '../core/events.ts';

export interface EntryText {
  readonly level: 'info' | 'warn' | 'error';
  readonly code: string;
  readonly sentence: string;
}

/** What a history entry says, in one sentence: for the log and for `source-dns history`. */
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
        ? {
            level: 'info',
            code: 'propagated',
            sentence: `epoch ${entry.epoch} is at all ${entry.nameservers.length} ${entry.among ?? 'nameservers'}`,
          }
        : { level: 'warn', code: 'propagation-incomplete', sentence: `epoch ${entry.epoch} is not yet at ${behind(entry.nameservers)}` };
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
      const sentence = `${entry.what}: the update is ${entry.outcome === 'refused' ? 'refused' : 'without a sure answer'}: ${message}`;
      return { level: 'error', code, sentence: withHint(sentence, hint) };
    }
    case 'alarm': {
      const { code, subject } = entry.alarm;
      return entry.raised
        ? { level: 'warn', code: `alarm-${code}`, sentence: withHint(alarmText(entry.alarm), entry.alarm.hint) }
        : { level: 'info', code: `alarm-${code}-over`, sentence: `${subject}: over: ${code}` };
    }
  }
}

function decisionText(decision: Decision): EntryText {
  const { kind, reason, sentence } = decision;
  const target = kind === 'point-to' ? `point to ${decision.source}` : 'hold';
  const isWarning = kind === 'hold' && decision.asking !== true;
  return { level: isWarning ? 'warn' : 'info', code: `decision-${reason}`, sentence: `${target} (${reason}): ${sentence}` };
}

/** The same server is published anew after its ledger was lost, or when it was rebuilt. */
function movedWords({ from, to }: Move): string {
  if (from === undefined) return 'moved to';
  return from.server === to.server ? 'is published anew for' : `moved from ${from.server} to`;
}

const behind = (nameservers: readonly { readonly nameserver: string; readonly at?: string }[]): string =>
  nameservers
    .filter((one) => one.at === undefined)
    .map((one) => one.nameserver)
    .join(', ') || 'every nameserver';

const withHint = (sentence: string, hint: string | undefined): string => (hint === undefined ? sentence : `${sentence}; ${hint}`);

/** Most sentences say what they are about; the others are told. */
export const alarmText = ({ subject, sentence }: Alarm): string => (sentence.includes(subject) ? sentence : `${subject}: ${sentence}`);
