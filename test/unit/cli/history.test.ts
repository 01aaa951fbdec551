/** `source-dns history`: what is chosen, and how it is shown. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseArguments } from '../../../src/cli/args.ts';
import type { HistoryArguments } from '../../../src/cli/commands/history.ts';
import { history } from '../../../src/cli/history.ts';
import { historyText } from '../../../src/cli/history-text.ts';
import { createStyle } from '../../../src/cli/style.ts';
import { readTime } from '../../../src/cli/time-span.ts';
import type { HistoryEntry } from '../../../src/core/model/events.ts';
import type { Fqdn, ServerAddress, ServerId } from '../../../src/core/model/units.ts';
import { commandSession } from '../../support/command-session.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-history-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const common = { cluster: 'shop', nameserver: 'ns1' };
const hold = (at: string): HistoryEntry => ({
  at,
  ...common,
  kind: 'decision',
  decision: { kind: 'hold', reason: 'minority-view', sentence: `Held at ${at}.` },
});
const move: Extract<HistoryEntry, { readonly kind: 'move' }> = {
  at: '2026-11-22T11:30:00.000Z',
  ...common,
  kind: 'move',
  epoch: 1,
  to: { server: 'db1:3306' as ServerAddress, uuid: 'u' as ServerId },
  reason: 'first-source',
  sentence: 'First.',
  name: 'x.test.' as Fqdn,
  seenAt: '2026-11-22T11:29:59.000Z',
  decidedAt: '2026-11-22T11:27:02.000Z',
  sentAt: '2026-11-22T11:29:59.500Z',
  appliedAt: '2026-11-22T11:29:59.700Z',
};
const alarm: HistoryEntry = {
  at: '2026-11-22T12:00:00.000Z',
  ...common,
  kind: 'alarm',
  alarm: { code: 'zone-drift', subject: 'ns1', sentence: 'It differs.' },
  raised: true,
};
/** The clock was set back after the third one. */
const entries = [hold('2026-11-21T00:00:00.000Z'), move, alarm, hold('2026-11-22T11:45:00.000Z')] as const;

async function chosen(args: HistoryArguments, json = true) {
  const s = commandSession(folder, json);
  const code = await history(s.context, args);
  return { code, ...s.state };
}

const timesOf = async (args: HistoryArguments): Promise<readonly string[]> => {
  const { out } = await chosen(args);
  return (JSON.parse(out) as { entries: readonly HistoryEntry[] }).entries.map(({ at }) => at.slice(8, 16));
};

test('by time, by kind and by number, in the order of the file', async () => {
  await writeFile(
    join(folder, 'history.jsonl'),
    entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
  );
  expect(await timesOf({})).toEqual(['21T00:00', '22T11:30', '22T12:00', '22T11:45']);
  expect(await timesOf({ since: '2026-11-22' })).toEqual(['22T11:30', '22T12:00', '22T11:45']);
  expect(await timesOf({ since: '2026-11-22T12:35+01:00' })).toEqual(['22T12:00', '22T11:45']);
  expect(await timesOf({ until: '2026-11-22 11:45' })).toEqual(['21T00:00', '22T11:30']);
  expect(await timesOf({ kinds: ['moves'] })).toEqual(['22T11:30']);
  expect(await timesOf({ kinds: ['alarms', 'holds'], limit: 2 })).toEqual(['22T12:00', '22T11:45']);
  expect(await timesOf({ since: '1s' })).toEqual([]);
  expect(await chosen({ kinds: ['failures'] }, false)).toMatchObject({
    code: 0,
    out: '',
    err: `none of the 4 entries in ${folder}/history.jsonl is what you asked for\n`,
  });
});

test('no history is said, on standard error', async () => {
  expect(await chosen({}, false)).toMatchObject({
    code: 0,
    out: '',
    err: expect.stringMatching(`^no history in ${folder}; `),
  });
  expect(await chosen({})).toMatchObject({ out: '{"entries":[]}\n', err: '' });
});

test('a move is marked, and no time of it is negative', () => {
  expect(historyText([move], createStyle(false))).toBe(`\
=> 2026-11-22T11:30:00.000Z  shop@ns1  x.test. moved to db1:3306, epoch 1 (first-source): First.
     seen 2026-11-22T11:29:59.000Z, decided 177000 ms before, sent +500 ms, published +700 ms
`);
});

const now = Date.parse('2026-11-22T12:00:00Z');

test.each([
  ['2h', '2026-11-22T10:00:00.000Z'],
  ['90m', '2026-11-22T10:30:00.000Z'],
  ['1w', '2026-11-15T12:00:00.000Z'],
  ['2026-11-22', '2026-11-22T00:00:00.000Z'],
  ['2026-11-22 11:30', '2026-11-22T11:30:00.000Z'],
  ['2026-11-22T11:30:15.5Z', '2026-11-22T11:30:15.500Z'],
  // As the history prints it.
  ['2026-11-22T11:30:00.123Z', '2026-11-22T11:30:00.123Z'],
  ['2026-11-22T11:30-05:00', '2026-11-22T16:30:00.000Z'],
  // 02:30 comes twice, or never, in some zones.
  ['2026-10-25 02:30', '2026-10-25T02:30:00.000Z'],
  ['2026-03-29 02:30', '2026-03-29T02:30:00.000Z'],
])('the time %s is %s', (text, wanted) => {
  expect(new Date(readTime(text, now) as number).toISOString()).toBe(wanted);
});

test.each([
  '',
  'yesterday',
  '2',
  '2y',
  '-1h',
  '2026-02-30',
  '2026-13-01',
  '22.11.2026',
  '2026-11-22T25:00',
  '11:30',
])('"%s" is no time', (text) => {
  expect(readTime(text, now)).toMatch(/is no time; write for example 2h/);
});

test.each([
  [
    'history --since soon',
    '--since: "soon" is no time; write for example 2h, 3d, 2026-11-22 or "2026-11-22 11:30" (UTC)',
  ],
  ['history --since 1h --until 2h', '--since must be before --until'],
  ['history --kind moves,hold', 'there is no kind "hold"; did you mean "holds"?'],
  ['history --limit 0', '--limit needs a number from 1 on'],
  ['history --limit all', '--limit needs a number from 1 on'],
])('%s is a usage error', (line, problem) => {
  expect(parseArguments(line.split(' '))).toEqual({
    kind: 'usage',
    text: `source-dns: ${problem}\nSee: source-dns history --help`,
  });
});
