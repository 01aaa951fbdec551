/** What the daemon says about itself: the beginning and the end of an overload. */

import { expect, test } from 'vitest';
import { openDaemonNotes } from '../../../src/cli/daemon-notes.ts';
import { fakeClock } from '../../support/fakes.ts';
import { config } from '../../support/small-world.ts';

test('an overload is in the document and in the log while it lasts, with its beginning and the clusters that wait', async () => {
  const clock = fakeClock();
  const lines: string[] = [];
  const notes = openDaemonNotes(
    { clock, version: '1.2.3', pid: 4711 },
    {
      config: config('/nowhere'),
      stateDir: undefined,
      log: {
        say: (level, code) => lines.push(`${level} ${code}`),
        fail: (level, { code }) => lines.push(`${level} ${code}`),
      },
    },
  );
  const codes = () => notes.document().warnings.map(({ code }) => code);
  const begunAt = clock.mono();
  const begun = new Date(clock.wall()).toISOString().slice(0, 19);
  expect(codes()).toEqual([]);
  await clock.advance(60_000);
  const waiting = new Set(['a', 'b', 'c', 'd', 'e']);
  notes.overloaded(begunAt, () => waiting);
  expect(codes()).toEqual(['overloaded']);
  expect(notes.document().warnings[0]?.message).toContain(`since ${begun}Z`);
  expect(notes.document().warnings[0]?.message).toMatch(/not watched here: 5 \(a, b, c, 2 more\)$/);
  waiting.clear();
  expect(notes.document().warnings[0]?.message).not.toContain('not watched');
  notes.overloaded(undefined, () => waiting);
  expect(codes()).toEqual([]);
  expect(lines).toEqual(['warn overloaded', 'info overload-over']);
  notes.stop();
});
