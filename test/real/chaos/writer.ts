/**
 * A web application on a host of its own: writes numbered rows through the name, and prints the numbers of
 * the acknowledged rows as `from-to`.
 */
import { setInterval } from 'node:timers';
import { WebClient, type WebClientOptions } from '../../../src/lab/stage/web-client.ts';

const reportEveryMs = 50;

const [, , text = '{}'] = process.argv;
const client = new WebClient(JSON.parse(text) as WebClientOptions);
let reported = 0;

function report(): void {
  const fresh = client.acknowledged.slice(reported);
  reported += fresh.length;
  if (fresh.length > 0) process.stdout.write(`acknowledged ${ranges(fresh)}\n`);
}

function ranges(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs.map(({ first, last }) => `${first}-${last}`).join(' ');
}

setInterval(report, reportEveryMs);
process.on('SIGTERM', () => {
  void client.stop().finally(() => {
    report();
    process.exit(0);
  });
});
client.start();
process.stdout.write('writing\n');
