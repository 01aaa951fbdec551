/** The first line of `status` and `explain`: does anybody watch? */

import { expect, test } from 'vitest';
import { daemonText, spanText } from '../../../src/cli/daemon-text.ts';
import { createStyle } from '../../../src/cli/style.ts';

const plain = createStyle(false);
const since = '2026-11-22T11:30:00.000Z';
const daemon = {
  running: true,
  instance: 'watcher-1',
  version: '1.2.3',
  pid: 4711,
  since,
  warnings: [],
} as const;
const after = (ms: number): number => Date.parse(since) + ms;

test('a daemon, since when, and how long that is', () => {
  expect(daemonText(daemon, after(7_500_000), plain)).toBe(
    'daemon watcher-1 watches since 2026-11-22T11:30:00.000Z, 2 h 5 min (source-dns 1.2.3, pid 4711)\n\n',
  );
});

test('no span of time after the clock was set back', () => {
  expect(daemonText(daemon, after(-1), plain)).toContain('since 2026-11-22T11:30:00.000Z (source-dns');
});

test('what to mend is below, and moves no cursor', () => {
  const warnings = [{ code: 'file-changed', message: '/etc/\u001b[2Jkey has changed', hint: 'reload' }];
  expect(daemonText({ ...daemon, warnings }, after(0), plain)).toMatch(
    /\)\n {2}! file-changed \/etc\/\ufffd\[2Jkey has changed\n {4}reload\n\n$/,
  );
});

test('no daemon, and one of an older version', () => {
  expect(daemonText({ running: false, socket: '/s/api.sock', warnings: [] }, 0, plain)).toBe(`\
no daemon runs: nobody watches, and no name moves by itself
  nothing listens on /s/api.sock; this command asked the servers itself, just now

`);
  expect(daemonText({ running: true }, 0, plain)).toBe('a daemon of an older version watches\n\n');
});

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_000, '59 min 59 s'],
  [90_000_000, '1 d 1 h'],
  [86_400_000 * 400, '400 d'],
])('%i ms are %s', (ms, text) => {
  expect(spanText(ms)).toBe(text);
});
