/** The lab's story, with real servers and the real daemon, watched on its status page in a real browser. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { entry, type LabLine, verdictsOf } from '../lab/lab-run.ts';
import { browserOfFile } from './page-session.ts';

const browser = browserOfFile();

/** Writes down each verdict and target when it changes, whatever else happens. */
const watcher = `
  globalThis.seen = [];
  const look = () => {
    const text = (selector) => document.querySelector(selector)?.textContent.trim() ?? '';
    const line = text('.verdict') + ' | ' + text('.target');
    if (seen.at(-1) !== line) seen.push(line);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  look();
`;

/** What the page shows before Enter plays the step. So a slow browser misses nothing. */
const shownBefore: Readonly<Record<string, readonly [verdict: string, target: 'Source' | 'Replica 1']>> = {
  b: ['Steady', 'Source'],
  c: ['No writable source', 'Source'],
  e: ['Steady, with 1 alarm', 'Replica 1'],
  f: ['Steady, but a former source takes writes', 'Replica 1'],
  g: ['Steady', 'Replica 1'],
  h: ['Steady', 'Source'],
};

/** On a busy machine the story takes some minutes. */
vi.setConfig({ testTimeout: 280_000 });

test('the failover of the lab and the return of its source are seen on the page as they happen', async () => {
  const lab = spawn(process.execPath, [entry, 'lab', '--once', '--step', '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(lab, 'exit');
  onTestFinished(async () => {
    lab.kill();
    await exited;
  });
  const page = await browser().newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const lines: LabLine[] = [];
  let seen: readonly string[] = [];
  const addresses = new Map<string, string>();
  const shown = (verdict: string, target: string | undefined) =>
    expect.poll(() => page.evaluate('seen.at(-1)'), { timeout: 30_000 }).toBe(`${verdict} | ${target}`);
  for await (const text of createInterface({ input: lab.stdout })) {
    const line = JSON.parse(text) as LabLine & { readonly address?: string };
    lines.push(line);
    const [, name, address] = /^(Source|Replica \d) +(\S+:\d+) /.exec(line.text ?? '') ?? [];
    if (name !== undefined && address !== undefined) addresses.set(name, address);
    if (line.event === 'page') {
      await page.goto(line.address ?? '');
      await page.locator('.fresh.live').waitFor();
      await page.evaluate(watcher);
    }
    if (line.event !== 'pause') continue;
    const [verdict, target] = shownBefore[line.step ?? ''] ?? [];
    if (verdict !== undefined && target !== undefined) await shown(verdict, addresses.get(target));
    seen = (await page.evaluate('seen')) as readonly string[];
    lab.stdin.write('\n');
  }
  const [code] = await exited;
  await page.close();
  expect(lines.filter(({ event }) => event === 'error')).toEqual([]);
  expect(verdictsOf(lines)).toEqual('abcdefgh'.split('').map((step) => [step, true]));
  expect(code).toBe(0);
  const targets = seen.map((line) => line.split(' | ')[1] ?? '');
  const order = targets.filter((target, index) => target !== targets[index - 1] && target !== 'no server');
  const [source, replica] = [addresses.get('Source'), addresses.get('Replica 1')];
  expect(order).toEqual([source, replica, source]);
  expect(complaints.filter((text) => !/ERR_/.test(text))).toEqual([]);
});
