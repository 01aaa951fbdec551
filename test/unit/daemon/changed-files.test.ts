/** The daemon notices that a file differs from what is in use. */

import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf } from '../../../src/config/secret-files.ts';
import type { Failure } from '../../../src/core/model/observation.ts';
import { watchFiles } from '../../../src/daemon/changed-files.ts';
import { systemClock } from '../../../src/daemon/clock.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Time passes when the test says so; a look is over when the next one is planned. */
function steppedClock() {
  let due: (() => void) | undefined;
  let planned: () => void = () => {};
  return {
    clock: {
      ...systemClock,
      after(_ms: number, callback: () => void) {
        due = callback;
        planned();
        return () => {
          due = undefined;
        };
      },
    },
    async look() {
      const over = new Promise<void>((resolve) => {
        planned = resolve;
      });
      due?.();
      await over;
    },
    isPlanned: () => due !== undefined,
  };
}

async function watched(text: string) {
  const file = join(folder, 'password');
  await writeFile(file, text);
  const told: Failure[] = [];
  const steps = steppedClock();
  const inUse = (content: string) => ({
    file,
    role: 'clusters.shop.mysql.password_file',
    maxBytes: 4096,
    digest: digestOf(content),
  });
  const watch = watchFiles({
    files: [inUse(text)],
    clock: steps.clock,
    onDiffering: (failure) => told.push(failure),
  });
  return { file, told, watch, inUse, ...steps };
}

test('a changed file is told once, until a reload takes it over', async () => {
  const { file, told, watch, inUse, look } = await watched('old\n');
  await look();
  expect(watch.differing()).toEqual([]);
  // As an editor writes it: another file under the same name.
  await writeFile(`${file}.new`, 'new\n');
  await rename(`${file}.new`, file);
  await look();
  await look();
  const message = `${file} (clusters.shop.mysql.password_file) has changed since source-dns read it; the old content is in use`;
  expect(told).toEqual([{ code: 'file-changed', message, hint: expect.stringContaining('SIGHUP') }]);
  expect(watch.differing()).toEqual(told);
  watch.use([inUse('new\n')]);
  await look();
  expect(watch.differing()).toEqual([]);
  expect(told).toHaveLength(1);
});

test('a file that is only touched, or that comes back as it was, is no change', async () => {
  const { file, told, watch, look } = await watched('old\n');
  await utimes(file, 1, 1);
  await look();
  expect(told).toEqual([]);
  await rm(file);
  await look();
  expect(told).toEqual([
    { code: 'file-gone', message: expect.stringContaining('does not exist'), hint: expect.any(String) },
  ]);
  await writeFile(file, 'old\n');
  await look();
  expect(watch.differing()).toEqual([]);
});

test('no secret is in what is told, and nothing is planned after the end', async () => {
  const { file, told, watch, look, isPlanned } = await watched('tiger\n');
  await writeFile(file, 'lion\n');
  await look();
  expect(JSON.stringify(told)).not.toMatch(/tiger|lion/);
  watch.stop();
  expect(isPlanned()).toBe(false);
});
