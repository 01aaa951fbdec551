/**
 * Measures a hook from its start to its end, with a daemon that answers at once, in pairs with `node -e 0`:
 * `npx vitest run --config vitest.bench.config.ts test/bench/hook.bench.ts`. Reports, and asserts no times.
 */

import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { builtProgram, place, start } from '../program/built-program.ts';

const program = builtProgram();
const pairs = 40;
const env = { PATH: '/usr/bin:/bin', ORC_SUCCESSOR_HOST: 'db2', ORC_SUCCESSOR_PORT: '3306' };
const answer = JSON.stringify({
  cluster: 'shop',
  server: 'db2:3306',
  results: [{ nameserver: 'ns1', kind: 'done', code: 'steady', sentence: 'Published.' }],
});

/** A process of its own: else the test runner takes part in the round trip. */
const daemon = `
  require('node:http').createServer((request, response) => {
    const answer = ${JSON.stringify(answer)};
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-length': Buffer.byteLength(answer) }).end(answer);
    });
  }).listen(process.argv[1], () => console.log('listens'));`;

/** Milliseconds from start to end. */
async function wallMs(args: readonly string[]): Promise<number> {
  const begin = performance.now();
  await promisify(execFile)(process.execPath, [...args], { env });
  return performance.now() - begin;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('a hook', async () => {
  const here = await place();
  await mkdir(here.stateDir);
  await start([process.execPath, '-e', daemon, here.socket]).said('listens');
  const hook = [program, 'hook', 'orchestrator', '--config', here.config];
  const found: { readonly bare: number; readonly whole: number; readonly ratio: number }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const bare = await wallMs(['-e', '0']);
    const whole = await wallMs(hook);
    found.push({ bare, whole, ratio: whole / bare });
  }
  expect(found).toHaveLength(pairs);
  const [bare, whole, ratio] = (['bare', 'whole', 'ratio'] as const).map((key) =>
    median(found.map((one) => one[key])),
  );
  process.stdout.write(
    `node -e 0: ${bare?.toFixed(1)} ms; hook: ${whole?.toFixed(1)} ms; ratio of the pairs: ${ratio?.toFixed(2)} (medians of ${pairs})\n`,
  );
});
