/** docs/OPERATING.md says what hooks are told, and what of our environment they get. */

import { describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../../../src/core/model/events.ts';
import { hookCallOf, jsonOf, variablesOf } from '../../../../src/daemon/hooks/hook-call.ts';
import { hookLimits } from '../../../../src/daemon/hooks/hook-limits.ts';
import { inheritedVariables } from '../../../../src/daemon/hooks/inherited-variables.ts';
import { textOfFile } from '../../../support/checkout.ts';
import { alarmOf, moveOf } from '../../../support/hook-world.ts';

const [, after = ''] = textOfFile('docs/OPERATING.md').split('## Be told of moves and alarms\n');
const [section = ''] = after.split('\n## ');
const call = (entry: HistoryEntry) => hookCallOf(entry, 'watcher-1', 'id')!.call;

describe('docs/OPERATING.md', () => {
  test('has every variable and every field of the JSON, and no other', () => {
    const rows = [...section.matchAll(/^\| (`SOURCE_DNS_.*?`|) ?\| (`.*?`) \| (move|alarm|both) \|/gm)];
    const named = (column: number, of: string) =>
      rows
        .filter((row) => row[3] === of || row[3] === 'both')
        .flatMap((row) => [...(row[column] ?? '').matchAll(/`(.*?)`/g)].map(([, name = '']) => name));
    for (const [of, entry] of [
      ['move', moveOf()],
      ['alarm', alarmOf()],
    ] as const) {
      const variables = named(1, of).map((name) => (name.startsWith('_') ? `SOURCE_DNS${name}` : name));
      expect(variables.toSorted()).toEqual(Object.keys(variablesOf(call(entry))).toSorted());
      expect(named(2, of).toSorted()).toEqual(Object.keys(JSON.parse(jsonOf(call(entry)))).toSorted());
    }
  });

  test('shows the JSON of a move as it is', () => {
    const shown = JSON.parse(/```json\n(.*?)```/s.exec(section)?.[1] ?? '{}') as object;
    expect(Object.keys(shown)).toEqual(Object.keys(JSON.parse(jsonOf(call(moveOf())))));
  });

  test('names what a program gets of our environment', () => {
    const all = [...section.matchAll(/`([A-Z][A-Z_]*)`/g)].map(([, name = '']) => name);
    const given = inheritedVariables(
      Object.fromEntries([...all, 'LC_ALL', 'LANGUAGE'].map((name) => [name, 'x'])),
    );
    const kept = all.filter((name) => !(name in given) && !name.startsWith('SOURCE_DNS_'));
    expect([...new Set(kept)]).toEqual(['DB_PASSWORD', 'NOTIFY_SOCKET']);
  });

  test('names the bounds', () => {
    const { atOnce, waitingMoves, waitingAlarms, betweenStartsMs, stopMs, graceMs, longestRetryMs } =
      hookLimits;
    for (const words of [
      `at most ${atOnce} calls at once, at most ${waitingMoves.toLocaleString('en')} moves or ${waitingAlarms} alarms`,
      `at least ${betweenStartsMs} ms apart`,
      `At SIGTERM what runs has ${stopMs / 1000} s`,
      `${graceMs / 1000} s later SIGKILL`,
      `\`Retry-After\`, ${longestRetryMs / 1000} s at most`,
    ])
      expect(section.replace(/\s+/g, ' ')).toContain(words);
  });
});
