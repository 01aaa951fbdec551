/** What a hook is told: the fields of one move or alarm, as variables and as JSON. Pure. */

import type { HistoryEntry } from '../../core/model/events.ts';
import type { HookSubject } from '../../core/model/hook-record.ts';
import { describeEntry } from '../entry-text.ts';
import { printableLine } from './excerpt.ts';

/** One call for one hook, whatever the number of its attempts. */
export interface HookCall {
  /** The same in every attempt: a receiver that knows it has been told already. */
  readonly id: string;
  readonly cluster: string;
  readonly nameserver: string;
  readonly about: HookSubject;
  /** Calls with the same key run one after the other. */
  readonly order: string;
  /** Of two calls with the same key, the newer one makes the older one useless. */
  readonly topic: string;
  /** For the JSON, in this order; the variables have the same in capitals. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  /** One sentence for people, under the name that chat services use. Only in the JSON. */
  readonly text: string;
}

/** The lists of the configuration. */
export type HookList = 'after_move' | 'on_alarm';

type Entry<Kind> = Extract<HistoryEntry, { readonly kind: Kind }>;

/** Which hooks an entry is for; undefined: for none. `instance` is ours: we record only our own moves. */
export function hookCallOf(
  entry: HistoryEntry,
  instance: string,
  id: string,
): { readonly list: HookList; readonly call: HookCall } | undefined {
  if (entry.kind === 'move') return { list: 'after_move', call: moveCall(entry, instance, id) };
  if (entry.kind === 'alarm') return { list: 'on_alarm', call: alarmCall(entry, instance, id) };
  return undefined;
}

function moveCall(entry: Entry<'move'>, instance: string, id: string): HookCall {
  const { cluster, nameserver, from, to, epoch, reason, name, sentence, appliedAt } = entry;
  return {
    id,
    cluster,
    nameserver,
    about: { kind: 'move', epoch },
    order: cluster,
    topic: JSON.stringify([cluster, nameserver]),
    text: textOf(entry),
    fields: {
      event: 'move',
      id,
      cluster,
      name,
      reason,
      epoch,
      oldSource: from?.server ?? '',
      newSource: to.server,
      oldUuid: from?.uuid ?? '',
      newUuid: to.uuid,
      instance,
      nameserver,
      sentence,
      at: appliedAt,
    },
  };
}

function alarmCall(entry: Entry<'alarm'>, instance: string, id: string): HookCall {
  const { cluster, nameserver, alarm, raised, at } = entry;
  const { code, subject, sentence, hint = '' } = alarm;
  const key = JSON.stringify([cluster, nameserver, code, subject]);
  return {
    id,
    cluster,
    nameserver,
    about: { kind: 'alarm', code, subject, raised },
    order: key,
    topic: key,
    text: textOf(entry),
    fields: {
      event: 'alarm',
      id,
      cluster,
      alarm: code,
      subject,
      sentence,
      hint,
      raised,
      instance,
      nameserver,
      at,
    },
  };
}

const textOf = (entry: HistoryEntry): string =>
  printableLine(`${entry.cluster}: ${describeEntry(entry).sentence}`);

/** Of one variable. Linux takes 128 KiB; a sentence may quote what a server said. */
const longestVariable = 4096;

/** `newSource` is SOURCE_DNS_NEW_SOURCE. One line each: a shell script may print it, or split it. */
export const variablesOf = ({ fields }: HookCall): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      `SOURCE_DNS_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`,
      printableLine(String(value)).slice(0, longestVariable),
    ]),
  );

export const jsonOf = ({ fields, text }: HookCall): string => JSON.stringify({ ...fields, text });
